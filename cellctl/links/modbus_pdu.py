"""Modbus requests and answers as bytes: the one place where pymodbus is used.

Only its PDUs and its RTU framer are (pinned exactly: it does not follow semantic versioning). Its client
and server are not: ``docs/decisions`` says why. Register lists and TCP headers are packed in one go here, since
pymodbus packs one number at a time and a shift in virtual time is millions of them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadDiscreteInputsRequest,
    WriteMultipleCoilsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.mei_message import ReadDeviceInformationRequest, ReadDeviceInformationResponse
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    ReadWriteMultipleRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from cellctl.errors import BadAnswer, Refused, UsageError
from cellctl.links.modbus_types import EXCEPTIONS, Table

WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS, READ_WRITE, IDENTIFY = 5, 6, 15, 16, 23, 43
_READS = {
    Table.COILS: ReadCoilsRequest,
    Table.DISCRETE: ReadDiscreteInputsRequest,
    Table.HOLDING: ReadHoldingRegistersRequest,
    Table.INPUT: ReadInputRegistersRequest,
}
_RETRY_LATER = (5, 6, 10, 11)
_MORE_FOLLOWS = 0xFF
_replies = DecodePDU(is_server=False)
_requests = DecodePDU(is_server=True)
_rtu = FramerRTU(_replies)
_MBAP = struct.Struct(">HHHB")  # transaction, protocol, length of what follows, unit


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is ready to go out, and what its answer must look like."""

    function: int
    address: int
    count: int  # cells that the answer carries (reads) or confirms (writes)
    pdu: bytes  # function code and data

    @property
    def writes(self) -> bool:
        """Whether the device does something when it gets this: never repeated blindly."""
        return self.function in (WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS, READ_WRITE)

    def __str__(self) -> str:
        return f"FC{self.function} address {self.address} count {self.count}"


def _request(made: ModbusPDU, address: int, count: int) -> Request:
    try:
        made.verifyAddress(address)
        made.verifyAddress(address + count - 1)
        body = made.encode()
    except (ValueError, struct.error) as problem:
        raise UsageError(f"no Modbus request: {problem}", where=type(made).__name__) from problem
    return Request(made.function_code, address, count, bytes([made.function_code]) + body)


@lru_cache(maxsize=1024)
def read_request(table: Table, address: int, count: int) -> Request:
    """FC1–4. Raises UsageError where Modbus has no such request (125 registers, 2000 bits)."""
    return _request(_READS[table](address=address, count=count), address, count)


def write_request(address: int, values: Sequence[int]) -> Request:
    """FC6 for one register, FC16 for up to 123."""
    if not 1 <= len(values) <= 123:
        raise UsageError(f"{len(values)} registers in one write; 1 to 123 are possible")
    if len(values) == 1:
        return _request(WriteSingleRegisterRequest(address=address, registers=values), address, 1)
    return _request(WriteMultipleRegistersRequest(address=address, registers=values), address, len(values))


def coil_request(address: int, bits: Sequence[bool]) -> Request:
    """FC5 for one coil, FC15 for up to 1968."""
    if not 1 <= len(bits) <= 1968:
        raise UsageError(f"{len(bits)} coils in one write; 1 to 1968 are possible")
    if len(bits) == 1:
        return _request(WriteSingleCoilRequest(address=address, bits=bits), address, 1)
    return _request(WriteMultipleCoilsRequest(address=address, bits=bits), address, len(bits))


def read_write_request(read_address: int, count: int, write_address: int, values: Sequence[int]) -> Request:
    """FC23: writes up to 121 registers, then reads up to 125."""
    made = ReadWriteMultipleRegistersRequest(
        read_address=read_address, read_count=count, write_address=write_address, write_registers=values
    )
    return _request(made, read_address, count)


def identify_request(read_code: int, object_id: int) -> Request:
    """FC43/14: device identification."""
    return _request(ReadDeviceInformationRequest(read_code=read_code, object_id=object_id), 0, 1)


# -- answers ---------------------------------------------------------------------------------


def answer_values(request: Request, pdu: bytes) -> list[int]:
    """The cells in the answer (empty for a write). Raises Refused or BadAnswer."""
    function = request.function
    if not pdu:
        raise BadAnswer(f"an empty answer to {request}")
    if pdu[0] == function | 0x80 and len(pdu) == 2:
        raise refusal(request, pdu[1])
    if pdu[0] != function:
        raise BadAnswer(f"an answer with function code {pdu[0]} to {request}", hint=_ANOTHER)
    if function in (3, 4, READ_WRITE):
        return _registers(request, pdu)
    if function in (1, 2):
        return _bits(request, pdu)
    expected = request.pdu[:5]  # FC5, FC6: the whole request; FC15, FC16: address and count
    if pdu != expected:
        told, wanted = pdu.hex(" "), expected.hex(" ")
        raise BadAnswer(f"the device confirmed {told} to {request}; {wanted} was to come", hint=_ANOTHER)
    return []


