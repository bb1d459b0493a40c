"""Addresses as cell files write them."""

from __future__ import annotations

import pytest

from cellctl.errors import UsageError
from cellctl.links import Address, SerialAddress, TcpAddress, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp 192.168.0.10", TcpAddress("192.168.0.10")),
        ("tcp 192.168.0.10:1502", TcpAddress("192.168.0.10", 1502)),
        ("tcp [fe80::1]:502 unit 3", TcpAddress("fe80::1", 502, 3)),
        ("rtu /dev/ttyUSB0 unit 9", SerialAddress("/dev/ttyUSB0", 9)),
        ("rtu /dev/ttyUSB0 unit 2 38400 8E1", SerialAddress("/dev/ttyUSB0", 2, 38400, "8E1")),
        ("serial /dev/ttyS0 9600 7O2", SerialAddress("/dev/ttyS0", None, 9600, "7O2")),
    ],
)
def test_forms(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "tcp", "udp host", "tcp host:0", "tcp host:70000", "rtu /dev/ttyUSB0", "serial /dev/ttyS0 unit 3",
     "rtu /dev/x unit 256", "rtu /dev/x unit 1 9600 9N1", "tcp host unit 999",
     "tcp 192.168.0.999", "tcp 300.1.1.1:502", "rtu /dev/ttyUSB0 unit 0"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(text)
    assert "rtu PORT unit N" in caught.value.hint


@pytest.mark.parametrize(
    ("address", "seconds"),
    [(SerialAddress("x", 1, 9600), 10 / 9600), (SerialAddress("x", 1, 19200, "8E1"), 11 / 19200)],
)
def test_time_of_a_character(address: SerialAddress, seconds: float) -> None:
    assert address.character_time == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["tcp host:502", "rtu /dev/x unit 2 38400 8E1", "serial /dev/x 9600 8N1"])
def test_text_of_an_address_is_read_back(text: str) -> None:
    assert str(parse_address(text)) == text
