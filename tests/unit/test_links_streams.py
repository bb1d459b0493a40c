"""Every byte stream keeps the same contract: in memory (virtual time), sockets and ptys (real time)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import LinkDown, UsageError
from cellctl.links import (
    Address,
    ByteStream,
    Handler,
    Links,
    MemoryNetwork,
    Network,
    SerialAddress,
    SystemNetwork,
    TcpAddress,
)

Made = Callable[[Handler], contextlib.AbstractAsyncContextManager[tuple[Network, Address]]]
Run = Callable[[Callable[[Made], Awaitable[None]]], None]

KINDS: dict[str, tuple[type[MemoryNetwork | SystemNetwork], Address, bool]] = {
    "memory tcp": (MemoryNetwork, TcpAddress("host", 0), True),
    "memory serial": (MemoryNetwork, SerialAddress("", 9, 115200), True),
    "socket": (SystemNetwork, TcpAddress("127.0.0.1", 0), False),
    "pty": (SystemNetwork, SerialAddress("", 9, 115200), False),
}
TCP = ("memory tcp", "socket")
SERIAL = ("memory serial", "pty")


def runs(kind: str) -> Run:
    network_type, address, virtual = KINDS[kind]

    @contextlib.asynccontextmanager
    async def made(handler: Handler) -> AsyncIterator[tuple[Network, Address]]:
        network = network_type()
        listener = await network.listen(address, handler)
        try:
            yield network, listener.address
        finally:
            await listener.aclose()

    def run(main: Callable[[Made], Awaitable[None]]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(20):
                await main(made)

        run_virtual(bounded()) if virtual else asyncio.run(bounded())

    return run


async def echo(stream: ByteStream) -> None:
    while data := await stream.receive():
        await stream.send(data)


async def read(stream: ByteStream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = await stream.receive()
        assert more, f"the line ended after {data!r}"
        data += more
    return data


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_come_back_in_order(kind: str) -> None:
    async def main(made: Made) -> None:
        async with made(echo) as (network, address):
            stream = await network.connect(address)
            sent = b"".join(bytes([number]) * 3 for number in range(100))
            for start in range(0, len(sent), 10):
                await stream.send(sent[start : start + 10])
            assert await read(stream, len(sent)) == sent
            await stream.aclose()

    runs(kind)(main)


@pytest.mark.parametrize("kind", KINDS)
def test_cancelled_receive_loses_nothing(kind: str) -> None:
    async def main(made: Made) -> None:
        async with made(echo) as (network, address):
            stream = await network.connect(address)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await stream.receive()
            await stream.send(b"abc")
            assert await read(stream, 3) == b"abc"
            await stream.aclose()

    runs(kind)(main)


@pytest.mark.parametrize("kind", KINDS)
def test_drain_takes_what_has_come_without_waiting(kind: str) -> None:
    async def main(made: Made) -> None:
        async with made(echo) as (network, address):
            stream = await network.connect(address)
            assert stream.drain() == b""
            await stream.send(b"old")
            await clock.sleep(0.2)
            assert stream.drain() == b"old"
            await stream.aclose()

    runs(kind)(main)


@pytest.mark.parametrize("kind", KINDS)
def test_closed_stream_says_so_and_closes_twice(kind: str) -> None:
    async def main(made: Made) -> None:
        async with made(echo) as (network, address):
            stream = await network.connect(address)
            waiting = asyncio.create_task(stream.receive())
            await clock.sleep(0.01)
            await stream.aclose()
            await stream.aclose()
            with pytest.raises(LinkDown):
                await waiting
            with pytest.raises(LinkDown):
                await stream.send(b"x")

    runs(kind)(main)


@pytest.mark.parametrize("kind", TCP)
def test_end_comes_after_everything_that_was_sent(kind: str) -> None:
    async def talk_and_go(stream: ByteStream) -> None:
        await stream.send(b"last words")

    async def main(made: Made) -> None:
        async with made(talk_and_go) as (network, address):
            stream = await network.connect(address)
            assert await read(stream, 10) == b"last words"
            assert await stream.receive() == b""
            with pytest.raises(LinkDown):
                await stream.send(b"x")
            await stream.aclose()

    runs(kind)(main)


@pytest.mark.parametrize("kind", TCP)
def test_many_clients_at_once_and_all_end_with_the_listener(kind: str) -> None:
    async def main(made: Made) -> None:
        async with made(echo) as (network, address):
            streams = [await network.connect(address) for _ in range(5)]
            for number, stream in enumerate(streams):
                await stream.send(bytes([number]))
            assert [await stream.receive() for stream in streams] == [bytes([number]) for number in range(5)]
        for stream in streams:
            assert await stream.receive() == b""
            await stream.aclose()
        with pytest.raises(LinkDown, match=r"refused"):
            await network.connect(address)

    runs(kind)(main)


@pytest.mark.parametrize("kind", SERIAL)
def test_serial_port_is_for_one_and_free_again_after_close(kind: str) -> None:
    async def main(made: Made) -> None:
        async with made(echo) as (network, address):
            stream = await network.connect(address)
            with pytest.raises(LinkDown) as caught:
                await network.connect(address)
            assert "program" in caught.value.hint
            await stream.aclose()
            stream = await network.connect(address)
            await stream.send(b"again")
            assert await read(stream, 5) == b"again"
            await stream.aclose()

    runs(kind)(main)


@pytest.mark.parametrize("kind", SERIAL)
def test_unplugged_port_is_told_to_who_waits(kind: str) -> None:
    async def main(made: Made) -> None:
        async with made(echo) as (network, address):
            stream = await network.connect(address)
            waiting = asyncio.create_task(stream.receive())
            await clock.sleep(0.01)
        with pytest.raises(LinkDown, match="gone"):
            await waiting
        with pytest.raises(LinkDown):
            await stream.send(b"x")
        await stream.aclose()

    runs(kind)(main)


@pytest.mark.parametrize("kind", SERIAL)
def test_bytes_take_the_time_of_the_wire_both_ways(kind: str) -> None:
    async def main(made: Made) -> None:
        async with made(echo) as (network, address):
            stream = await network.connect(address)
            started = clock.now()
            await stream.send(bytes(500))
            await read(stream, 500)
            assert clock.now() - started >= 2 * 500 * 10 / 115200  # 10 bits a character
            await stream.aclose()

    runs(kind)(main)


def test_pacing_in_memory_is_exact() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = await network.listen(SerialAddress("bus", 1, 9600), echo)
        stream = await network.connect(SerialAddress("bus", 1, 9600))
        started = clock.now()
        await stream.send(b"12345678")
        await stream.send(b"9")
        assert await stream.receive() == b"12345678"
        assert clock.now() - started == pytest.approx(16 * 10 / 9600)
        assert await stream.receive() == b"9"
        assert clock.now() - started == pytest.approx(17 * 10 / 9600)
        await stream.aclose()
        await listener.aclose()

    run_virtual(main())


def test_latency_in_memory() -> None:
    async def main() -> None:
        network = MemoryNetwork(latency=0.25)
        listener = await network.listen(TcpAddress("far", 7), echo)
        stream = await network.connect(TcpAddress("far", 7))
        started = clock.now()
        await stream.send(b"a")
        await stream.send(b"b")
        assert await read(stream, 2) == b"ab"
        assert clock.now() - started == pytest.approx(0.5)
        await stream.aclose()
        await listener.aclose()

    run_virtual(main())


def test_ports_in_memory_are_made_up_and_taken_ones_refused() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        first = await network.listen(TcpAddress("host", 0), echo)
        second = await network.listen(TcpAddress("host"), echo)
        assert first.address != second.address
        with pytest.raises(UsageError):
            await network.listen(first.address, echo)
        bus = await network.listen(SerialAddress("", 1), echo)
        with pytest.raises(UsageError):
            await network.listen(bus.address, echo)
        with pytest.raises(UsageError):
            await network.connect(TcpAddress("host"))
        with pytest.raises(LinkDown, match="no such serial port"):
            await network.connect(SerialAddress("nowhere", 1))
        for listener in (first, second, bus):
            await listener.aclose()

    run_virtual(main())


def test_handler_that_fails_is_seen_and_harms_no_other() -> None:
    async def fails(stream: ByteStream) -> None:
        if await stream.receive() == b"bad":
            raise ZeroDivisionError
        await stream.send(b"fine")

    async def main() -> None:
        seen: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context["exception"]))
        network = MemoryNetwork()
        listener = await network.listen(TcpAddress("host", 1), fails)
        for word, answer in ((b"bad", b""), (b"good", b"fine")):
            stream = await network.connect(TcpAddress("host", 1))
            await stream.send(word)
            assert await stream.receive() == answer
            await stream.aclose()
        assert [type(error) for error in seen] == [ZeroDivisionError]
        await listener.aclose()

    run_virtual(main())


# -- what only the system's own can do -------------------------------------------------------


def test_reset_connection_is_told_at_once_with_its_reason() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            stream = await SystemNetwork().connect(TcpAddress("127.0.0.1", server.getsockname()[1]))
            peer, _ = server.accept()
            waiting = asyncio.create_task(stream.receive())
            await clock.sleep(0)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            with pytest.raises(LinkDown, match="broke the connection"):
                await waiting
            await stream.aclose()

    asyncio.run(main())


def test_sockets_do_not_wait_to_fill_packets_and_notice_a_dead_peer() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            stream = await SystemNetwork().connect(TcpAddress("127.0.0.1", server.getsockname()[1]))
            transport = stream._transport  # type: ignore[attr-defined]  # what the system was told shows nowhere else
            sock = transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert 0 < sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 15_000
            await stream.aclose()

    asyncio.run(main())


def test_more_than_the_system_buffers_is_sent_whole() -> None:
    size = 8_000_000

    async def main() -> None:
        async def slow(stream: ByteStream) -> None:
            await clock.sleep(0.05)
            await stream.send(str(len(await read(stream, size))).encode())

        network = SystemNetwork()
        listener = await network.listen(TcpAddress("127.0.0.1", 0), slow)
        stream = await network.connect(listener.address)
        await stream.send(bytes(size))
        assert await read(stream, 7) == str(size).encode()
        await stream.aclose()
        await listener.aclose()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (TcpAddress("127.0.0.1", 1), "refused"),
        (SerialAddress("/dev/no-such-port", 1), "no such file"),
        (SerialAddress("/dev/null", 1), "cannot be opened"),
    ],
)
def test_what_cannot_be_opened_is_named_with_reason(address: Address, reason: str) -> None:
    async def main() -> None:
        with pytest.raises(LinkDown, match=reason) as caught:
            await SystemNetwork().connect(address)
        assert caught.value.where == str(address)

    asyncio.run(main())


def test_tcp_port_that_is_taken_cannot_be_served() -> None:
    async def main() -> None:
        network = SystemNetwork()
        listener = await network.listen(TcpAddress("127.0.0.1", 0), echo)
        with pytest.raises(LinkDown, match="cannot be served"):
            await network.listen(listener.address, echo)
        await listener.aclose()

    asyncio.run(main())


def is_character_device(path: str) -> bool:
    return Path(path).is_char_device()


def test_pty_is_a_tty_and_goes_with_its_listener() -> None:
    async def main() -> None:
        listener = await SystemNetwork().listen(SerialAddress("", 3, 19200, "8E1"), echo)
        address = listener.address
        assert isinstance(address, SerialAddress)
        assert is_character_device(address.path)
        assert address.format == "8N1", "a pty takes no parity"
        await listener.aclose()
        with pytest.raises(LinkDown):
            await SystemNetwork().connect(address)

    asyncio.run(main())


def test_links_give_byte_lines_until_closed() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = await network.listen(TcpAddress("host", 1), echo)
        links = Links(network)
        stream = await links.connect(TcpAddress("host", 1))
        await stream.aclose()
        await links.aclose()
        with pytest.raises(LinkDown):
            await links.connect(TcpAddress("host", 1))
        await listener.aclose()

    run_virtual(main())