_ANOTHER = "Another client or a late answer may be on the line; what a write did must be read back"


def refusal(request: Request, code: int) -> Refused:
    """The error for a Modbus exception."""
    hint = "It may take the same request a little later" if code in _RETRY_LATER else ""
    name = EXCEPTIONS.get(code, "unknown to Modbus")
    return Refused(f"refused {request} with exception {code} ({name})", code=code, hint=hint)


def _registers(request: Request, pdu: bytes) -> list[int]:
    size = 2 * request.count
    if len(pdu) != size + 2 or pdu[1] != size:
        got = max(0, len(pdu) - 2) // 2
        raise BadAnswer(f"{got} registers came for {request} (byte count {pdu[1] if len(pdu) > 1 else 'missing'})")
    return list(struct.unpack_from(f">{request.count}H", pdu, 2))


def _bits(request: Request, pdu: bytes) -> list[int]:
    size = (request.count + 7) // 8
    if len(pdu) != size + 2 or pdu[1] != size:
        raise BadAnswer(f"{max(0, len(pdu) - 2)} bytes of bits came for {request}; {size} were to come")
    return [pdu[2 + index // 8] >> (index % 8) & 1 for index in range(request.count)]


def identity_objects(request: Request, pdu: bytes) -> tuple[dict[int, str], int]:
    """Objects of an FC43/14 answer, and the next object to ask for (0: that was all)."""
    if pdu[:1] == bytes([request.function | 0x80]) and len(pdu) == 2:
        raise refusal(request, pdu[1])
    # pymodbus decodes an object that is cut off as a short one, so its lengths are checked here.
    head, rest = pdu[:7], pdu[7:]
    if len(head) < 7 or head[:2] != b"\x2b\x0e":
        raise BadAnswer(f"{pdu.hex(' ')} is no device identification")
    objects: dict[int, str] = {}
    for _ in range(head[6]):
        if len(rest) < 2 or len(rest) < 2 + rest[1]:
            raise BadAnswer(f"a device identification that is cut off: {pdu.hex(' ')}")
        objects[rest[0]] = rest[2 : 2 + rest[1]].decode("ascii", "replace")
        rest = rest[2 + rest[1] :]
    return objects, head[5] if head[4] == _MORE_FOLLOWS else 0


def identity_answer(read_code: int, objects: Mapping[int, str]) -> bytes:
    """The FC43/14 answer that tells ``objects`` (as many as fit; the rest is asked for again)."""
    information = {number: text.encode("ascii", "replace") for number, text in objects.items()}
    return bytes([IDENTIFY]) + ReadDeviceInformationResponse(read_code=read_code, information=information).encode()


# -- frames ----------------------------------------------------------------------------------


def mbap(transaction: int, unit: int, pdu: bytes) -> bytes:
    """A Modbus TCP frame: seven bytes of header, then the PDU."""
    return _MBAP.pack(transaction, 0, len(pdu) + 1, unit) + pdu


@lru_cache(maxsize=1024)
def rtu_frame(unit: int, pdu: bytes) -> bytes:
    """A Modbus RTU frame: unit, PDU, CRC."""
    return _rtu.encode(pdu, unit, 0)


@lru_cache(maxsize=1024)  # a device at rest says the same again and again
def crc_holds(frame: bytes) -> bool:
    """Whether the last two bytes of an RTU frame are the CRC of the rest."""
    return FramerRTU.check_CRC(frame[:-2], frame[-2] << 8 | frame[-1])


@lru_cache(maxsize=1024)
def reply_size(data: bytes) -> int | None:
    """How long the RTU answer that begins ``data`` is; 0: more bytes will tell; None: no answer begins so."""
    return _size(_replies, data)


@lru_cache(maxsize=1024)
def request_size(data: bytes) -> int | None:
    """How long the RTU request that begins ``data`` is; 0: more bytes will tell; None: no request begins so."""
    return _size(_requests, data)


def _size(decoder: DecodePDU, data: bytes) -> int | None:
    if len(data) < 3:
        return 0
    if data[1] & 0x80:
        return ExceptionResponse.rtu_frame_size
    kind = decoder.lookupPduClass(data)
    if kind is None or not (kind.rtu_frame_size or kind.rtu_byte_count_pos or kind is ReadDeviceInformationResponse):
        return None
    return kind.calculateRtuFrameSize(data) or 0
