"""The infeed of a plant without a belt: nothing comes along."""

from __future__ import annotations

from collections.abc import Iterator

from cellctl.emulation.parts import Part
from cellctl.emulation.physics import Ramp
from cellctl.motion.pose import Pose


class NoInfeed:
    """Has what ``Infeed`` has, and no part is ever on it."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.supply = False
        self.top = 0.0

    def along(self, part: Part, time: float) -> float:
        """Never asked: no part is on it."""
        raise AssertionError(f"part {part.id} is on no belt")

    def pose(self, part: Part, time: float) -> Pose:
        """Never asked: no part is on it."""
        raise AssertionError(f"part {part.id} is on no belt")

    def carries(self, x: float, y: float) -> bool:
        """No belt is below any point."""
        return False

    def blocked(self) -> bool:
        """There is no light barrier."""
        return False

    def run(self, ramp: Ramp) -> None:
        """The motor moves nothing."""

    def put(self, part: Part, pose: Pose, time: float) -> None:
        """Never asked: it carries nothing."""
        raise AssertionError(f"part {part.id} is laid on no belt")

    def remove(self, part: Part) -> None:
        """The part is not on it."""

    def settle(self, now: float) -> Iterator[float]:
        """Nothing happens."""
        return iter(())

    def next_change(self) -> float | None:
        """Never."""
        return None
