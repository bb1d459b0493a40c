"""Which bytes on the wire are commands that change something, for "connecting only reads"."""

from __future__ import annotations

from cellctl.links import Address, SerialAddress

#: Modbus function codes that write: coils, registers, mask, read/write.
WRITING = frozenset({5, 6, 15, 16, 22, 23})
_MBAP = 7  # transaction, protocol, length, unit


def modbus_writes(address: Address, data: bytes) -> list[int]:
    """The writing function codes in what a Modbus client sent at once (RTU: one frame; TCP: any number)."""
    if isinstance(address, SerialAddress):
        return [code for code in data[1:2] if code in WRITING]
    found: list[int] = []
    while len(data) > _MBAP:
        length = int.from_bytes(data[4:6], "big")
        if data[2:4] != b"\0\0" or not 2 <= length <= 254:
            break  # no Modbus
        found += [code for code in data[_MBAP : _MBAP + 1] if code in WRITING]
        data = data[6 + length :]
    return found
