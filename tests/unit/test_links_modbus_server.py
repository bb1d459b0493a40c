"""The Modbus server, asked with frames typed in by hand. Layouts: Modbus Application Protocol V1.1b3, section 6."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.links import (
    Address,
    ByteStream,
    MemoryNetwork,
    ModbusRefusal,
    NoReply,
    RegisterBank,
    SerialAddress,
    Table,
    TcpAddress,
    serve_modbus,
)

TCP = TcpAddress("device", 502)
RTU = SerialAddress("bus", 1, 115200)


class Bank:
    """Registers 0–99 and coils 0–99; register 50 is refused as busy, 60 is silent, 70 fails in the emulator."""

    def __init__(self) -> None:
        self.cells = {Table.HOLDING: list(range(100)), Table.INPUT: [7] * 100}
        self.cells |= {Table.COILS: [0] * 100, Table.DISCRETE: [1] * 100}

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        self._check(address, count)
        return self.cells[table][address : address + count]

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        self._check(address, len(values))
        self.cells[table][address : address + len(values)] = values

    def _check(self, address: int, count: int) -> None:
        if address + count > 100:
            raise ModbusRefusal(2)
        if address == 50:
            raise ModbusRefusal(6)
        if address == 60:
            raise NoReply
        if address == 70:
            raise ZeroDivisionError


def talks(
    address: Address,
    body: Callable[[ByteStream], Awaitable[None]],
    banks: Mapping[int, RegisterBank] | None = None,
    **options: object,
) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = await serve_modbus(network, address, banks or {1: Bank()}, **options)  # type: ignore[arg-type]
        stream = await network.connect(address)
        await body(stream)
        await stream.aclose()
        await listener.aclose()

    run_virtual(main())


async def asked(stream: ByteStream, request: str) -> str:
    """Send hex, wait until the line is quiet, return what came as hex."""
    await stream.send(bytes.fromhex(request))
    await clock.sleep(0.5)
    return stream.drain().hex(" ")


def mbap(pdu: str, unit: int = 1) -> str:
    data = bytes.fromhex(pdu)
    return (bytes([0, 9, 0, 0, 0, len(data) + 1, unit]) + data).hex(" ")


EXCHANGES = {
    "FC1": ("01 00 00 00 0a", "01 02 00 00"),
    "FC2 nine bits": ("02 00 00 00 09", "02 02 ff 01"),
    "FC3": ("03 00 02 00 03", "03 06 00 02 00 03 00 04"),
    "FC4": ("04 00 00 00 01", "04 02 00 07"),
    "FC5": ("05 00 03 ff 00", "05 00 03 ff 00"),
    "FC6": ("06 00 03 12 34", "06 00 03 12 34"),
    "FC15": ("0f 00 00 00 0a 02 cd 01", "0f 00 00 00 0a"),
    "FC16": ("10 00 01 00 02 04 00 0a 01 02", "10 00 01 00 02"),
    "FC23": ("17 00 03 00 02 00 04 00 01 02 00 ff", "17 04 00 03 00 ff"),
    "FC3 count 0": ("03 00 00 00 00", "83 03"),
    "FC3 count 126": ("03 00 00 00 7e", "83 03"),
    "FC1 count 2001": ("01 00 00 07 d1", "81 03"),
    "FC3 past 65535": ("03 ff ff 00 02", "83 02"),
    "FC3 the device has no such register": ("03 00 63 00 02", "83 02"),
    "FC3 busy": ("03 00 32 00 01", "83 06"),
    "FC3 too short": ("03 00 00", "83 03"),
    "FC3 too long": ("03 00 00 00 01 00", "83 03"),
    "FC5 neither on nor off": ("05 00 03 00 01", "85 03"),
    "FC15 byte count": ("0f 00 00 00 0a 01 cd", "8f 03"),
    "FC16 byte count": ("10 00 01 00 02 03 00 0a 01", "90 03"),
    "FC16 count 124": ("10 00 01 00 7c f6" + " 00 01" * 123, "90 03"),
    "FC23 write count": ("17 00 03 00 02 00 04 00 7a f2" + " 00 01" * 121, "97 03"),
    "unknown function": ("63 00 00 00 01", "e3 01"),
    "FC43 without identity": ("2b 0e 01 00", "ab 01"),
    "FC8 is not there": ("08 00 00 a5 37", "88 01"),
}


@pytest.mark.parametrize("name", EXCHANGES)
def test_tcp(name: str) -> None:
    request, reply = EXCHANGES[name]

    async def body(stream: ByteStream) -> None:
        assert await asked(stream, mbap(request)) == mbap(reply)

    talks(TCP, body)


def crc(data: bytes) -> bytes:
    """CRC-16/MODBUS by its definition: polynomial 0xA001, start 0xFFFF, low byte first."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


