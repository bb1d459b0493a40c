"""Position and orientation of a frame in another one."""

from __future__ import annotations

import math
from math import atan2, cos, sin, sqrt  # by name: a shift in virtual time is millions of these
from typing import NamedTuple

Quaternion = tuple[float, float, float, float]  # w, x, y, z; of length 1


class Pose(NamedTuple):
    """Position x, y, z (m) and rotation vector rx, ry, rz (rad), as UR arms write poses.

    The rotation vector is the axis times the angle; it is given back with an angle of at most π.
    """

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    rx: float = 0.0
    ry: float = 0.0
    rz: float = 0.0

    @classmethod
    def from_rpy(  # noqa: PLR0917 - six numbers are a pose
        cls, x: float, y: float, z: float, roll: float, pitch: float, yaw: float
    ) -> Pose:
        """Position (m) and turns (rad) about the fixed axes: R = Rz(yaw) · Ry(pitch) · Rx(roll)."""
        cr, sr = math.cos(roll / 2), math.sin(roll / 2)
        cp, sp = math.cos(pitch / 2), math.sin(pitch / 2)
        cy, sy = math.cos(yaw / 2), math.sin(yaw / 2)
        return cls.from_quaternion(
            x, y, z,
            (cy * cp * cr + sy * sp * sr, cy * cp * sr - sy * sp * cr,
             cy * sp * cr + sy * cp * sr, sy * cp * cr - cy * sp * sr),
        )  # fmt: skip

    @classmethod
    def from_quaternion(cls, x: float, y: float, z: float, quaternion: Quaternion) -> Pose:
        """Position (m) and a unit quaternion (w, x, y, z)."""
        w, a, b, c = quaternion
        if w < 0.0:  # the same rotation, told with the angle below π
            w, a, b, c = -w, -a, -b, -c
        sine = sqrt(a * a + b * b + c * c)
        scale = 2.0 * atan2(sine, w) / sine if sine > 1e-12 else 2.0
        return cls(x, y, z, a * scale, b * scale, c * scale)

    def quaternion(self) -> Quaternion:
        """The rotation as a unit quaternion (w, x, y, z)."""
        _, _, _, rx, ry, rz = self
        angle = sqrt(rx * rx + ry * ry + rz * rz)
        scale = sin(angle / 2) / angle if angle > 1e-12 else 0.5
        return cos(angle / 2), rx * scale, ry * scale, rz * scale

    def rpy(self) -> tuple[float, float, float]:
        """Roll, pitch, yaw (rad) as ``from_rpy`` takes them; roll is 0 where pitch is ±90°."""
        w, x, y, z = self.quaternion()
        sine = 2 * (w * y - z * x)
        if abs(sine) > 1 - 1e-12:
            return 0.0, math.copysign(math.pi / 2, sine), math.remainder(2 * math.atan2(z, w), math.tau)
        roll = math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
        yaw = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
        return roll, math.asin(sine), yaw

    def point(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """A point of this frame (m) in the frame that this pose is told in."""
        a, b, c = _turn(self.quaternion(), x, y, z)
        return self.x + a, self.y + b, self.z + c

    def __matmul__(self, other: Pose) -> Pose:
        """``a @ b``: ``b``, which is told in the frame ``a``, in the frame that ``a`` is told in."""
        turn = self.quaternion()
        x, y, z = _turn(turn, other[0], other[1], other[2])
        return Pose.from_quaternion(self[0] + x, self[1] + y, self[2] + z, _multiply(turn, other.quaternion()))

    def inverse(self) -> Pose:
        """The pose that undoes this one: ``p @ p.inverse()`` is the identity."""
        w, a, b, c = self.quaternion()
        x, y, z = _turn((w, -a, -b, -c), -self.x, -self.y, -self.z)
        return Pose(x, y, z, -self.rx, -self.ry, -self.rz)

    def above(self, height: float) -> Pose:
        """The same pose, ``height`` (m) further up along z of the frame it is told in."""
        return self._replace(z=self.z + height)

    def distance(self, other: Pose) -> tuple[float, float]:
        """How far the other pose is: the way (m) and the angle of the turn between them (rad, 0 … π)."""
        way = math.dist(self[:3], other[:3])
        w, x, y, z = self.quaternion()
        w, x, y, z = _multiply((w, -x, -y, -z), other.quaternion())
        return way, 2 * math.atan2(math.sqrt(x * x + y * y + z * z), abs(w))


def _multiply(left: Quaternion, right: Quaternion) -> Quaternion:
    aw, ax, ay, az = left
    bw, bx, by, bz = right
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


def _turn(quaternion: Quaternion, x: float, y: float, z: float) -> tuple[float, float, float]:
    w, a, b, c = quaternion  # v' = v + 2w (q × v) + 2 q × (q × v)
    tx, ty, tz = 2 * (b * z - c * y), 2 * (c * x - a * z), 2 * (a * y - b * x)
    return x + w * tx + b * tz - c * ty, y + w * ty + c * tx - a * tz, z + w * tz + a * ty - b * tx
