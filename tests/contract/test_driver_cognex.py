"""The Cognex driver keeps the contract."""

from __future__ import annotations

from typing import ClassVar

from cellctl.links import Address
from cellctl.testing.contract import DriverContract
from cellctl_drivers.cognex import DRIVER

READING = (b"GO", b"GF", b"GI", b"GV")


class TestCognex(DriverContract):
    driver = DRIVER
    entry: ClassVar = {
        "link": "tcp 192.168.0.11",
        "job": "bracket_r7.job",
        "user": "admin",
        "password": "s3cret",
        "results": {"found": "B002", "x": "C002", "y": "D002", "angle": "E002", "good": "F002", "code": "Part.Code"},
    }

    def writes(self, address: Address, data: bytes) -> bool:
        log_in = data.strip() in (b"admin", b"s3cret")
        return not (log_in or all(line[:2] in READING for line in data.splitlines()))
