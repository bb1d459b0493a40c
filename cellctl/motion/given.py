"""Arrays that callers hand in, checked once and told about in words, so that the compiled core can trust them."""

from __future__ import annotations

import math
from typing import Any, Final, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellctl.errors import UsageError

Floats = NDArray[np.float64]
_DOUBLE: Final = np.dtype(np.float64)


def floats(values: ArrayLike, name: str, where: str = "", *, width: int) -> Floats:
    """One row of ``width`` finite numbers, or many: the array itself where it fits, else a copy.

    Shape (width,) or (n, width). Raises UsageError.
    """
    if type(values) is np.ndarray and values.dtype is _DOUBLE and values.flags.c_contiguous:
        made: Floats = values
    else:
        made = _copied(values, name, where)
    if made.ndim not in {1, 2} or made.shape[-1] != width:
        raise UsageError(f"{name} has the shape {made.shape}, not ({width},) or (n, {width})", where=where)
    if not math.isfinite(np.vdot(made, made)) and not (fine := np.isfinite(made)).all():
        at = tuple(int(each) for each in np.argwhere(~fine)[0])
        place = ", ".join(str(each) for each in at)
        raise UsageError(f"{name}[{place}] is {made[at]}", where=where, hint="It must be a finite number.")
    return made


def row(values: ArrayLike, name: str, where: str = "", *, width: int) -> Floats:
    """One row of ``width`` finite numbers. Shape (width,). Raises UsageError."""
    made = floats(values, name, where, width=width)
    if made.ndim != 1:
        raise UsageError(f"{name} has the shape {made.shape}, not ({width},)", where=where)
    return made


def rows(values: ArrayLike, name: str, where: str = "", *, width: int) -> Floats:
    """Many rows of ``width`` finite numbers. Shape (n, width). Raises UsageError."""
    made = floats(values, name, where, width=width)
    if made.ndim != 2:
        raise UsageError(f"{name} has the shape {made.shape}, not (n, {width})", where=where)
    return made


def _copied(values: ArrayLike, name: str, where: str) -> Floats:
    try:
        return np.array(values, _DOUBLE, order="C")
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} is no array of numbers: {error}", where=where) from error


def output(given: object, shape: tuple[int, ...], name: str = "out", *, dtype: type[Any] = np.float64) -> NDArray[Any]:
    """The array to write to: a new one, or the given one. Raises UsageError where that does not fit."""
    if given is None:
        return np.empty(shape, dtype)
    if isinstance(given, np.ndarray):
        made = cast("NDArray[Any]", given)
        if made.dtype == dtype and made.shape == shape and made.flags.c_contiguous and made.flags.writeable:
            return made
    raise UsageError(f"{name} must be a writeable, C-contiguous array of {np.dtype(dtype)} of the shape {shape}")
