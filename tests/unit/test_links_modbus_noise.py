"""Whatever bytes come, the clients raise what they declare, and the server goes on."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import LinkError
from cellctl.links import (
    Address,
    ByteStream,
    Links,
    MemoryNetwork,
    ModbusClient,
    SerialAddress,
    Table,
    TcpAddress,
    serve_modbus,
)

TCP = TcpAddress("device", 502, unit=1)
RTU = SerialAddress("bus", 1, 115200)


class Bank:
    def read(self, table: Table, address: int, count: int) -> list[int]:
        return [(address + number) & (1 if table.bits else 0xFFFF) for number in range(count)]

    def write(self, table: Table, address: int, values: object) -> None:
        pass


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The data with one to three bytes changed, left out, put in, or cut off."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(out) + 1)
        kind = chance.randrange(4)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            out[at:at] = chance.randbytes(chance.randint(1, 3))
        elif kind == 2:
            del out[at : at + 1]
        else:
            del out[at:]
    return bytes(out)


class Noisy:
    """A stream whose bytes are mutated now and then, on their way out."""

    def __init__(self, inner: ByteStream, chance: random.Random, share: float) -> None:
        self._inner, self._chance, self._share = inner, chance, share

    async def receive(self) -> bytes:
        return await self._inner.receive()

    async def send(self, data: bytes) -> None:
        await self._inner.send(mutated(data, self._chance) if self._chance.random() < self._share else data)

    def drain(self) -> bytes:
        return self._inner.drain()

    async def aclose(self) -> None:
        await self._inner.aclose()


class NoisyNetwork(MemoryNetwork):
    """Answers (or requests) get noise."""

    def __init__(self, seed: int, share: float, *, answers: bool) -> None:
        super().__init__()
        self._chance, self._share, self._answers = random.Random(seed), share, answers

    async def connect(self, address: Address) -> ByteStream:  # type: ignore[override]  # wrapped on purpose
        stream = await super().connect(address)
        return stream if self._answers else Noisy(stream, self._chance, self._share)

    async def listen(self, address: Address, handler: Callable[[ByteStream], object]):  # type: ignore[no-untyped-def,override]
        async def noisy(stream: ByteStream) -> None:
            await handler(Noisy(stream, self._chance, self._share) if self._answers else stream)  # type: ignore[misc]

        return await super().listen(address, noisy)


async def ask_something(client: ModbusClient, chance: random.Random) -> None:
    address, count = chance.randrange(1000), chance.randint(1, 30)
    kind = chance.randrange(6)
    if kind <= 1:
        assert await client.read_holding(address, count) == list(range(address, address + count))
    elif kind == 2:
        assert await client.read_coils(address, count) == [(address + number) & 1 for number in range(count)]
    elif kind == 3:
        await client.write(address, *range(count))
    elif kind == 4:
        await client.read_write(address, count, address, 1, 2)
    else:
        await client.identify()


@pytest.mark.parametrize("address", [TCP, RTU], ids=["tcp", "rtu"])
@pytest.mark.parametrize("answers", [True, False], ids=["answers", "requests"])
def test_noise_raises_only_what_is_declared(address: Address, answers: bool) -> None:
    async def main() -> None:
        network = NoisyNetwork(11, 0.3, answers=answers)
        listener = await serve_modbus(network, address, {1: Bank()}, identity={0: "Acme", 1: "X"})
        links = Links(network)
        client = links.modbus(address, timeout=0.1)
        chance = random.Random(12)
        good = 0
        for _ in range(1500):
            try:
                await ask_something(client, chance)
                good += 1
            except LinkError as error:
                assert error.where
            except AssertionError:
                # Modbus TCP has no checksum of its own: a changed register is the transport's to prevent.
                assert isinstance(address, TcpAddress)
        assert good > 700
        await clock.sleep(1)
        await links.aclose()
        await listener.aclose()

    run_virtual(main())