def rtu(pdu: str, unit: int = 1) -> str:
    data = bytes([unit]) + bytes.fromhex(pdu)
    return (data + crc(data)).hex(" ")


def test_rtu_frame_from_the_specification() -> None:
    assert rtu("07", unit=2) == "02 07 41 12"  # V1.02, 6.2.2: CRC 0x1241, low byte first


@pytest.mark.parametrize("name", [name for name in EXCHANGES if "too" not in name and "byte count" not in name])
def test_rtu(name: str) -> None:
    request, reply = EXCHANGES[name]

    async def body(stream: ByteStream) -> None:
        assert await asked(stream, rtu(request)) == rtu(reply)

    talks(RTU, body)


def test_writes_reach_the_bank() -> None:
    bank = Bank()

    async def body(stream: ByteStream) -> None:
        await asked(stream, mbap(EXCHANGES["FC15"][0]))
        await asked(stream, mbap(EXCHANGES["FC16"][0]))
        await asked(stream, mbap("05 00 14 ff 00"))

    talks(TCP, body, {1: bank})
    assert bank.cells[Table.COILS][:10] == [1, 0, 1, 1, 0, 0, 1, 1, 1, 0]  # the example of V1.1b3, 6.11
    assert bank.cells[Table.COILS][20] == 1
    assert bank.cells[Table.HOLDING][:4] == [0, 10, 258, 3]


def test_refused_write_changes_nothing() -> None:
    bank = Bank()

    async def body(stream: ByteStream) -> None:
        assert await asked(stream, mbap("10 00 63 00 02 04 00 01 00 02")) == mbap("90 02")

    talks(TCP, body, {1: bank})
    assert bank.cells[Table.HOLDING] == list(range(100))


def test_eight_requests_in_one_segment_are_all_answered() -> None:
    async def body(stream: ByteStream) -> None:
        request = "".join(f"00 {number:02x} 00 00 00 06 01 03 00 {number:02x} 00 01" for number in range(8))
        answers = bytes.fromhex(await asked(stream, request))
        assert answers == b"".join(bytes([0, n, 0, 0, 0, 5, 1, 3, 2, 0, n]) for n in range(8))

    talks(TCP, body)


def test_requests_in_pieces_are_answered() -> None:
    async def body(stream: ByteStream) -> None:
        for byte in bytes.fromhex(mbap("03 00 02 00 01") + mbap("03 00 03 00 01")):
            await stream.send(bytes([byte]))
            await clock.sleep(0.002)
        assert stream.drain().hex(" ") == mbap("03 02 00 02") + " " + mbap("03 02 00 03")

    talks(TCP, body)


def test_another_protocol_id_is_left_alone_and_the_next_request_answered() -> None:
    async def body(stream: ByteStream) -> None:
        assert await asked(stream, "00 01 00 01 00 06 01 03 00 00 00 01") == ""
        assert await asked(stream, mbap("03 00 02 00 01")) == mbap("03 02 00 02")

    talks(TCP, body)


@pytest.mark.parametrize("length", ["00 00", "00 01", "01 00", "ff ff"])
def test_impossible_length_ends_the_connection(length: str) -> None:
    async def body(stream: ByteStream) -> None:
        await stream.send(bytes.fromhex(f"00 01 00 00 {length} 01 03 00 00 00 01"))
        assert await stream.receive() == b""

    talks(TCP, body)


def test_units_on_tcp() -> None:
    one, two = Bank(), Bank()
    two.cells[Table.HOLDING][2] = 222
    read = "03 00 02 00 01"

    async def two_units(stream: ByteStream) -> None:
        assert await asked(stream, mbap(read, 2)) == mbap("03 02 00 de", 2)
        assert await asked(stream, mbap(read, 1)) == mbap("03 02 00 02", 1)
        assert await asked(stream, mbap(read, 3)) == mbap("83 0b", 3)
        assert await asked(stream, mbap(read, 255)) == mbap("83 0b", 255)

    async def single(stream: ByteStream) -> None:
        assert await asked(stream, mbap(read, 0)) == mbap("03 02 00 02", 0)
        assert await asked(stream, mbap(read, 255)) == mbap("03 02 00 02", 255)
        assert await asked(stream, mbap(read, 9)) == mbap("83 0b", 9)

    async def any_unit(stream: ByteStream) -> None:
        assert await asked(stream, mbap(read, 77)) == mbap("03 02 00 02", 77)

    talks(TCP, two_units, {1: one, 2: two})
    talks(TCP, single, {1: one})
    talks(TCP, any_unit, {255: one})


