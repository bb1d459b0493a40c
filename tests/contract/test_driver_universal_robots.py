"""The Universal Robots driver keeps the contract."""

from __future__ import annotations

from typing import ClassVar

from cellctl.links import Address
from cellctl.motion.pose import Pose
from cellctl.testing.contract import DriverContract
from cellctl.testing.wire import modbus_writes
from cellctl_drivers.universal_robots import DRIVER

#: Dashboard commands that only ask.
ASKING = (
    b"robotmode", b"safetystatus", b"safetymode", b"is in remote control", b"running", b"programState",
    b"get operational mode", b"get loaded program", b"get serial number", b"get robot model", b"PolyscopeVersion",
    b"version",
)  # fmt: skip


class TestUniversalRobots(DriverContract):
    driver = DRIVER
    entry: ClassVar = {
        "link": "tcp 192.168.0.10",
        "model": "ur5e",
        "watchdog": 0.3,
        "tool": Pose(z=0.163),
        "payload": 1.2,
    }

    def writes(self, address: Address, data: bytes) -> bool:
        if data.endswith(b"\n") and data[2:4] != b"\0\0":  # text: dashboard, or a script for the secondary interface
            return not all(line in ASKING for line in data.splitlines())
        return bool(modbus_writes(address, data))
