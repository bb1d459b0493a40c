"""What a cell file says about a Robotiq gripper."""

from __future__ import annotations

from pydantic import Field, model_validator

from cellctl.devices import DeviceConfig
from cellctl.units import Length, Time


class RobotiqConfig(DeviceConfig):
    """A 2F gripper and its calibration.

    ``stroke`` is the distance between the fingers when open; ``open_count`` and ``closed_count`` are the
    positions (gPO, 0 to 255) that the gripper tells fully open and fully closed on nothing: read them off
    the gripper itself, they differ from one to the next and with other fingertips.
    """

    stroke: Length = Field(default=0.085, gt=0, le=0.2)
    open_count: int = Field(default=0, ge=0, le=255)
    closed_count: int = Field(default=230, ge=0, le=255)
    response: Time = Field(default=0.2, ge=0.02, le=0.45)  # for one Modbus answer; polls must stay within 1 s
    activation: Time = Field(default=8.0, gt=0, le=60)  # how long the activation stroke may take

    @model_validator(mode="after")
    def _counts_differ(self) -> RobotiqConfig:
        if self.closed_count - self.open_count < 100:
            raise ValueError("closed_count must be at least 100 above open_count")
        return self

    @property
    def per_count(self) -> float:
        """Metres between the fingers that one count stands for."""
        return self.stroke / (self.closed_count - self.open_count)

    def width(self, count: int) -> float:
        """The distance between the fingers in m at position ``count``."""
        return min(max((self.closed_count - count) * self.per_count, 0.0), self.stroke)

    def count(self, width: float) -> int:
        """The position nearest to ``width`` m."""
        near = round(self.closed_count - width / self.per_count)
        return min(max(near, self.open_count), self.closed_count)
