"""A plant for driver tests: it senses what the test says, and remembers what the devices did."""

from __future__ import annotations

from collections.abc import Callable

from cellctl.emulation.physics import Found, Ramp
from cellctl.motion.pose import Pose


class FakePlant:
    """Implements ``physics.Plant``. Set ``seen`` and ``width``; read ``moves`` and the last states.

    moves    what moved, in order, in words ("belt: motor to 12.5 rad/s")
    motors   the last ramp of each drive
    arms     the flange of each arm as a function of time
    fingers_at   the last rest width of each gripper (m)
    outputs  (device, number) -> on
    """

    def __init__(self) -> None:
        self.seen: list[Found] = [Found(Pose(0.1, 0.02, 0.0, 0.0, 0.0, 0.3), good=True, code="A-1")]
        self.width: float | None = None
        self.moves: list[str] = []
        self.looks = 0
        self.motors: dict[str, Ramp] = {}
        self.arms: dict[str, Callable[[float], Pose]] = {}
        self.fingers_at: dict[str, float] = {}
        self.outputs: dict[tuple[str, int], bool] = {}
        self.inputs: dict[str, Callable[[int, bool], None]] = {}
        self.inputs_on: set[int] = {1, 2}  # guard closed, selector in automatic

    def motor(self, device: str, ramp: Ramp) -> None:
        """A drive's motor runs by this ramp."""
        self.motors[device] = ramp
        if ramp.target or ramp.speed:
            self.moves.append(f"{device}: motor to {ramp.target:.4g} rad/s")

    def arm(self, device: str, pose_at: Callable[[float], Pose], moving: bool) -> None:
        """An arm's flange follows ``pose_at``."""
        self.arms[device] = pose_at
        if moving:
            self.moves.append(f"{device}: arm moves")

    def object_width(self, device: str) -> float | None:
        """What the test put between the fingers."""
        return self.width

    def fingers(self, device: str, width: float, *, closed_on_object: bool) -> None:
        """The fingers came to rest, or began to leave a part."""
        before, self.fingers_at[device] = self.fingers_at.get(device), width
        if before is not None and abs(before - width) > 1e-6:
            self.moves.append(f"{device}: fingers at {width * 1000:.1f} mm")

    def look(self, device: str) -> list[Found]:
        """What the test says is in view."""
        self.looks += 1
        return list(self.seen)

    def wire(self, device: str, set_input: Callable[[int, bool], None]) -> None:
        """Connect a device's digital inputs."""
        self.inputs[device] = set_input
        for number in sorted(self.inputs_on):
            set_input(number, True)

    def output(self, device: str, number: int, on: bool) -> None:
        """A device switched an output."""
        self.outputs[device, number] = on
        self.moves.append(f"{device}: output {number} {'on' if on else 'off'}")