def test_units_on_rtu() -> None:
    one, two = Bank(), Bank()

    async def body(stream: ByteStream) -> None:
        assert await asked(stream, rtu("03 00 02 00 01", 2)) == rtu("03 02 00 02", 2)
        assert await asked(stream, rtu("03 00 02 00 01", 3)) == ""
        assert await asked(stream, rtu("63", 3)) == ""
        assert await asked(stream, rtu("06 00 02 00 63", 0)) == "", "broadcast is not answered"

    talks(RTU, body, {1: one, 2: two})
    assert one.cells[Table.HOLDING][2] == two.cells[Table.HOLDING][2] == 99


@pytest.mark.parametrize("noise", ["00", "ff", "01", "01 03", "03 06 00", "a5 5a 01 10"])
def test_noise_before_a_request_on_rtu(noise: str) -> None:
    async def body(stream: ByteStream) -> None:
        for _ in range(3):
            assert await asked(stream, noise + rtu("03 00 02 00 01")) == rtu("03 02 00 02")

    talks(RTU, body)


def test_broken_request_on_rtu_is_left_alone_and_the_next_one_answered() -> None:
    async def body(stream: ByteStream) -> None:
        good = rtu("03 00 02 00 01")
        assert await asked(stream, good[:-1] + "0") == ""
        assert await asked(stream, good[:11]) == ""
        assert await asked(stream, good) == rtu("03 02 00 02")

    talks(RTU, body)


def test_babbling_line_costs_no_memory_and_ends() -> None:
    async def body(stream: ByteStream) -> None:
        for _ in range(50):
            await stream.send(b"\x01\x10" * 500)
        await clock.sleep(60)
        assert await asked(stream, rtu("03 00 02 00 01")) == rtu("03 02 00 02")

    talks(RTU, body)


@pytest.mark.parametrize("address", [TCP, RTU], ids=["tcp", "rtu"])
def test_silent_register_is_silent_and_the_next_request_answered(address: Address) -> None:
    frame = mbap if address is TCP else rtu

    async def body(stream: ByteStream) -> None:
        assert await asked(stream, frame("03 00 3c 00 01")) == ""
        assert await asked(stream, frame("03 00 02 00 01")) == frame("03 02 00 02")

    talks(address, body)


def test_fault_of_the_emulator_is_exception_4_and_is_seen() -> None:
    seen: list[object] = []

    async def body(stream: ByteStream) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context["exception"]))
        assert await asked(stream, mbap("03 00 46 00 01")) == mbap("83 04")
        assert await asked(stream, mbap("03 00 02 00 01")) == mbap("03 02 00 02")

    talks(TCP, body)
    assert [type(error) for error in seen] == [ZeroDivisionError]


def test_identity() -> None:
    identity = {0: "Acme", 1: "X1", 2: "1.0", 0x80: "private"}

    async def body(stream: ByteStream) -> None:
        assert await asked(stream, mbap("2b 0e 01 00")) == mbap(
            "2b 0e 01 83 00 00 03 00 04 41 63 6d 65 01 02 58 31 02 03 31 2e 30"
        )
        assert await asked(stream, mbap("2b 0e 04 01")) == mbap("2b 0e 04 83 00 00 01 01 02 58 31")
        assert await asked(stream, mbap("2b 0e 04 09")) == mbap("ab 02")
        assert await asked(stream, mbap("2b 0e 09 00")) == mbap("ab 03")
        assert await asked(stream, mbap("2b 0d 01 00")) == mbap("ab 01")
        assert b"private" in bytes.fromhex(await asked(stream, mbap("2b 0e 03 00")))

    talks(TCP, body, identity=identity)


def test_connection_limit() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = await serve_modbus(network, TCP, {1: Bank()}, most_clients=1)
        first, second = await network.connect(TCP), await network.connect(TCP)
        assert await second.receive() == b""
        assert await asked(first, mbap("03 00 02 00 01")) == mbap("03 02 00 02")
        await first.aclose()
        await clock.sleep(0.1)
        third = await network.connect(TCP)
        assert await asked(third, mbap("03 00 02 00 01")) == mbap("03 02 00 02")
        for stream in (second, third):
            await stream.aclose()
        await listener.aclose()

    run_virtual(main())
