"""Mass, centre and inertia of rigid bodies: links, tools, payloads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellctl.errors import UsageError
from cellctl.motion.pose import Pose

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Tensor = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Inertia:
    """A body: mass (kg), centre of mass (m) and inertia about that centre (kg m^2), told in some frame.

    ``tensor`` is (xx, xy, xz, yy, yz, zz), with the off-diagonal elements of the matrix itself, as URDF writes them.
    Raises UsageError where that cannot be a body.
    """

    mass: float = 0.0
    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tensor: Tensor = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not all(math.isfinite(each) for each in (self.mass, *self.center, *self.tensor)):
            raise UsageError("a mass, centre or inertia is not a finite number")
        if self.mass < 0:
            raise UsageError(f"a mass of {self.mass:g} kg", hint="It must be zero or above.")
        least, _, most = self.principal()
        if least < -1e-9 * abs(most):
            raise UsageError(f"a principal moment of {least:.6g} kg m^2", hint="None may be negative.")

    @property
    def is_body(self) -> bool:
        """Whether a rigid body can have these moments: none is above the sum of the other two.

        What was measured on an arm, or lumped so that its motion comes out right (a link that only turns about one
        axis), often has not; what somebody types for a tool should.
        """
        least, middle, most = self.principal()
        return least + middle >= most * (1 - 1e-6)

    def principal(self) -> tuple[float, float, float]:
        """The principal moments (kg m^2), least first."""
        xx, xy, xz, yy, yz, zz = self.tensor
        if xy == xz == yz == 0:
            a, b, c = sorted((xx, yy, zz))
            return a, b, c
        import numpy as np

        values = np.linalg.eigvalsh(self.matrix())
        return float(values[0]), float(values[1]), float(values[2])

    def matrix(self) -> NDArray[np.float64]:
        """The inertia about the centre as a matrix (kg m^2). Shape (3, 3)."""
        import numpy as np

        xx, xy, xz, yy, yz, zz = self.tensor
        return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])

    def seen_from(self, frame: Pose) -> Inertia:
        """The same body, told in the frame that ``frame`` (where the body is told now) is told in."""
        if self.mass == 0 and not any(self.tensor):
            return self
        import numpy as np

        turn = np.array([frame.point(*unit) for unit in np.eye(3)]).T - np.array(frame[:3])[:, None]
        return _body(self.mass, frame.point(*self.center), turn @ self.matrix() @ turn.T)

    def __add__(self, other: Inertia) -> Inertia:
        """Both bodies as one, told in their common frame (Steiner's theorem)."""
        if not (other.mass or any(other.tensor)):
            return self
        import numpy as np

        mass = self.mass + other.mass
        shares = (self.mass / mass, other.mass / mass) if mass else (1.0, 0.0)
        center = shares[0] * np.array(self.center) + shares[1] * np.array(other.center)
        total = np.zeros((3, 3))
        for body in (self, other):
            r = np.array(body.center) - center
            total += body.matrix() + body.mass * (r @ r * np.eye(3) - np.outer(r, r))
        return _body(mass, (float(center[0]), float(center[1]), float(center[2])), total)


def _body(mass: float, center: tuple[float, float, float], m: NDArray[np.float64]) -> Inertia:
    tensor = (m[0, 0], (m[0, 1] + m[1, 0]) / 2, (m[0, 2] + m[2, 0]) / 2, m[1, 1], (m[1, 2] + m[2, 1]) / 2, m[2, 2])
    xx, xy, xz, yy, yz, zz = (float(each) for each in tensor)
    return Inertia(mass, center, (xx, xy, xz, yy, yz, zz))
