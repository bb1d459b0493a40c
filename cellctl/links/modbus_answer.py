"""What a Modbus device answers to one request, from its register bank."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence

from cellctl.links.modbus_pdu import identity_answer
from cellctl.links.modbus_types import (
    DEVICE_FAILURE,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    ModbusRefusal,
    RegisterBank,
    Table,
)

Identity = Mapping[int, str]
_LAST_BASIC, _LAST_REGULAR = 0x02, 0x7F
_TABLES = {table.value: (table, table.bits) for table in Table}  # looked at for every answer


def answer(bank: RegisterBank, pdu: bytes, identity: Identity) -> bytes:
    """The answer's PDU; an exception (function code with bit 7 set, code) where the device refuses.

    Raises NoReply where the bank does. Limits: Modbus Application Protocol V1.1b3, section 6.
    """
    function = pdu[0]
    serve = _FUNCTIONS.get(function)
    try:
        if serve is None:
            raise ModbusRefusal(ILLEGAL_FUNCTION)
        return serve(bank, pdu, identity)
    except ModbusRefusal as refusal:
        return bytes([function | 0x80, refusal.code])
    except struct.error:  # a body too short for its function
        return bytes([function | 0x80, ILLEGAL_VALUE])


def _span(pdu: bytes, most: int, at: int = 1) -> tuple[int, int]:
    address, count = struct.unpack_from(">HH", pdu, at)
    if not 1 <= count <= most:
        raise ModbusRefusal(ILLEGAL_VALUE)
    if address + count > 0x10000:
        raise ModbusRefusal(ILLEGAL_ADDRESS)
    return address, count


def _cells(bank: RegisterBank, table: Table, address: int, count: int) -> Sequence[int]:
    cells = bank.read(table, address, count)
    if len(cells) != count:
        raise ModbusRefusal(DEVICE_FAILURE)
    return cells


def _bits_out(cells: Sequence[int]) -> bytes:
    packed = bytearray((len(cells) + 7) // 8)
    for index, cell in enumerate(cells):
        if cell:
            packed[index // 8] |= 1 << (index % 8)
    return bytes(packed)


def _read(bank: RegisterBank, pdu: bytes, _: Identity) -> bytes:
    table, bits = _TABLES[pdu[0]]
    _exact(pdu, 5)
    address, count = _span(pdu, 2000 if bits else 125)
    cells = _cells(bank, table, address, count)
    if bits:
        body = _bits_out(cells)
        return bytes([pdu[0], len(body)]) + body
    return struct.pack(f">BB{count}H", pdu[0], 2 * count, *cells)


def _write_coil(bank: RegisterBank, pdu: bytes, _: Identity) -> bytes:
    _exact(pdu, 5)
    address, value = struct.unpack_from(">HH", pdu, 1)
    if value not in (0x0000, 0xFF00):
        raise ModbusRefusal(ILLEGAL_VALUE)
    bank.write(Table.COILS, address, [int(value == 0xFF00)])
    return pdu


def _write_register(bank: RegisterBank, pdu: bytes, _: Identity) -> bytes:
    _exact(pdu, 5)
    address, value = struct.unpack_from(">HH", pdu, 1)
    bank.write(Table.HOLDING, address, [value])
    return pdu


def _write_coils(bank: RegisterBank, pdu: bytes, _: Identity) -> bytes:
    address, count = _span(pdu, 1968)
    data = pdu[6:]
    if pdu[5:6] != bytes([(count + 7) // 8]) or len(data) != pdu[5]:
        raise ModbusRefusal(ILLEGAL_VALUE)
    bank.write(Table.COILS, address, [data[index // 8] >> (index % 8) & 1 for index in range(count)])
    return pdu[:5]


def _write_registers(bank: RegisterBank, pdu: bytes, _: Identity) -> bytes:
    address, count = _span(pdu, 123)
    bank.write(Table.HOLDING, address, _registers_in(pdu, 5, count))
    return pdu[:5]


def _read_write(bank: RegisterBank, pdu: bytes, _: Identity) -> bytes:
    read_at, read_count = _span(pdu, 125)
    write_at, write_count = _span(pdu, 121, at=5)
    bank.write(Table.HOLDING, write_at, _registers_in(pdu, 9, write_count))
    cells = _cells(bank, Table.HOLDING, read_at, read_count)
    return struct.pack(f">BB{read_count}H", pdu[0], 2 * read_count, *cells)


def _identify(_: RegisterBank, pdu: bytes, identity: Identity) -> bytes:
    _exact(pdu, 4)
    kind, read_code, first = pdu[1:4]
    if kind != 0x0E or not identity:
        raise ModbusRefusal(ILLEGAL_FUNCTION)
    if read_code == 4:
        if first not in identity:
            raise ModbusRefusal(ILLEGAL_ADDRESS)
        return identity_answer(read_code, {first: identity[first]})
    if read_code not in (1, 2, 3):
        raise ModbusRefusal(ILLEGAL_VALUE)
    last = {1: _LAST_BASIC, 2: _LAST_REGULAR, 3: 0xFF}[read_code]
    start = first if first in identity else 0  # V1.1b3 6.21: an unknown object restarts at the first
    return identity_answer(read_code, {n: identity[n] for n in sorted(identity) if start <= n <= last})


def _registers_in(pdu: bytes, at: int, count: int) -> list[int]:
    if pdu[at : at + 1] != bytes([2 * count]) or len(pdu) != at + 1 + 2 * count:
        raise ModbusRefusal(ILLEGAL_VALUE)
    return list(struct.unpack_from(f">{count}H", pdu, at + 1))


def _exact(pdu: bytes, length: int) -> None:
    if len(pdu) != length:
        raise ModbusRefusal(ILLEGAL_VALUE)


_FUNCTIONS: dict[int, Callable[[RegisterBank, bytes, Identity], bytes]] = {
    1: _read, 2: _read, 3: _read, 4: _read, 5: _write_coil, 6: _write_register,
    15: _write_coils, 16: _write_registers, 23: _read_write, 43: _identify,
}  # fmt: skip
