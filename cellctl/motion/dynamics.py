"""What torques a motion takes, how heavy an arm is for its joints, and the energy in it.

The links are rigid bodies; friction, and rotors that spin faster than their joints, are not in it.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError
from cellctl.motion._dynamics import Kernel
from cellctl.motion.given import floats, output
from cellctl.motion.inertia import Inertia
from cellctl.motion.lines import matrix
from cellctl.motion.model import JointType, RobotModel

Floats = NDArray[np.float64]

#: As in ext/dynamics.pyx.
_TORQUES, _GRAVITY, _MASS, _ENERGY = range(4)


class Dynamics:
    """The dynamics of an arm that carries ``load``, a tool and maybe a part, told in the frame of its flange.

    ``gravity`` (m/s²) is told in the arm's base: turn it for an arm on a wall. Joint values ``q``, speeds ``v`` and
    accelerations ``a`` are rad or m, per s, per s²; all have the shape (dof,) or, many at once, (n, dof). Raises
    UsageError for what is no finite array of those shapes.
    """

    def __init__(
        self,
        model: RobotModel,
        gravity: tuple[float, float, float] = (0.0, 0.0, -9.81),
        load: Inertia = Inertia(),  # noqa: B008 - an inertia cannot be changed
    ) -> None:
        if len(gravity) != 3 or not all(math.isfinite(each) for each in gravity):
            raise UsageError(f"a gravity of {gravity}", where=model.name, hint="It needs three numbers (m/s²).")
        self.model = model
        self._kernel = Kernel(gravity)
        bodies = [joint.inertia for joint in model.joints]
        bodies[-1] += load.seen_from(model.flange)
        before = np.eye(4)
        for joint, inertia in zip(model.joints, bodies, strict=True):
            turn = _towards(joint.axis)
            center, about = _in_frame(inertia, turn[:3, :3])
            slides = joint.type is JointType.PRISMATIC
            self._kernel.add(before.T @ matrix(joint.placement) @ turn, slides, inertia.mass, center, about)
            before = turn

    @property
    def degrees_of_freedom(self) -> int:
        """How many joints the arm has."""
        return self.model.degrees_of_freedom

    def torques(self, q: ArrayLike, v: ArrayLike, a: ArrayLike, out: Floats | None = None) -> Floats:
        """What the joints give for a motion: N m, or N where they slide. Shape as ``q``."""
        return self._answer(_TORQUES, (q, v, a), out)

    def gravity(self, q: ArrayLike, out: Floats | None = None) -> Floats:
        """What the joints give to hold the arm at rest: N m, or N where they slide. Shape as ``q``."""
        return self._answer(_GRAVITY, (q,), out)

    def mass_matrix(self, q: ArrayLike, out: Floats | None = None) -> Floats:
        """Torques by accelerations, symmetric (kg m², kg m, kg). Shape (dof, dof) or (n, dof, dof)."""
        return self._answer(_MASS, (q,), out)

    def energy(self, q: ArrayLike, v: ArrayLike, out: Floats | None = None) -> Floats:
        """Kinetic and potential energy (J); the latter is zero for a mass at the base. Shape (2,) or (n, 2)."""
        return self._answer(_ENERGY, (q, v), out)

    def _shape(self, question: int, shape: tuple[int, ...]) -> tuple[int, ...]:
        if question == _MASS:
            return (*shape, self.degrees_of_freedom)
        return (*shape[:-1], 2) if question == _ENERGY else shape

    def _answer(self, question: int, given: tuple[ArrayLike, ...], out: Floats | None) -> Floats:
        if isinstance(given[0], np.ndarray):
            q = cast("Floats", given[0])
            made = np.empty(self._shape(question, q.shape)) if out is None else out
            if self._kernel.answer(question, given, made):
                return made
        return self._in_words(question, given, out)

    def _in_words(self, question: int, given: tuple[ArrayLike, ...], out: Floats | None) -> Floats:
        """The same for what was not taken at once: converted, or refused."""
        rows = [
            floats(each, name, self.model.name, width=self.degrees_of_freedom)
            for each, name in zip(given, "qva", strict=False)
        ]
        for each, name in zip(rows, "qva", strict=False):
            if each.shape != rows[0].shape:
                raise UsageError(
                    f"{name} has the shape {each.shape}, and q {rows[0].shape}",
                    where=self.model.name,
                    hint="They must be alike.",
                )
        made = output(out, self._shape(question, rows[0].shape))
        self._kernel.answer(question, tuple(rows), made)
        return made


def _towards(axis: tuple[float, float, float]) -> Floats:
    """A rotation that brings z to the axis. Shape (4, 4)."""
    z = np.array(axis) / math.hypot(*axis)
    x = np.cross(np.eye(3)[int(np.abs(z).argmin())], z)
    x /= np.linalg.norm(x)
    made = np.eye(4)
    made[:3, 0], made[:3, 1], made[:3, 2] = x, np.cross(z, x), z
    return made


def _in_frame(body: Inertia, turn: Floats) -> tuple[tuple[float, float, float], Floats]:
    """The centre, and the inertia about the frame's origin, in the frame that ``turn`` leads to (Steiner's theorem)."""
    c = turn.T @ np.array(body.center)
    about: Floats = turn.T @ body.matrix() @ turn + body.mass * (c @ c * np.eye(3) - np.outer(c, c))
    return (float(c[0]), float(c[1]), float(c[2])), about
