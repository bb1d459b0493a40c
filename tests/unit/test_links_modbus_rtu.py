"""The Modbus client on a serial line, against what serial lines do (devices/08_faults.md)."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import BadAnswer, LinkDown, NoAnswer, Refused, UsageError
from cellctl.links import ByteStream, Handler, Links, MemoryNetwork, ModbusClient, SerialAddress

BUS = SerialAddress("bus", 1, 19200)
CHARACTER = 10 / 19200
Answer = Callable[[bytes, ByteStream], Awaitable[None]]


def crc(data: bytes) -> bytes:
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


def framed(data: bytes) -> bytes:
    return data + crc(data)


def good(request: bytes) -> bytes:
    """What a right device answers: reads give each register its own address; writes are confirmed."""
    unit, function = request[0], request[1]
    address, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
    if function in (3, 4):
        values = b"".join((address + n).to_bytes(2, "big") for n in range(count))
        return framed(bytes([unit, function, 2 * count]) + values)
    if function in (1, 2):
        size = (count + 7) // 8
        return framed(bytes([unit, function, size]) + bytes(size))
    return framed(request[:6])


def bus(answer: Answer) -> Handler:
    """A line whose devices hear whole requests (silence of a few characters ends one)."""

    async def serve(stream: ByteStream) -> None:
        while request := await stream.receive():
            assert request[-2:] == crc(request[:-2]), f"a broken request: {request.hex(' ')}"
            await answer(request, stream)

    return serve


def runs(answer: Answer, body: Callable[[ModbusClient, Links], Awaitable[None]], *, timeout: float = 0.3) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = await network.listen(BUS, bus(answer))
        links = Links(network)
        client = links.modbus(BUS, timeout=timeout)
        await body(client, links)
        await links.aclose()
        await listener.aclose()

    run_virtual(main())


def changed(change: Callable[[bytes], bytes], times: int = 1) -> Answer:
    """Answers the first requests changed, the others rightly."""
    left = [change] * times

    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send((left.pop() if left else good)(request))

    return answer


def test_one_in_flight_and_gaps_of_three_and_a_half_characters() -> None:
    log: list[tuple[str, float]] = []

    async def answer(request: bytes, stream: ByteStream) -> None:
        log.append(("heard", clock.now()))
        await clock.sleep(0.004)
        await stream.send(good(request))
        log.append(("sent", clock.now() + len(good(request)) * CHARACTER))

    async def body(client: ModbusClient, _: Links) -> None:
        got = await asyncio.gather(*(client.read_holding(n, 2) for n in range(5)))
        assert got == [[n, n + 1] for n in range(5)]

    runs(answer, body)
    assert [word for word, _ in log] == ["heard", "sent"] * 5
    for (_, sent), (_, heard) in zip(log[1::2], log[2::2], strict=False):
        assert heard - 8 * CHARACTER - sent >= 3.5 * CHARACTER - 1e-9


NOISE = ["00", "ff", "01", "03", "01 03", "01 03 02", "a5 5a 99 01", "01 83", "01 10 00 00 00 01"]


@pytest.mark.parametrize("noise", NOISE)
def test_noise_before_each_frame(noise: str) -> None:
    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send(bytes.fromhex(noise) + good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        for number in range(20):
            assert await client.read_holding(number, 3) == [number, number + 1, number + 2]
        await client.write(7, 1)
        await client.write(7, 1, 2)
        assert client.counters.resynchronised >= 20

    runs(answer, body)


def test_trailing_bytes_do_not_reach_the_next_answer() -> None:
    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send(good(request) + b"\x00\xff")

    async def body(client: ModbusClient, _: Links) -> None:
        for number in range(5):
            assert await client.read_holding(number) == [number]

    runs(answer, body)


def test_fragments_byte_by_byte() -> None:
    async def answer(request: bytes, stream: ByteStream) -> None:
        for byte in good(request):
            await stream.send(bytes([byte]))
            await clock.sleep(0.01)

    async def body(client: ModbusClient, _: Links) -> None:
        assert await client.read_holding(3, 4) == [3, 4, 5, 6]

    runs(answer, body)


@pytest.mark.parametrize(
    "damage",
    [
        lambda r: good(r)[:-1] + bytes([good(r)[-1] ^ 1]),
        lambda r: good(r)[:5],
        lambda r: good(r)[:3] + b"\x63" + good(r)[4:],
    ],
    ids=["crc", "truncated", "flipped"],
)
def test_damaged_answer_to_a_read_is_asked_once_more(damage: Callable[[bytes], bytes]) -> None:
    async def body(client: ModbusClient, _: Links) -> None:
        started = clock.now()
        assert await client.read_holding(3, 2) == [3, 4]
        assert client.counters.retried == 1
        assert clock.now() - started < 0.5

    runs(changed(damage), body)

    async def twice(client: ModbusClient, _: Links) -> None:
        with pytest.raises(BadAnswer, match="damaged"):
            await client.read_holding(3, 2)

    runs(changed(damage, 2), twice)


def test_damaged_answer_to_a_write_is_not_repeated() -> None:
    asked: list[bytes] = []

    async def answer(request: bytes, stream: ByteStream) -> None:
        asked.append(request)
        await stream.send(good(request)[:-1] + b"\0")

    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(BadAnswer, match="damaged"):
            await client.write(3, 1, 2)

    runs(answer, body)
    assert len(asked) == 1


def test_late_answers_are_never_returned_as_another_registers() -> None:
    chance = random.Random(5)

    async def answer(request: bytes, stream: ByteStream) -> None:
        if chance.random() < 0.2:
            await clock.sleep(0.3 + chance.random() * 0.25)
        await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        answered = missed = 0
        for number in range(400):
            try:
                assert await client.read_holding(number, 2) == [number, number + 1]
                answered += 1
            except NoAnswer:
                missed += 1
        assert answered + missed == 400
        assert missed > 40
        assert client.counters.late == pytest.approx(missed, abs=1)

    runs(answer, body)


def test_lost_answers_cost_a_settling_time_and_nothing_else() -> None:
    chance = random.Random(6)

    async def answer(request: bytes, stream: ByteStream) -> None:
        if chance.random() < 0.8:
            await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        for number in range(200):
            with contextlib.suppress(NoAnswer):
                assert await client.read_holding(number, 2) == [number, number + 1]

    runs(answer, body)


def test_cancelled_request_harms_no_other() -> None:
    async def answer(request: bytes, stream: ByteStream) -> None:
        await clock.sleep(0.1)
        await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        for step in range(60):
            task = asyncio.create_task(client.read_holding(1, 4))
            await clock.sleep(step * 0.002)
            task.cancel()
            assert await client.read_holding(20, 4) == [20, 21, 22, 23]
            await asyncio.gather(task, return_exceptions=True)

    runs(answer, body)


def test_silent_device_is_heard_of_at_the_deadline() -> None:
    async def silent(request: bytes, stream: ByteStream) -> None:
        pass

    async def body(client: ModbusClient, _: Links) -> None:
        started = clock.now()
        with pytest.raises(NoAnswer, match="within 300 ms") as caught:
            await client.read_holding(5)
        assert clock.now() - started == pytest.approx(0.3 + 15 * CHARACTER)  # and its time on the wire
        assert caught.value.where == "rtu bus unit 1 19200 8N1"

    runs(silent, body)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (lambda r: framed(good(r)[:1] + b"\x04" + good(r)[2:-2]), "function code 4"),
        (lambda r: framed(bytes([1, 3, 2, 0, 9])), "1 registers"),
        (lambda r: framed(bytes([1, 3, 6, 0, 9, 0, 8, 0, 7])), "3 registers"),
    ],
    ids=["FC4 to FC3", "fewer", "more"],
)
def test_answer_that_does_not_fit_is_refused(wrong: Callable[[bytes], bytes], match: str) -> None:
    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(BadAnswer, match=match):
            await client.read_holding(5, 2)
        assert await client.read_holding(6, 2) == [6, 7]
        assert client.counters.bad == 1

    runs(changed(wrong), body)


def test_right_answer_behind_a_wrong_one_does_not_reach_the_next_request() -> None:
    first = [True]

    async def answer(request: bytes, stream: ByteStream) -> None:
        if first and first.pop():
            await stream.send(framed(bytes([1, 4, 2, 0, 9])))
            await clock.sleep(0.1)
        await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(BadAnswer):
            await client.read_holding(5, 2)
        assert await client.read_holding(6, 2) == [6, 7]
        assert client.counters.late == 1

    runs(answer, body)


def test_other_units_frames_are_passed_over() -> None:
    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send(framed(bytes([7, 3, 4, 9, 9, 9, 9])) + good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        assert await client.read_holding(5, 2) == [5, 6]
        assert client.counters.foreign == 1

    runs(answer, body)


def test_only_another_unit_answered() -> None:
    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send(framed(bytes([7]) + good(request)[1:-2]))

    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(BadAnswer, match="unit 7 answered; unit 1 was asked"):
            await client.read_holding(5, 2)

    runs(answer, body)


def test_refusal_has_the_devices_code() -> None:
    async def body(client: ModbusClient, _: Links) -> None:
        with pytest.raises(Refused) as caught:
            await client.read_holding(5, 2)
        assert caught.value.code == 2

    runs(changed(lambda r: framed(bytes([1, r[1] | 0x80, 2]))), body)


# -- RS-485 echo -----------------------------------------------------------------------------


@pytest.mark.parametrize("glued", [True, False])
@pytest.mark.parametrize("noise", [b"", b"\0"])
def test_echo_is_stripped(glued: bool, noise: bytes) -> None:
    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send(noise + request + (good(request) if glued else b""))
        if not glued:
            await clock.sleep(0.02)
            await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        await client.write(4, 7)
        assert await client.read_holding(5, 2) == [5, 6]
        await client.write(4, 7, 8)
        await client.write(4, 7)
        await client.write_coil(4, True)
        assert await client.read_coils(0x0300, 18) == [0] * 18
        assert client.counters.echoes == client.counters.sent

    runs(answer, body)


@pytest.mark.parametrize("read_before", [True, False])
def test_echo_of_a_dead_device_is_no_success(read_before: bool) -> None:
    alive = [read_before]

    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send(request)
        if alive[0]:
            await clock.sleep(0.01)
            await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        if read_before:
            assert await client.read_holding(5) == [5]
        alive[0] = False
        for write in (client.write(4, 7), client.write_coil(4, True), client.write(4, 7, 8)):
            with pytest.raises(NoAnswer):
                await write

    runs(answer, body)


def test_echo_that_begins_later_is_found_out() -> None:
    echoing = [False]

    async def answer(request: bytes, stream: ByteStream) -> None:
        await stream.send((request if echoing[0] else b"") + good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        assert await client.read_holding(5) == [5]
        echoing[0] = True
        assert await client.read_holding(5) == [5]
        await client.write(4, 7)
        echoing[0] = False
        assert await client.read_holding(5) == [5]
        await client.write(4, 7)
        echoing[0] = True
        await client.write(4, 7, 8)
        await client.write(4, 7)

    runs(answer, body)


# -- several units ---------------------------------------------------------------------------


def test_dead_unit_holds_up_its_neighbours_less_and_less() -> None:
    async def answer(request: bytes, stream: ByteStream) -> None:
        if request[0] == 1:
            await stream.send(good(request))

    async def main() -> None:
        network = MemoryNetwork()
        listener = await network.listen(BUS, bus(answer))
        links = Links(network)
        alive = links.modbus(BUS, timeout=0.3)
        dead = links.modbus(SerialAddress("bus", 2, 19200), timeout=0.3)
        ended = clock.now() + 60
        polls = 0

        async def poll_dead() -> None:
            while clock.now() < ended:
                with pytest.raises(NoAnswer):
                    await dead.read_holding(1)
                await clock.sleep(0.05)

        task = asyncio.create_task(poll_dead())
        while clock.now() < ended:
            assert await alive.read_holding(5) == [5]
            polls += 1
            await clock.sleep(0.05)
        await task
        assert dead.counters.backed_off > 100
        assert polls > 700, "of 1100 that the line alone would allow"
        sent = dead.counters.sent
        with pytest.raises(NoAnswer):
            await dead.write(1, 1)
        assert dead.counters.sent > sent, "a write (it may be a stop) goes out at once"
        await alive.aclose()
        await links.aclose()
        await listener.aclose()

    run_virtual(main())


def test_single_unit_is_asked_whenever_it_is_wanted_and_comes_back_at_once() -> None:
    alive = [False]

    async def answer(request: bytes, stream: ByteStream) -> None:
        if alive[0]:
            await stream.send(good(request))

    async def body(client: ModbusClient, _: Links) -> None:
        for _ in range(10):
            with pytest.raises(NoAnswer):
                await client.read_holding(5)
        alive[0] = True
        assert await client.read_holding(5) == [5]

    runs(answer, body)


def test_unplugged_adapter_fails_at_once_and_is_opened_again() -> None:
    async def main() -> None:
        async def silent(request: bytes, stream: ByteStream) -> None:
            pass

        network = MemoryNetwork()
        listener = await network.listen(BUS, bus(silent))
        links = Links(network)
        client = links.modbus(BUS, timeout=30)
        asking = asyncio.create_task(client.read_holding(5))
        await clock.sleep(0.1)
        unplugged = clock.now()
        await listener.aclose()
        with pytest.raises(LinkDown):
            await asking
        assert clock.now() == unplugged
        with pytest.raises(LinkDown):
            await client.read_holding(5)
        listener = await network.listen(BUS, bus(changed(good)))
        assert await client.read_holding(5) == [5]
        await links.aclose()
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
        assert client.counters.connects == 1

    runs(silent, body, timeout=30)


@pytest.mark.parametrize("unit", [0, 248, None])
def test_unit_that_a_line_does_not_have(unit: int | None) -> None:
    with pytest.raises(UsageError):
        Links(MemoryNetwork()).modbus(SerialAddress("bus", unit))


def test_babbling_line_ends_at_the_deadline() -> None:
    async def answer(request: bytes, stream: ByteStream) -> None:
        for _ in range(100):
            await stream.send(b"\x01\x03" * 20)

    async def body(client: ModbusClient, _: Links) -> None:
        started = clock.now()
        with pytest.raises(BadAnswer):
            await client.read_holding(5)
        assert clock.now() - started < 2

    runs(answer, body)
