"""Text lines out of a stream, whatever pieces they come in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import START, run_virtual
from cellctl.errors import BadAnswer, LinkDown, NoAnswer
from cellctl.links import ByteStream, LineReader, MemoryNetwork, TcpAddress

HOST = TcpAddress("camera", 23)


def reads(pieces: list[tuple[float, bytes]], body: Callable[[LineReader], Awaitable[None]]) -> None:
    async def send(stream: ByteStream) -> None:
        for delay, piece in pieces:
            await clock.sleep(delay)
            await stream.send(piece)

    async def main() -> None:
        network = MemoryNetwork()
        listener = await network.listen(HOST, send)
        stream = await network.connect(HOST)
        await body(LineReader(stream, name="camera"))
        await stream.aclose()
        await listener.aclose()

    run_virtual(main())


def test_lines_in_pieces_and_several_in_one() -> None:
    async def body(reader: LineReader) -> None:
        assert [await reader.line(1.0) for _ in range(4)] == [b"one", b"two", b"", b"three"]

    reads([(0, b"on"), (0.1, b"e\r\ntwo\n\r\nth"), (0.1, b"ree\n")], body)


def test_no_line_in_time_keeps_what_came() -> None:
    async def body(reader: LineReader) -> None:
        with pytest.raises(NoAnswer, match="camera"):
            await reader.line(0.5)
        assert clock.now() == START + 0.5
        assert await reader.line(1.0) == b"late line"

    reads([(0, b"late "), (0.7, b"line\n")], body)


def test_cancelled_line_keeps_what_came() -> None:
    async def body(reader: LineReader) -> None:
        task = asyncio.create_task(reader.line())
        await clock.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await reader.line(1.0) == b"half and half"

    reads([(0, b"half "), (0.5, b"and half\r\n")], body)


def test_endless_line_is_refused() -> None:
    async def body(reader: LineReader) -> None:
        with pytest.raises(BadAnswer, match="100 are the limit"):
            await reader.line(1.0, limit=100)

    reads([(0.001, b"x" * 20)] * 50, body)


def test_long_line_in_one_piece_is_refused() -> None:
    async def body(reader: LineReader) -> None:
        with pytest.raises(BadAnswer):
            await reader.line(1.0, limit=100)

    reads([(0, b"x" * 200 + b"\n")], body)


def test_end_in_mid_line_is_link_down() -> None:
    async def body(reader: LineReader) -> None:
        with pytest.raises(LinkDown, match="camera"):
            await reader.line(1.0)

    reads([(0, b"no end")], body)


def test_prompt_without_line_end() -> None:
    async def body(reader: LineReader) -> None:
        assert await reader.until(b"User: ", 1.0) == b"Welcome\r\nUser: "
        assert await reader.line(1.0) == b"next"
        with pytest.raises(NoAnswer, match="Password"):
            await reader.until(b"Password: ", 0.1)
        assert reader.drain() == b"Pass"

    reads([(0, b"Welcome\r\nUse"), (0.1, b"r: next\r\nPass"), (9, b"")], body)
