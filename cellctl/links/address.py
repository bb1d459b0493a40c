"""Where a device is reached, as cell files write it.

tcp 192.168.0.10            host, and a port where the driver's own is not meant
tcp 192.168.0.10:1502
rtu /dev/ttyUSB0 unit 9     Modbus RTU: port and unit; 19200 8N1 unless said
rtu /dev/ttyUSB0 unit 2 38400 8E1
serial /dev/ttyS0 9600 8N1  a plain byte line
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from cellctl.errors import UsageError

DEFAULT_BAUD = 19200
_SERIAL = re.compile(
    r"(?P<scheme>rtu|serial)\s+(?P<path>\S+)(?:\s+unit\s+(?P<unit>\d{1,3}))?"
    r"(?:\s+(?P<baud>\d{3,7}))?(?:\s+(?P<format>[78][NEO][12]))?"
)
_TCP = re.compile(r"tcp\s+(?P<host>\[[0-9a-fA-F:]+\]|[^\s:]+)(?::(?P<port>\d{1,5}))?(?:\s+unit\s+(?P<unit>\d{1,3}))?")
_QUAD = re.compile(r"\d+\.\d+\.\d+\.\d+")
_FORMS = "Write tcp HOST[:PORT] [unit N], rtu PORT unit N [BAUD] [8N1], or serial PORT [BAUD] [8N1]"


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host and a TCP port; ``port`` is None where the driver's own is meant."""

    host: str
    port: int | None = None
    unit: int = 255

    def at(self, port: int) -> TcpAddress:
        """The same host at a port of the driver's, unless the file names one."""
        return self if self.port is not None else TcpAddress(self.host, port, self.unit)

    @property
    def on_this_machine(self) -> bool:
        """Whether the host is the loopback: no device on a network is reached there."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"tcp {self.host}" + (f":{self.port}" if self.port is not None else "")


@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A serial port with its line settings; ``unit`` for Modbus RTU, else None."""

    path: str
    unit: int | None = None
    baud: int = DEFAULT_BAUD
    format: str = "8N1"

    @property
    def bits_per_character(self) -> int:
        """Bits on the line for one character, with start, parity and stop bits."""
        return 1 + int(self.format[0]) + (self.format[1] != "N") + int(self.format[2])

    @property
    def character_time(self) -> float:
        """Seconds that one character takes on the line."""
        return self.bits_per_character / self.baud

    @property
    def on_this_machine(self) -> bool:
        """Whether the port is a pty: there is no wire on it."""
        return re.fullmatch(r"/dev/pts/\d+", self.path) is not None

    def __str__(self) -> str:
        unit = f" unit {self.unit}" if self.unit is not None else ""
        return f"{'rtu' if unit else 'serial'} {self.path}{unit} {self.baud} {self.format}"


Address = TcpAddress | SerialAddress


def parse_address(text: str) -> Address:
    """Read an address as cell files write it. Raises UsageError with the forms there are."""
    if match := _TCP.fullmatch(text.strip()):
        if _QUAD.fullmatch(match["host"]) and any(int(part) > 255 for part in match["host"].split(".")):
            raise UsageError(f"{match['host']} is no address: each of its numbers is at most 255", hint=_FORMS)
        port = int(match["port"]) if match["port"] else None
        if port is None or 0 < port < 65536:
            return TcpAddress(match["host"].strip("[]"), port, _unit(match["unit"], 255))
    elif (match := _SERIAL.fullmatch(text.strip())) and (match["scheme"] == "rtu") == (match["unit"] is not None):
        unit = _unit(match["unit"], 0) if match["unit"] else None
        if unit == 0:  # Modbus over serial line 1.02, 2.2: address 0 is the broadcast, which nothing answers
            raise UsageError("unit 0 is the broadcast, which no device answers", hint=_FORMS)
        return SerialAddress(match["path"], unit, int(match["baud"] or DEFAULT_BAUD), match["format"] or "8N1")
    raise UsageError(f"{text!r} is no address", hint=_FORMS)


def _unit(text: str | None, default: int) -> int:
    unit = int(text) if text else default
    if unit > 255:
        raise UsageError(f"unit {unit} is above 255", hint=_FORMS)
    return unit
