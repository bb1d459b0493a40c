"""What a role in a recipe may ask for. Drivers subclass these; recipes name them.

Every command is idempotent ("go to", "be at"), returns once the device has *confirmed* it, and
raises DeviceFault with one of the declared faults, NotReady, InDoubt or a LinkError otherwise.
Cancelling a command stops waiting for it; it does not undo it: the sequencer then calls ``stop``.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar

from cellctl.devices.actions import action
from cellctl.devices.device import Device
from cellctl.devices.targets import ByJoints, Joints, Legs, Target
from cellctl.errors import UsageError
from cellctl.motion.pose import Pose
from cellctl.units import Acceleration, AngularAcceleration, AngularSpeed, Force, Length, Speed


class Robot(Device):
    """An arm. Joint angles in rad from base to wrist; poses are of the tool point, in the arm's base frame.

    Signals beside the fields: ``joints.0`` … (rad), ``pose.x`` … (m, rad), ``di0`` … (bool),
    ``permit`` (bool: the arm's own program has it), ``protective_stop``, ``emergency_stop``,
    ``remote_control``, ``powered`` (bool), ``mode`` (text).
    """

    fields: ClassVar = {
        "moving": "bool",
        "permit": "bool",
        "powered": "bool",
        "protective_stop": "bool",
        "emergency_stop": "bool",
        "safeguard_stop": "bool",
        "remote_control": "bool",
    }

    @action(faults=("unreachable", "stopped"), moves=True)
    @abstractmethod
    async def move(self, to: Target, speed: AngularSpeed = 1.05, acceleration: AngularAcceleration = 2.4) -> None:
        """Go to joints or a pose, straight in joint space. ``stopped``: came to rest elsewhere."""

    @action(faults=("unreachable", "stopped"), moves=True)
    @abstractmethod
    async def move_linear(self, to: Target, speed: Speed = 0.25, acceleration: Acceleration = 1.2) -> None:
        """Go to a pose on a straight line of the tool point."""

    @action(faults=("unreachable", "stopped"), moves=True)
    async def move_circular(
        self, via: Annotated[Pose, "pose"], to: Target, speed: Speed = 0.25, acceleration: Acceleration = 1.2
    ) -> None:
        """Go to a pose on the arc through the point of ``via``; the tool turns evenly. Raises UsageError: cannot."""
        raise UsageError(
            f"{self.config.driver} cannot move along an arc", where=self.name, hint="Use move_linear, or follow"
        )

    @action(faults=("unreachable", "stopped"), moves=True)
    async def follow(
        self,
        path: Legs,
        blend: Length = 0.02,
        *,
        speed: Speed = 0.25,
        acceleration: Acceleration = 1.2,
        joint_speed: AngularSpeed = 1.05,
        joint_acceleration: AngularAcceleration = 2.4,
    ) -> None:
        """Go through all targets: to poses on lines, else straight in joint space; corners rounded within ``blend``.

        An arm whose driver does not say otherwise stops at each target, so its corners are not rounded.
        """
        for leg in path:
            if isinstance(leg, Pose):
                await self.move_linear(leg, speed, acceleration)
            else:
                await self.move(leg.pose if isinstance(leg, ByJoints) else leg, joint_speed, joint_acceleration)

    @abstractmethod
    async def set_permit(self, allowed: bool) -> None:
        """Give or withdraw the motion permit that the arm's own program watches. Giving it moves nothing."""

    @abstractmethod
    def joints(self) -> Joints:
        """The last confirmed joint angles in rad. Raises NotReady where none were read."""

    @abstractmethod
    def pose(self) -> Pose:
        """The last confirmed pose of the tool point in the base frame."""


class Conveyor(Device):
    """A belt. ``speed`` is the confirmed speed along the belt in m/s."""

    fields: ClassVar = {"running": "bool", "speed": "speed"}

    @action(faults=("not_reached",), moves=True)
    @abstractmethod
    async def advance(self, speed: Speed) -> None:
        """Run at ``speed``; returns once the drive confirms that it runs. ``not_reached``: speed not reached."""

    @action(faults=("not_reached",), moves=False)
    @abstractmethod
    async def halt(self) -> None:
        """Stop by ramp; returns once the drive confirms standstill."""


class Gripper(Device):
    """Fingers. ``width`` is the confirmed distance between them; ``holding``: the device feels a part."""

    fields: ClassVar = {"holding": "bool", "width": "length", "activated": "bool"}

    @action(faults=("missed", "wrong_size"), moves=True)
    @abstractmethod
    async def grip(self, width: Length, tolerance: Length = 0.002, force: Force = 60.0, speed: Speed = 0.1) -> None:
        """Close on a part of ``width``. ``missed``: nothing there; ``wrong_size``: stopped at another width."""

    @action(faults=("stuck",), moves=True)
    @abstractmethod
    async def release(self, width: Length = 0.085, speed: Speed = 0.1) -> None:
        """Open to ``width``. ``stuck``: the fingers met something on the way."""


class VisionStation(Device):
    """A camera that finds parts. Poses are in the station's own frame (``frame`` in the cell file)."""

    fields: ClassVar = {"online": "bool"}

    @action(
        faults=("nothing_seen", "failed"),
        moves=False,
        result={"found": "count", "pose": "pose", "good": "bool", "readable": "bool", "code": "text"},
    )
    @abstractmethod
    async def inspect(self) -> dict[str, Any]:
        """Trigger, wait, read. The result describes the part furthest along the belt; ``found`` counts all in view."""


class DigitalIO(Device):
    """Inputs ``di0`` … and outputs ``do0`` … by number."""

    @action(faults=(), moves=True)
    @abstractmethod
    async def set_output(self, number: int, on: bool) -> None:
        """Switch an output, confirmed by reading it back."""


class EnergyMeter(Device):
    """Active power and the energy counter."""

    fields: ClassVar = {"power": "power"}


#: The names that ``needs:`` in a recipe uses.
CAPABILITIES: dict[str, type[Device]] = {
    "robot": Robot,
    "conveyor": Conveyor,
    "gripper": Gripper,
    "vision_station": VisionStation,
    "digital_io": DigitalIO,
    "energy_meter": EnergyMeter,
}
