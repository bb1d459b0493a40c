"""The Modbus client on TCP, against devices that misbehave as the field's do (devices/08_faults.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import START, run_virtual
from cellctl.errors import BadAnswer, LinkDown, NoAnswer, Refused, UsageError
from cellctl.links import ByteStream, Handler, Links, MemoryNetwork, ModbusClient, Table, TcpAddress

HOST = TcpAddress("device", 502, unit=1)
Answer = Callable[[bytes, ByteStream], Awaitable[None]]
Body = Callable[[ModbusClient, Links], Awaitable[None]]


def device(answer: Answer) -> Handler:
    """A device that hands each whole request to ``answer``."""

    async def serve(stream: ByteStream) -> None:
        buffer = b""
        while data := await stream.receive():
            buffer += data
            while len(buffer) >= 6 and len(buffer) >= (size := 6 + int.from_bytes(buffer[4:6], "big")):
                frame, buffer = buffer[:size], buffer[size:]
                await answer(frame, stream)

    return serve


def good(request: bytes) -> bytes:
    """What a right device answers: reads give each register its own address; writes are confirmed."""
    tid, unit, function = request[:2], request[6:7], request[7]
    address, count = int.from_bytes(request[8:10], "big"), int.from_bytes(request[10:12], "big")
    if function in (3, 4):
        body = bytes([2 * count]) + b"".join((address + n).to_bytes(2, "big") for n in range(count))
    else:
        body = request[8:12]
    pdu = bytes([function]) + body
    return tid + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + unit + pdu


def runs(answer: Answer, body: Body, *, timeout: float = 1.0, in_flight: int = 1) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = await network.listen(HOST, device(answer))
        links = Links(network)
        client = links.modbus(HOST, timeout=timeout, in_flight=in_flight)
        await body(client, links)
        await client.aclose()
        await links.aclose()
        await listener.aclose()

    run_virtual(main())


async def fine(request: bytes, stream: ByteStream) -> None:
    await stream.send(good(request))


def once(change: Callable[[bytes], bytes]) -> Answer:
    """Answers the first request changed, the others rightly."""
    answers = iter([change])

    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send(next(answers, good)(request))

    return answer


def test_reads_and_writes() -> None:
    asked: list[str] = []

    async def answer(request: bytes, stream: ByteStream) -> None:
        asked.append(request[7:].hex(" "))
        await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        assert await client.read_holding(5, 3) == [5, 6, 7]
        assert await client.read_input(9) == [9]
        await client.write(4, 0xBEEF)
        await client.write(4, 1, 2)

    runs(answer, body)
    assert asked == ["03 00 05 00 03", "04 00 09 00 01", "06 00 04 be ef", "10 00 04 00 02 04 00 01 00 02"]


@pytest.mark.parametrize(
    ("name", "change", "match"),
    [
        ("transaction 0", lambda r: b"\0\0" + good(r)[2:], "transaction number 0"),
        ("fewer registers", lambda r: r[:2] + bytes.fromhex("00 00 00 07 01 03 04 00 05 00 06"), "2 registers came"),
        ("more registers", lambda r: r[:2] + b"\0\0\0\x0b\x01\x03\x08" + bytes(8), "4 registers"),
        ("byte count", lambda r: good(r)[:8] + b"\x04" + good(r)[9:], "byte count 4"),
        ("FC4 to FC3", lambda r: good(r)[:7] + b"\x04" + good(r)[8:], "function code 4"),
        ("another unit", lambda r: good(r)[:6] + b"\x05" + good(r)[7:], "unit 5 answered; unit 1 was asked"),
        ("protocol id", lambda r: good(r)[:3] + b"\x01" + good(r)[4:], "no Modbus TCP"),
        ("length too short", lambda r: good(r)[:4] + b"\0\x01" + good(r)[6:], "no Modbus TCP"),
        ("length too long", lambda r: good(r)[:4] + b"\xff\xff" + good(r)[6:], "no Modbus TCP"),
        ("function only", lambda r: r[:2] + bytes.fromhex("00 00 00 02 01 03"), "0 registers"),
        ("exception without code", lambda r: r[:2] + bytes.fromhex("00 00 00 02 01 83"), "function code 131"),
    ],
)
def test_wrong_answer_is_refused_and_the_next_request_is_fine(
    name: str, change: Callable[[bytes], bytes], match: str
) -> None:
    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(BadAnswer, match=match):
            await client.read_holding(5, 3)
        assert client.counters.bad == 1, name
        assert clock.now() == START, "at once, not at the deadline"
        assert await client.read_holding(5, 3) == [5, 6, 7]

    runs(once(change), body)


def test_write_that_confirms_something_else_is_refused() -> None:
    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(BadAnswer, match="confirmed"):
            await client.write(4, 7)
        with pytest.raises(BadAnswer, match="confirmed"):
            await client.write(4, 7, 8)

    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send(good(request)[:-1] + b"\x63")

    runs(answer, body)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 8, 10, 12])
def test_exception_is_refused_with_its_code(code: int) -> None:
    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(Refused, match=f"exception {code}") as caught:
            await client.read_holding(5)
        assert caught.value.code == code
        assert caught.value.where == "tcp device:502 unit 1"
        assert clock.now() == START
        assert await client.read_holding(5) == [5]

    runs(once(lambda r: r[:2] + b"\0\0\0\x03\x01\x83" + bytes([code])), body)


@pytest.mark.parametrize("code", [5, 6, 11])
def test_read_of_a_busy_device_is_asked_again_with_pauses_until_the_deadline(code: int) -> None:
    busy = [True, True]

    async def answer(request: bytes, stream: ByteStream) -> None:
        if request[8:10] == b"\0\x09" or (busy and busy.pop()):
            await stream.send(request[:2] + b"\0\0\0\x03\x01" + bytes([request[7] | 0x80, code]))
        else:
            await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        assert await client.read_holding(5) == [5]
        assert client.counters.retried == 2
        started = clock.now()
        with pytest.raises(Refused):
            await client.read_holding(9)
        assert clock.now() - started < 1.0
        sent = client.counters.sent
        with pytest.raises(Refused):
            await client.write(9, 1)
        assert client.counters.sent == sent + 1, "a write is never repeated"

    runs(answer, body)


def test_silent_device_is_heard_of_at_the_callers_own_deadline() -> None:
    async def silent(request: bytes, stream: ByteStream) -> None:
        pass

    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(NoAnswer, match="within 300 ms"):
            await client.read_holding(5)
        assert clock.now() == pytest.approx(START + 0.3)

    runs(silent, body, timeout=0.3)


def test_late_answer_is_counted_and_never_returned() -> None:
    async def slow_first(request: bytes, stream: ByteStream) -> None:
        if request[8:10] == b"\0\x05":
            await clock.sleep(0.4)
        await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(NoAnswer):
            await client.read_holding(5, 2)
        assert await client.read_holding(8, 2) == [8, 9]
        assert client.counters.late == 1

    runs(slow_first, body, timeout=0.3)


def test_slow_write_is_sent_once() -> None:
    asked: list[bytes] = []

    async def slow(request: bytes, stream: ByteStream) -> None:
        asked.append(request)
        await clock.sleep(0.5)
        await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(NoAnswer):
            await client.write(4, 1)
        await clock.sleep(5)
        with pytest.raises(NoAnswer):
            await client.read_write(0, 1, 4, 1)

    runs(slow, body, timeout=0.3)
    assert len(asked) == 2


def test_answer_nobody_asked_for_is_passed_over() -> None:
    async def body(client: ModbusClient, _: Links) -> None:
        assert await client.read_holding(5) == [5]
        assert client.counters.stale == 1

    runs(once(lambda r: b"\x77\x77" + good(r)[2:] + good(r)), body)


def test_fragments_and_two_answers_in_one_segment() -> None:
    held: list[bytes] = []

    async def answer(request: bytes, stream: ByteStream) -> None:
        held.append(good(request))
        if len(held) == 2:
            await stream.send(b"".join(held))
        elif len(held) > 2:
            for byte in held[-1]:
                await stream.send(bytes([byte]))
                await clock.sleep(0.002)

    async def body(client: ModbusClient, _: Links) -> None:
        assert await asyncio.gather(client.read_holding(1), client.read_holding(2)) == [[1], [2]]
        assert await client.read_holding(3) == [3]

    runs(answer, body, in_flight=2)


def test_connection_closed_in_mid_request_fails_at_once_and_the_next_one_reconnects() -> None:
    dying = [True]

    async def answer(request: bytes, stream: ByteStream) -> None:
        if dying and dying.pop():
            await clock.sleep(0.01)
            raise LinkDown("device reboots")
        await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(LinkDown, match="closed the connection"):
            await client.read_holding(5)
        assert clock.now() == pytest.approx(START + 0.01)
        assert await client.read_holding(5) == [5]
        assert client.counters.connects == 2

    runs(answer, body, timeout=30)


def test_idle_connection_closed_by_the_device_is_normal() -> None:
    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send(good(request))
        await stream.aclose()

    async def body(client: ModbusClient, _: Links) -> None:
        for _ in range(5):
            assert await client.read_holding(5) == [5]
            await clock.sleep(1)
        for _ in range(5):
            assert await client.read_holding(5) == [5], "also where it is noticed only in sending"

    runs(answer, body)


def test_half_open_connection_is_given_up() -> None:
    connections: list[ByteStream] = []

    async def deaf_at_first(request: bytes, stream: ByteStream) -> None:
        if stream not in connections:
            connections.append(stream)
        if len(connections) > 1:
            await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        for _ in range(3):
            with pytest.raises(NoAnswer):
                await client.read_holding(5)
        assert await client.read_holding(5) == [5]

    runs(deaf_at_first, body, timeout=0.2)


def test_nobody_there_is_link_down_and_tried_again_next_time() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        links = Links(network)
        client = links.modbus(HOST)
        with pytest.raises(LinkDown, match="refused"):
            await client.read_holding(5)
        listener = await network.listen(HOST, device(fine))
        assert await client.read_holding(5) == [5]
        await links.aclose()
        await listener.aclose()

    run_virtual(main())


def test_several_in_flight_only_where_allowed() -> None:
    most = [0]

    def slow() -> Answer:
        waiting: set[asyncio.Task[None]] = set()

        async def later(request: bytes, stream: ByteStream) -> None:
            await clock.sleep(0.01)
            await stream.send(good(request))

        async def answer(request: bytes, stream: ByteStream) -> None:
            task = asyncio.create_task(later(request, stream))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
            most[0] = max(most[0], len(waiting))

        return answer

    for limit, seconds in ((1, 0.1), (5, 0.02)):
        most[0] = 0

        async def body(client: ModbusClient, _: Links, limit: int = limit, seconds: float = seconds) -> None:
            started = clock.now()
            got = await asyncio.gather(*(client.read_holding(n) for n in range(10)))
            assert got == [[n] for n in range(10)]
            assert most[0] == limit
            assert clock.now() - started == pytest.approx(seconds)

        runs(slow(), body, in_flight=limit)


def test_cancelled_request_harms_no_other() -> None:
    async def slow(request: bytes, stream: ByteStream) -> None:
        await clock.sleep(0.1)
        await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        for at in (0.0, 0.05, 0.0999, 0.1, 0.1001, 0.15):
            task = asyncio.create_task(client.read_holding(1, 4))
            await clock.sleep(at)
            task.cancel()
            assert await client.read_holding(20, 4) == [20, 21, 22, 23]
            await asyncio.gather(task, return_exceptions=True)

    runs(slow, body)


def test_clients_of_one_address_share_a_connection_that_closes_with_the_last() -> None:
    connections: set[int] = set()
    ended = [0]

    async def serve(stream: ByteStream) -> None:
        connections.add(id(stream))
        try:
            await device(fine)(stream)
        finally:
            ended[0] += 1

    async def main() -> None:
        network = MemoryNetwork()
        listener = await network.listen(HOST, serve)
        links = Links(network)
        one = links.modbus(TcpAddress("device", unit=1))
        two = links.modbus(TcpAddress("device", 502, unit=2))
        assert await one.read_holding(1) == [1]
        assert await two.read_holding(2) == [2]
        assert len(connections) == 1
        await one.aclose()
        await one.aclose()
        assert await two.read_holding(2) == [2]
        with pytest.raises(UsageError, match="closed"):
            await one.read_holding(1)
        assert ended == [0]
        await two.aclose()
        await clock.sleep(0.1)
        assert ended == [1]
        again = links.modbus(HOST)
        assert await again.read_holding(3) == [3]
        await links.aclose()
        with pytest.raises(LinkDown):
            links.modbus(HOST)
        await listener.aclose()

    run_virtual(main())


def test_closed_links_open_nothing_again() -> None:
    async def silent(request: bytes, stream: ByteStream) -> None:
        pass

    async def body(client: ModbusClient, links: Links) -> None:
        asking = [asyncio.create_task(client.read_holding(number)) for number in range(3)]
        await clock.sleep(0.1)
        await links.aclose()
        for task in asking:
            with pytest.raises(LinkDown):
                await task
        with pytest.raises(LinkDown):
            await client.read_holding(1)
        assert client.counters.connects == 1

    runs(silent, body, timeout=30)


def test_requests_that_modbus_does_not_have() -> None:
    async def body(client: ModbusClient, _: Links) -> None:
        for request in (
            client.read_holding(0, 126),
            client.read_holding(0, 0),
            client.read_holding(-1),
            client.read_holding(65535, 2),
            client.read_coils(0, 2001),
            client.write(0),
            client.write(0, 65536),
            client.write(0, -1),
            client.write(0, *[0] * 124),
            client.write_coil(0),
            client.read_write(0, 1, 0, *[0] * 122),
        ):
            with pytest.raises(UsageError):
                await request
        assert client.counters.sent == 0

    runs(fine, body)


def test_neighbouring_reads_are_joined() -> None:
    asked: list[tuple[int, int]] = []

    async def answer(request: bytes, stream: ByteStream) -> None:
        asked.append((request[9], request[11]))
        await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        got = await client.read_spans(Table.HOLDING, [(12, 2), (10, 2), (30, 1), (16, 1)], gap=2)
        assert got == [[12, 13], [10, 11], [30], [16]]

    runs(answer, body)
    assert asked == [(10, 7), (30, 1)]


def test_joined_reads_fail_as_one_read_does() -> None:
    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(Refused):
            await client.read_spans(Table.HOLDING, [(1, 2), (30, 1)])

    runs(once(lambda r: r[:2] + b"\0\0\0\x03\x01\x83\x02"), body)


def test_transaction_numbers_go_round_without_zero() -> None:
    seen: set[int] = set()

    async def answer(request: bytes, stream: ByteStream) -> None:
        seen.add(int.from_bytes(request[:2], "big"))
        await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        for _ in range(65_600):
            await client.read_holding(1)

    runs(answer, body)
    assert seen == set(range(1, 65536))


def test_identity_in_several_answers_and_none() -> None:
    parts = iter(
        [
            bytes.fromhex("2b 0e 02 82 ff 01 01 00 04 41 63 6d 65"),  # more follows, from object 1 on
            bytes.fromhex("2b 0e 02 82 00 00 02 01 01 58 05 02 52 32"),
            bytes.fromhex("ab 01"),
            bytes.fromhex("2b 0e 02 82 00 00 01 00 09 41"),
        ]
    )

    async def answer(request: bytes, stream: ByteStream) -> None:
        pdu = next(parts)
        await stream.send(request[:2] + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + b"\x01" + pdu)

    async def body(client: ModbusClient, _: Links) -> None:
        assert await client.identify() == {"vendor": "Acme", "product": "X", "model": "R2"}
        assert await client.identify() == {}
        with pytest.raises(BadAnswer):
            await client.identify()

    runs(answer, body)
