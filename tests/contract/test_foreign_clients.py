"""Clients that others wrote, against our Modbus server over real sockets and a pty."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence

import minimalmodbus
import pytest
from pyModbusTCP.client import ModbusClient as ForeignTcpClient

from cellctl.links import (
    Address,
    Links,
    ModbusRefusal,
    SerialAddress,
    SystemNetwork,
    Table,
    TcpAddress,
    parse_address,
    serve_modbus,
)

UNIT = 9
MBPOLL = shutil.which("mbpoll")


class Bank:
    """200 cells in each table; holding registers count up from 1000."""

    def __init__(self) -> None:
        self.cells: dict[Table, list[int]] = {
            Table.HOLDING: [1000 + number for number in range(200)],
            Table.INPUT: [2000 + number for number in range(200)],
            Table.COILS: [number % 3 == 0 for number in range(200)],
            Table.DISCRETE: [number % 2 for number in range(200)],
        }

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        self._check(address, count)
        return self.cells[table][address : address + count]

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        self._check(address, len(values))
        self.cells[table][address : address + len(values)] = values

    def _check(self, address: int, count: int) -> None:
        if address + count > 200:
            raise ModbusRefusal(2)


@contextlib.contextmanager
def served(address: Address) -> Iterator[Address]:
    """The server in a loop of its own, so that clients which block can be used."""
    bound: list[Address] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        listener = await serve_modbus(SystemNetwork(), address, {UNIT: Bank()}, identity={0: "Acme"})
        bound.append(listener.address)
        ready.set()
        await stop.wait()
        await listener.aclose()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(10)
        yield bound[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def tcp() -> Iterator[TcpAddress]:
    with served(TcpAddress("127.0.0.1", 0)) as address:
        assert isinstance(address, TcpAddress)
        yield address


@pytest.fixture(scope="module")
def pty() -> Iterator[SerialAddress]:
    with served(SerialAddress("", UNIT, 115200)) as address:
        assert isinstance(address, SerialAddress)
        yield address


@pytest.fixture
def foreign_tcp(tcp: TcpAddress) -> Iterator[ForeignTcpClient]:
    client = ForeignTcpClient(host=tcp.host, port=tcp.port, unit_id=UNIT, timeout=5.0)
    yield client
    client.close()


def test_pymodbustcp_reads_and_writes(foreign_tcp: ForeignTcpClient) -> None:
    client = foreign_tcp
    assert client.read_holding_registers(0, 3) == [1000, 1001, 1002]
    assert client.read_holding_registers(0, 125) == [1000 + number for number in range(125)]
    assert client.read_input_registers(7, 1) == [2007]
    assert client.read_coils(0, 17) == [number % 3 == 0 for number in range(17)]
    assert client.read_discrete_inputs(0, 9) == [bool(number % 2) for number in range(9)]
    assert client.write_single_register(100, 65535)
    assert client.write_multiple_registers(101, [1, 2, 3])
    assert client.read_holding_registers(100, 4) == [65535, 1, 2, 3]
    assert client.write_single_coil(50, True)
    assert client.write_multiple_coils(51, [True, False, True])
    assert client.read_coils(50, 4) == [True, True, False, True]
    assert client.write_read_multiple_registers(100, [8, 9], 100, 3) == [8, 9, 2]


def test_pymodbustcp_hears_refusals(foreign_tcp: ForeignTcpClient) -> None:
    client = foreign_tcp
    assert client.read_holding_registers(199, 2) is None
    assert client.last_except == 2
    client.unit_id = 33
    assert client.read_holding_registers(0, 1) is None
    assert client.last_except == 11


def test_pymodbustcp_identifies(foreign_tcp: ForeignTcpClient) -> None:
    answer = foreign_tcp.read_device_identification()
    assert answer is not None
    assert answer.vendor_name == b"Acme"


@pytest.fixture
def foreign_serial(pty: SerialAddress) -> Iterator[minimalmodbus.Instrument]:
    instrument = minimalmodbus.Instrument(pty.path, UNIT)
    instrument.serial.baudrate = 115200
    instrument.serial.timeout = 5.0
    yield instrument
    instrument.serial.close()


def test_minimalmodbus_reads_and_writes(foreign_serial: minimalmodbus.Instrument) -> None:
    instrument = foreign_serial
    assert instrument.read_registers(0, 3) == [1000, 1001, 1002]
    assert instrument.read_register(7, functioncode=4) == 2007
    assert instrument.read_bits(0, 9, functioncode=1) == [int(number % 3 == 0) for number in range(9)]
    assert instrument.read_bit(1, functioncode=2) == 1
    instrument.write_register(100, 4711, functioncode=6)
    instrument.write_registers(101, [1, 2, 3])
    assert instrument.read_registers(100, 4) == [4711, 1, 2, 3]
    instrument.write_float(110, 2.5)
    assert instrument.read_float(110) == 2.5
    instrument.write_bit(50, 1)
    assert instrument.read_bit(50, functioncode=1) == 1
    with pytest.raises(minimalmodbus.IllegalRequestError):
        instrument.read_registers(199, 2)


def test_minimalmodbus_hears_nothing_from_another_unit(foreign_serial: minimalmodbus.Instrument) -> None:
    foreign_serial.address = 5
    foreign_serial.serial.timeout = 0.2
    with pytest.raises(minimalmodbus.NoResponseError):
        foreign_serial.read_register(0)
    foreign_serial.address = UNIT
    foreign_serial.serial.timeout = 5.0
    assert foreign_serial.read_register(0) == 1000


def mbpoll(*arguments: str) -> str:
    assert MBPOLL is not None
    command = [MBPOLL, "-1", "-q", "-0", "-a", str(UNIT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(MBPOLL is None, reason="mbpoll is not installed (Debian: apt install mbpoll)")
def test_mbpoll_on_a_socket(tcp: TcpAddress) -> None:
    where = ("-m", "tcp", "-p", str(tcp.port))
    output = mbpoll(*where, "-t", "4", "-r", "5", "-c", "3", tcp.host)
    assert [line.split() for line in output.splitlines() if line.startswith("[")] == [
        ["[5]:", "1005"], ["[6]:", "1006"], ["[7]:", "1007"],
    ]  # fmt: skip
    mbpoll(*where, "-t", "4", "-r", "150", tcp.host, "77", "78")
    assert "78" in mbpoll(*where, "-t", "4", "-r", "151", tcp.host)


@pytest.mark.skipif(MBPOLL is None, reason="mbpoll is not installed (Debian: apt install mbpoll)")
def test_mbpoll_on_a_pty(pty: SerialAddress) -> None:
    where = ("-m", "rtu", "-b", "115200", "-P", "none")
    assert "2010" in mbpoll(*where, "-t", "3", "-r", "10", pty.path)
    mbpoll(*where, "-t", "4", "-r", "160", pty.path, "5")
    assert "[160]: \t5" in mbpoll(*where, "-t", "4", "-r", "160", pty.path)


@pytest.mark.parametrize("kind", ["tcp", "pty"])
def test_our_own_client_beside_them(kind: str, tcp: TcpAddress, pty: SerialAddress) -> None:
    address = parse_address(f"{tcp} unit {UNIT}" if kind == "tcp" else str(pty))

    async def main() -> None:
        links = Links(SystemNetwork())
        client = links.modbus(address, timeout=5.0)
        assert await client.read_holding(0, 3) == [1000, 1001, 1002]
        await client.write(180, 1, 2)
        await client.write(182, 3)
        assert await client.read_holding(180, 3) == [1, 2, 3]
        await client.write_coil(70, True, False, True)
        assert await client.read_coils(70, 3) == [1, 0, 1]
        assert (await client.identify())["vendor"] == "Acme"
        await links.aclose()

    asyncio.run(main())
