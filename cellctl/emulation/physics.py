"""Where emulated devices meet the plant: what each makes true in the world, and what it senses of it.

An emulator calls the plant only through these; the plant knows nothing of protocols. All times are
the loop's, all values SI.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cellctl.links.stream import Network
from cellctl.motion.pose import Pose


@dataclass(frozen=True, slots=True)
class Ramp:
    """Straight-line speed change: at ``start`` the speed is ``speed`` (rad/s of the motor shaft), then it
    changes by ``acceleration`` until ``target`` is reached; ``angle`` (rad) is the shaft's at ``start``."""

    start: float
    angle: float
    speed: float
    target: float
    acceleration: float  # magnitude, rad/s^2; 0 means the target speed is taken at once


@dataclass(frozen=True, slots=True)
class Found:
    """What a camera finds of one part; the pose is in the camera's frame."""

    pose: Pose
    good: bool
    code: str | None  # None: the code could not be read


class Plant(Protocol):
    """The world behind the emulators of one cell."""

    def motor(self, device: str, ramp: Ramp) -> None:
        """The drive's motor runs by this ramp from ``ramp.start`` on."""
        ...

    def arm(self, device: str, pose_at: Callable[[float], Pose], moving: bool) -> None:
        """From now on the arm's *flange* follows ``pose_at(time)``; told again when motion starts or ends."""
        ...

    def object_width(self, device: str) -> float | None:
        """The width of what is between the gripper's fingers now, None for nothing."""
        ...

    def fingers(self, device: str, width: float, *, closed_on_object: bool) -> None:
        """The fingers came to rest (or began to leave a part) at this width."""
        ...

    def look(self, device: str) -> list[Found]:
        """What the camera sees at this instant, the part furthest along the belt first."""
        ...

    def wire(self, device: str, set_input: Callable[[int, bool], None]) -> None:
        """Connect the device's digital inputs: the plant calls ``set_input(number, on)`` on every edge,
        and at once for what is on now."""
        ...

    def output(self, device: str, number: int, on: bool) -> None:
        """The device switched a digital output."""
        ...


class Emulator(Protocol):
    """A faithful device on the wire. Made by ``Driver.emulator`` with (name, config, plant)."""

    async def serve(self, network: Network) -> Mapping[str, Any]:
        """Listen and answer until closed. Returns the overlay for the device's entry in the cell file
        (``link`` and whatever else tells where it really listens)."""
        ...

    async def aclose(self) -> None:
        """Stop serving; nothing is left running."""
        ...
