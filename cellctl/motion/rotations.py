"""Rotation vectors along a curve: the turn they stand for, and how fast it turns.

A rotation R = exp([v]) turns by |v| (rad) about v. Where v changes by a parameter, the turn's rate and the change of
that rate are told in the rotated frame (the body). Formulas as in Chirikjian, Stochastic Models, 10.6.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Below this angle (rad) series are more exact than quotients.
_SMALL: Final = 1e-2


def cross_matrix(v: Floats) -> Floats:
    """[v], so that [v] w = v × w. Shape (n, 3) to (n, 3, 3)."""
    made = np.zeros((len(v), 3, 3))
    made[:, 2, 1], made[:, 0, 2], made[:, 1, 0] = v.T
    made[:, 1, 2], made[:, 2, 0], made[:, 0, 1] = -v.T
    return made


def exp(v: Floats) -> Floats:
    """The turns of rotation vectors. Shape (n, 3) to (n, 3, 3)."""
    sine, a, _, _, _ = _factors(v)
    k = cross_matrix(v)
    return np.eye(3) + sine * k + a * (k @ k)


def body_rates(v: Floats, dv: Floats, ddv: Floats) -> tuple[Floats, Floats]:
    """The rate of the turn, and its change, from a rotation vector and its two derivatives. Shape (n, 3) each."""
    jacobian, change = _jacobians(v, dv)
    return _apply(jacobian, dv), _apply(jacobian, ddv) + _apply(change, dv)


def vector_rates(v: Floats, rate: Floats, change: Floats) -> tuple[Floats, Floats]:
    """The two derivatives of a rotation vector: ``body_rates`` the other way round. It is not for turns of 2π."""
    jacobian, _ = _jacobians(v, rate)
    dv = _solved(jacobian, rate)
    _, moved = _jacobians(v, dv)
    return dv, _solved(jacobian, change - _apply(moved, dv))


def _apply(matrices: Floats, vectors: Floats) -> Floats:
    made: Floats = np.einsum("nij,nj->ni", matrices, vectors)
    return made


def _solved(matrices: Floats, vectors: Floats) -> Floats:
    return np.asarray(np.linalg.solve(matrices, vectors[:, :, None])[:, :, 0], np.float64)


def _jacobians(v: Floats, dv: Floats) -> tuple[Floats, Floats]:
    """The right Jacobian 1 - a [v] + b [v]², and its change. Shape (n, 3, 3) each."""
    _, a, b, da, db = _factors(v)
    along = np.einsum("ni,ni->n", v, dv)[:, None, None]
    k, dk = cross_matrix(v), cross_matrix(dv)
    kk = k @ k
    jacobian = np.eye(3) - a * k + b * kk
    change = -a * dk + b * (dk @ k + k @ dk) + along * (db * kk - da * k)
    return jacobian, change


def _factors(v: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """sin t/t, a = (1 - cos t)/t², b = (t - sin t)/t³, a'/t, b'/t of the angles t. Shape (n, 1, 1) each."""
    square = np.einsum("ni,ni->n", v, v)[:, None, None]
    t = np.sqrt(square)
    small = t < _SMALL
    safe = np.where(small, 1.0, t)
    s, c = np.sin(safe), np.cos(safe)
    pairs = (
        (1 - square / 6 + square**2 / 120, s / safe),
        (0.5 - square / 24 + square**2 / 720, (1 - c) / safe**2),
        (1 / 6 - square / 120 + square**2 / 5040, (safe - s) / safe**3),
        (-1 / 12 + square / 180 - square**2 / 6720, (safe * s - 2 * (1 - c)) / safe**4),
        (-1 / 60 + square / 1260 - square**2 / 60480, (3 * s - safe * c - 2 * safe) / safe**5),
    )
    first, second, third, fourth, fifth = (np.where(small, series, quotient) for series, quotient in pairs)
    return first, second, third, fourth, fifth
