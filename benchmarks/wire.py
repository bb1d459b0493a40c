"""Modbus TCP round trips on loopback: our client and pymodbus' against one server in another process."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from multiprocessing.connection import Connection

from pymodbus.client import AsyncModbusTcpClient

from benchmarks.report import Row, lower_is_better, median
from cellctl.links import Links, SystemNetwork, Table, TcpAddress, serve_modbus

COUNT = 10  # registers a request
ROUNDS, REQUESTS = 7, 1000


class _Bank:
    """Registers that hold their own address."""

    def read(self, table: Table, address: int, count: int) -> list[int]:
        return [(address + index) & 0xFFFF for index in range(count)]

    def write(self, table: Table, address: int, values: object) -> None:
        return None


def _serve(port: Connection) -> None:
    async def main() -> None:
        listener = await serve_modbus(SystemNetwork(), TcpAddress("127.0.0.1", 0), {1: _Bank()})
        assert isinstance(listener.address, TcpAddress)
        port.send(listener.address.port)
        await asyncio.get_running_loop().run_in_executor(None, port.recv)
        await listener.aclose()

    asyncio.run(main())


async def _ours(port: int) -> float:
    links = Links(SystemNetwork())
    client = links.modbus(TcpAddress("127.0.0.1", port, 1))
    await client.read_holding(0, COUNT)
    start = time.perf_counter()
    for _ in range(REQUESTS):
        await client.read_holding(0, COUNT)
    elapsed = time.perf_counter() - start
    await links.aclose()
    return elapsed / REQUESTS


async def _peer(port: int) -> float:
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    await client.connect()
    await client.read_holding_registers(0, count=COUNT, device_id=1)
    start = time.perf_counter()
    for _ in range(REQUESTS):
        await client.read_holding_registers(0, count=COUNT, device_id=1)
    elapsed = time.perf_counter() - start
    client.close()
    return elapsed / REQUESTS


def rows() -> list[Row]:
    """The round trip of one connection with one request in flight; rounds of both alternate."""
    ours_end, theirs_end = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs_end,))
    server.start()
    port: int = ours_end.recv()
    samples = [(asyncio.run(_ours(port)), asyncio.run(_peer(port))) for _ in range(ROUNDS)]
    ours_end.send(None)
    server.join()
    ours, peer = (median(column) for column in zip(*samples, strict=True))
    return [lower_is_better("modbus tcp round trip, 10 registers", "us", ours * 1e6, "pymodbus 3.16.1", peer * 1e6)]
