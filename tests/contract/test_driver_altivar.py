"""The Altivar driver keeps the contract."""

from __future__ import annotations

from typing import ClassVar

from cellctl.testing.contract import DriverContract
from cellctl_drivers.altivar import DRIVER


class TestAltivar(DriverContract):
    driver = DRIVER
    entry: ClassVar = {"link": "rtu /dev/ttyUSB0 unit 2 19200 8N1", "travel_per_rev": 0.04, "timeout": 1.0, "ramp": 0.3}
