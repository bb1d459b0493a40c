"""A Modbus server that any client can talk to, for emulated devices.

Several requests in one segment are all answered, in order. An unknown unit gets exception 11 on
TCP, as from a gateway, and silence on RTU, as on a bus.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache

from cellctl.links.address import Address, SerialAddress
from cellctl.links.modbus_answer import Identity, answer
from cellctl.links.modbus_pdu import crc_holds, mbap, request_size, rtu_frame
from cellctl.links.modbus_types import DEVICE_FAILURE, GATEWAY_TARGET, NoReply, RegisterBank
from cellctl.links.stream import ByteStream, Listener, Network

ANY_UNIT = 0xFF
_BROADCAST = 0
_HEADER = 7
_MOST = 260  # bytes in a Modbus TCP frame
_SILENCE = 0.05  # s: an RTU request that stops for so long is over


async def serve_modbus(
    network: Network,
    address: Address,
    banks: Mapping[int, RegisterBank],
    *,
    identity: Identity | None = None,
    most_clients: int | None = None,
) -> Listener:
    """Serve ``banks`` (by unit number) at ``address``: Modbus TCP on a TCP address, RTU on a serial one.

    On TCP the bank of unit 255 answers for every unit that has none of its own, and a single bank
    answers units 0 and 255 too, as single devices do. ``identity``: FC43/14 objects by number.
    ``most_clients``: TCP connections that the device takes at once; more are closed as they come.
    """
    server = _Server(banks, identity or {}, most_clients)
    return await network.listen(address, server.rtu if isinstance(address, SerialAddress) else server.tcp)


class _Server:
    def __init__(self, banks: Mapping[int, RegisterBank], identity: Identity, most_clients: int | None) -> None:
        self._banks = banks
        self._identity = identity
        self._most_clients = most_clients
        self._clients = 0

    # -- Modbus TCP --------------------------------------------------------------------------

    async def tcp(self, stream: ByteStream) -> None:
        if self._most_clients is not None and self._clients >= self._most_clients:
            return
        self._clients += 1
        try:
            await self._serve_tcp(stream)
        finally:
            self._clients -= 1

    async def _serve_tcp(self, stream: ByteStream) -> None:
        buffer = b""
        while data := await stream.receive():
            buffer += data
            replies = bytearray()
            while len(buffer) >= _HEADER:
                length = int.from_bytes(buffer[4:6], "big") + 6
                if not _HEADER < length <= _MOST:
                    if replies:
                        await stream.send(bytes(replies))
                    return  # no frame: where the next one begins cannot be known
                if len(buffer) < length:
                    break
                frame, buffer = buffer[:length], buffer[length:]
                if frame[2:4] == b"\0\0":  # another protocol is left alone
                    replies += self._tcp_reply(frame)
            if replies:
                await stream.send(bytes(replies))

    def _tcp_reply(self, frame: bytes) -> bytes:
        unit, pdu = frame[6], frame[_HEADER:]
        bank = self._tcp_bank(unit)
        if bank is None:
            reply: bytes | None = bytes([pdu[0] | 0x80, GATEWAY_TARGET])
        else:
            reply = self._reply(bank, pdu)
        return b"" if reply is None else mbap(frame[0] << 8 | frame[1], unit, reply)

    def _tcp_bank(self, unit: int) -> RegisterBank | None:
        bank = self._banks.get(unit) or self._banks.get(ANY_UNIT)
        if bank is None and unit in (0, ANY_UNIT) and len(self._banks) == 1:
            return next(iter(self._banks.values()))
        return bank

    def _reply(self, bank: RegisterBank, pdu: bytes) -> bytes | None:
        try:
            return answer(bank, pdu, self._identity)
        except NoReply:
            return None
        except Exception as error:  # a fault of the emulator: seen here, and on the wire as the device's own
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"the register bank failed at {pdu.hex(' ')}", "exception": error}
            )
            return bytes([pdu[0] | 0x80, DEVICE_FAILURE])

    # -- Modbus RTU --------------------------------------------------------------------------

    async def rtu(self, stream: ByteStream) -> None:
        buffer = b""
        while True:
            try:
                data = await (_receive_soon(stream) if buffer else stream.receive())
            except TimeoutError:
                await self._rtu_rest(stream, buffer)
                buffer = b""
                continue
            if not data:
                return
            buffer += data
            while (found := _find_request(buffer)) is not None:
                start, size = found
                frame, buffer = buffer[start : start + size], buffer[start + size :]
                await self._rtu_reply(stream, frame)
            buffer = buffer[-_MOST:]  # a line that babbles costs no more than this

    async def _rtu_rest(self, stream: ByteStream, frame: bytes) -> None:
        """Silence after bytes that are no known request: a function that the device does not have, or noise."""
        if len(frame) >= 4 and crc_holds(frame):
            await self._rtu_reply(stream, frame)

    async def _rtu_reply(self, stream: ByteStream, frame: bytes) -> None:
        unit, pdu = frame[0], frame[1:-2]
        if unit == _BROADCAST:
            for bank in self._banks.values():
                self._reply(bank, pdu)
            return
        asked = self._banks.get(unit)
        reply = None if asked is None else self._reply(asked, pdu)
        if reply is not None:
            await stream.send(rtu_frame(unit, reply))


async def _receive_soon(stream: ByteStream) -> bytes:
    async with asyncio.timeout(_SILENCE):
        return await stream.receive()


@lru_cache(maxsize=1024)
def _find_request(buffer: bytes) -> tuple[int, int] | None:
    """Where the first whole request with a right CRC is: (start, size)."""
    for start in range(len(buffer) - 3):
        size = request_size(buffer[start:] if start else buffer)
        if size and start + size <= len(buffer) and crc_holds(buffer[start : start + size]):
            return start, size
    return None
