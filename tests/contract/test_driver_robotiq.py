"""The Robotiq driver keeps the contract."""

from __future__ import annotations

from typing import ClassVar

from cellctl.testing.gripper_contract import GripperContract
from cellctl_drivers.robotiq import DRIVER


class TestRobotiq(GripperContract):
    driver = DRIVER
    entry: ClassVar = {"link": "rtu /dev/ttyUSB1 unit 9 115200 8N1"}
