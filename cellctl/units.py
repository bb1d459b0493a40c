"""Physical quantities: SI inside, units at the edge.

Angle is a dimension of its own here, so that a plain number is never taken for an angle.
"""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

from cellctl.errors import UsageError


class Dimension(NamedTuple):
    """Exponents of the base units m, kg, s, rad, A and K."""

    length: int = 0
    mass: int = 0
    time: int = 0
    angle: int = 0
    current: int = 0
    temperature: int = 0

    def __mul__(self, other: object) -> Dimension:
        if not isinstance(other, Dimension):
            return NotImplemented
        return Dimension(*(a + b for a, b in zip(self, other, strict=True)))

    def __truediv__(self, other: Dimension) -> Dimension:
        return Dimension(*(a - b for a, b in zip(self, other, strict=True)))

    def power(self, exponent: int) -> Dimension:
        """This dimension raised to a whole power."""
        return Dimension(*(a * exponent for a in self))


NUMBER = Dimension()
LENGTH = Dimension(length=1)
MASS = Dimension(mass=1)
TIME = Dimension(time=1)
ANGLE = Dimension(angle=1)
SPEED = LENGTH / TIME
ACCELERATION = SPEED / TIME
ANGULAR_SPEED = ANGLE / TIME
ANGULAR_ACCELERATION = ANGULAR_SPEED / TIME
FREQUENCY = NUMBER / TIME
FORCE = MASS * ACCELERATION
CURRENT = Dimension(current=1)
TEMPERATURE = Dimension(temperature=1)
POWER = FORCE * SPEED
VOLTAGE = POWER / CURRENT
PRESSURE = FORCE / LENGTH.power(2)

#: The names that files use for a parameter's type, with the unit shown to people.
KINDS: dict[str, tuple[Dimension, str]] = {
    "number": (NUMBER, ""),
    "ratio": (NUMBER, "%"),
    "length": (LENGTH, "mm"),
    "mass": (MASS, "kg"),
    "time": (TIME, "s"),
    "angle": (ANGLE, "deg"),
    "speed": (SPEED, "mm/s"),
    "acceleration": (ACCELERATION, "mm/s^2"),
    "angular_speed": (ANGULAR_SPEED, "deg/s"),
    "angular_acceleration": (ANGULAR_ACCELERATION, "deg/s^2"),
    "frequency": (FREQUENCY, "Hz"),
    "force": (FORCE, "N"),
    "current": (CURRENT, "A"),
    "temperature": (TEMPERATURE, "K"),
    "power": (POWER, "W"),
    "voltage": (VOLTAGE, "V"),
    "pressure": (PRESSURE, "kPa"),
}

# Types for signatures: the checker reads the kind from the annotation.
Length = Annotated[float, "length"]
Mass = Annotated[float, "mass"]
Time = Annotated[float, "time"]
Angle = Annotated[float, "angle"]
Speed = Annotated[float, "speed"]
Acceleration = Annotated[float, "acceleration"]
AngularSpeed = Annotated[float, "angular_speed"]
AngularAcceleration = Annotated[float, "angular_acceleration"]
Force = Annotated[float, "force"]
Ratio = Annotated[float, "ratio"]

_PI = 3.141592653589793
_ATOMS: dict[str, tuple[float, Dimension]] = {
    "m": (1.0, LENGTH),
    "cm": (1e-2, LENGTH),
    "mm": (1e-3, LENGTH),
    "um": (1e-6, LENGTH),
    "µm": (1e-6, LENGTH),
    "g": (1e-3, MASS),
    "kg": (1.0, MASS),
    "s": (1.0, TIME),
    "ms": (1e-3, TIME),
    "us": (1e-6, TIME),
    "min": (60.0, TIME),
    "h": (3600.0, TIME),
    "rad": (1.0, ANGLE),
    "mrad": (1e-3, ANGLE),
    "deg": (_PI / 180, ANGLE),
    "°": (_PI / 180, ANGLE),
    "rev": (2 * _PI, ANGLE),
    "rpm": (2 * _PI / 60, ANGULAR_SPEED),
    "Hz": (1.0, FREQUENCY),
    "N": (1.0, FORCE),
    "A": (1.0, CURRENT),
    "mA": (1e-3, CURRENT),
    "K": (1.0, TEMPERATURE),
    "W": (1.0, POWER),
    "kW": (1e3, POWER),
    "V": (1.0, VOLTAGE),
    "Pa": (1.0, PRESSURE),
    "kPa": (1e3, PRESSURE),
    "bar": (1e5, PRESSURE),
    "%": (1e-2, NUMBER),
}
_TERM = re.compile(r"([A-Za-zµ°%]+)(?:\^?([1-3])|([²³]))?")
_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(\S.*?)?\s*")
_MAX_TEXT = 64


class Quantity(NamedTuple):
    """A value in SI units and its dimension."""

    value: float
    dimension: Dimension


def parse_unit(text: str) -> tuple[float, Dimension]:
    """The factor to SI and the dimension of a unit such as ``mm/s^2``. Raises UsageError."""
    factor, dimension, sign = 1.0, NUMBER, 1
    for index, part in enumerate(re.split(r"([/*·])", text.replace(" ", ""))):
        if index % 2:
            sign = -1 if part == "/" else 1
            continue
        match = _TERM.fullmatch(part)
        if match is None or match[1] not in _ATOMS:
            raise UsageError(f"unknown unit {text!r}", hint=f"Known units: {', '.join(_ATOMS)}")
        exponent = sign * int(match[2] or {"²": 2, "³": 3}.get(match[3] or "", 1))
        atom_factor, atom_dimension = _ATOMS[match[1]]
        factor *= atom_factor**exponent
        dimension = dimension * atom_dimension.power(exponent)
    return factor, dimension


def parse_quantity(text: str) -> Quantity:
    """``"250 mm/s"`` as SI value and dimension; a bare number is dimensionless. Raises UsageError."""
    match = _QUANTITY.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if match is None:
        raise UsageError(f"{text[:_MAX_TEXT]!r} is not a number with a unit", hint="Write it like 250 mm/s")
    factor, dimension = parse_unit(match[2]) if match[2] else (1.0, NUMBER)
    value = float(match[1]) * factor
    if not abs(value) < 1e30:
        raise UsageError(f"{text!r} is out of range")
    return Quantity(value, dimension)


def show(value: float, kind: str) -> str:
    """An SI value as people read it: ``show(0.25, "speed") == "250 mm/s"``."""
    unit = KINDS[kind][1]
    number = value / parse_unit(unit)[0] if unit else value
    return f"{number:.6g} {unit}".strip()
