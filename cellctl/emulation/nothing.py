"""The world of a cell without a plant file: there is nothing in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cellctl.emulation.physics import Found, Ramp
from cellctl.errors import UsageError
from cellctl.motion.pose import Pose


class NothingThere:
    """A plant in which devices work and meet nothing. Implements ``physics.Plant``."""

    def __init__(self) -> None:
        self.contacts: dict[str, bool] = {}

    def motor(self, device: str, ramp: Ramp) -> None:
        """The motor turns and moves nothing."""

    def arm(self, device: str, pose_at: Callable[[float], Pose], moving: bool) -> None:
        """The arm moves through nothing."""

    def object_width(self, device: str) -> float | None:
        """Nothing is between the fingers."""
        return None

    def fingers(self, device: str, width: float, *, closed_on_object: bool) -> None:
        """The fingers meet nothing."""

    def look(self, device: str) -> list[Found]:
        """Nothing is seen."""
        return []

    def wire(self, device: str, set_input: Callable[[int, bool], None]) -> None:
        """Nothing is wired."""

    def output(self, device: str, number: int, on: bool) -> None:
        """Nothing is wired."""

    def set(self, name: str, value: bool) -> None:
        """Raises UsageError: there is nothing to set."""
        raise UsageError(f"there is no {name!r} in this world", hint="Put a plant.yaml beside the cell file")

    def take_part(self, number: int | None = None) -> int:
        """Raises UsageError: there is no part."""
        raise UsageError("there is no part in this world", hint="Put a plant.yaml beside the cell file")

    def empty(self, tray: str) -> int:
        """Raises UsageError: there is no tray."""
        raise UsageError(f"there is no tray {tray!r} in this world", hint="Put a plant.yaml beside the cell file")

    def report(self) -> dict[str, Any]:
        """Nothing happened."""
        return {}

    async def aclose(self) -> None:
        """Nothing to stop."""
