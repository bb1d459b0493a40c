"""The emulated 2F-85 on the wire: the frames of Robotiq's manual byte by byte, activation, motion, watchdog."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import NoAnswer, Refused
from cellctl.links import Links, MemoryNetwork, ModbusClient, parse_address
from cellctl_drivers.robotiq import RobotiqConfig
from cellctl_drivers.robotiq.emulator import RobotiqEmulator
from cellctl_drivers.robotiq.registers import Request, Status

CONFIG = RobotiqConfig(driver="robotiq", link="rtu /dev/ttyUSB1 unit 9 115200 8N1")


class Told:
    """A plant with something between the fingers, that remembers when it was told what."""

    def __init__(self) -> None:
        self.part: float | None = None
        self.told: list[tuple[float, float, bool]] = []

    def object_width(self, device: str) -> float | None:
        return self.part

    def fingers(self, device: str, width: float, *, closed_on_object: bool) -> None:
        self.told.append((clock.now(), round(width, 6), closed_on_object))


class Bench:
    def __init__(self, network, hand: RobotiqEmulator, plant: Told, bus: ModbusClient, link: str):
        self.network, self.hand, self.plant, self.bus, self.link = network, hand, plant, bus, link

    async def raw(self, request: str) -> str:
        """Send a whole frame as hex, give back the whole answer."""
        stream = await self.network.connect(parse_address(self.link))
        try:
            await stream.send(bytes.fromhex(request))
            answer = b""
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    while True:
                        answer += await stream.receive()
        finally:
            await stream.aclose()
        return answer.hex(" ").upper()

    async def status(self) -> Status:
        return Status.of(await self.bus.read_input(0x07D0, 3))

    async def ask(self, **request) -> None:
        await self.bus.write(0x03E8, *Request(activate=True, **request).words())

    async def activate(self) -> None:
        await self.ask()
        while (await self.status()).activation != 3:
            await clock.sleep(0.1)
        self.plant.told.clear()


@contextlib.asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    network, plant = MemoryNetwork(), Told()
    hand = RobotiqEmulator("hand", CONFIG, plant)
    link = (await hand.serve(network))["link"]
    bus = Links(network).modbus(parse_address(link), timeout=0.1)
    try:
        yield Bench(network, hand, plant, bus, link)
    finally:
        await bus.aclose()
        await hand.aclose()


def play(story):
    async def main():
        async with bench() as made:
            await story(made)

    run_virtual(main())


def test_the_manuals_example_frame_by_frame():
    """2F-85 & 2F-140 manual, 4.7.5: activate, close, open, each with its answer and CRC."""

    async def story(b: Bench):
        assert await b.raw("09 10 03 E8 00 03 06 00 00 00 00 00 00 73 30") == "09 10 03 E8 00 03 01 30"
        assert await b.raw("09 10 03 E8 00 03 06 01 00 00 00 00 00 72 E1") == "09 10 03 E8 00 03 01 30"
        assert await b.raw("09 04 07 D0 00 01 30 0F") == "09 04 02 11 00 54 A1"  # activation under way
        assert await b.raw("09 03 07 D0 00 01 85 CF") == "09 03 02 11 00 55 D5"
        await clock.sleep(5)
        assert await b.raw("09 04 07 D0 00 01 30 0F") == "09 04 02 31 00 4D 61"  # done
        assert await b.raw("09 10 03 E8 00 03 06 09 00 00 FF FF FF 42 29") == "09 10 03 E8 00 03 01 30"
        moving = await b.raw("09 04 07 D0 00 03 B1 CE")
        assert moving.startswith("09 04 06 39 00 00 FF")  # moving, the request echoed
        await clock.sleep(0.5)
        assert (await b.raw("09 04 07 D0 00 03 B1 CE")).startswith("09 04 06 F9 00 00 FF E6 00")
        assert await b.raw("09 10 03 E8 00 03 06 09 00 00 00 FF FF 72 19") == "09 10 03 E8 00 03 01 30"

    play(story)


def test_a_grip_shows_b9_and_the_position():
    async def story(b: Bench):
        await b.activate()
        b.plant.part = 0.038
        await b.ask(go=True, position=255, speed=255, force=255)
        await clock.sleep(0.5)
        await b.bus.aclose()
        answer = await b.raw("09 04 07 D0 00 03 B1 CE")
        assert answer.startswith("09 04 06 B9 00 00 FF 7F 00")  # 230 - 38 mm / (85 mm / 230)

    play(story)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (lambda bus: bus.read_input(0x07D0 + 8), 2),
        (lambda bus: bus.read_input(0x07D0 + 6, 3), 2),
        (lambda bus: bus.read_holding(0), 2),
        (lambda bus: bus.write(0x07D0, 1), 2),
        (lambda bus: bus.write(0x03E8 + 7, 1, 1), 2),
        (lambda bus: bus.read_coils(0), 1),
        (lambda bus: bus.write_coil(0, True), 1),
    ],
)
def test_what_it_refuses(request_, code):
    async def story(b: Bench):
        with pytest.raises(Refused) as caught:
            await request_(b.bus)
        assert caught.value.code == code

    play(story)


def test_both_functions_read_both_blocks_and_23_writes():
    async def story(b: Bench):
        await b.activate()
        assert await b.bus.read_holding(0x07D0, 3) == await b.bus.read_input(0x07D0, 3)
        words = Request(activate=True, go=True, position=100, speed=255).words()
        read = await b.bus.read_write(0x07D0, 3, 0x03E8, *words)
        assert Status.of(read).requested == 100
        assert await b.bus.read_holding(0x03E8, 3) == list(words)
        assert await b.bus.read_holding(0x03E8, 8) == [*words, 0, 0, 0, 0, 0]

    play(story)


def test_activation_opens_closes_and_opens():
    async def story(b: Bench):
        assert not (await b.status()).activated
        await b.ask()
        await clock.sleep(0.5)
        status = await b.status()
        assert status.activated
        assert status.activation == 1
        assert status.position > 50
        await b.ask(go=True, position=255, speed=255)
        assert (await b.status()).fault == 5  # delayed until activation is done
        await clock.sleep(1.0)
        await b.status()
        await clock.sleep(0.9)
        assert [width for _, width, _ in b.plant.told][:3] == [0.085, 0.0, 0.085]
        assert (await b.status()).fault == 0
        await clock.sleep(0.9)
        assert (await b.status()).position == 230  # then it was done

    play(story)


def test_nothing_moves_before_activation():
    async def story(b: Bench):
        await b.bus.write(0x03E8, *Request(go=True, position=255, speed=255).words())
        await clock.sleep(0.8)
        status = await b.status()
        assert status.fault == 7
        assert not status.going
        assert b.hand.fingers.width == pytest.approx(0.085)

    play(story)


def test_activation_on_a_part_fails():
    async def story(b: Bench):
        b.plant.part = 0.03
        await b.ask()
        await clock.sleep(5)
        await b.status()
        status = await b.status()
        assert (status.fault, status.activation) == (0x0D, 0)
        b.plant.part = None
        await b.bus.write(0x03E8, 0, 0, 0)
        await b.activate()

    play(story)


@pytest.mark.parametrize(("count", "speed"), [(255, 0.150), (0, 0.020), (128, 0.020 + 0.130 * 128 / 255)])
def test_fingers_move_at_their_speed_and_meet_a_part_at_the_right_instant(count, speed):
    async def story(b: Bench):
        await b.activate()
        b.plant.part = 0.050
        begun = clock.now()
        await b.ask(go=True, position=255, speed=count)
        taken = clock.now()
        while (await b.status()).object != 2:
            await clock.sleep(0.02)
        [(at, width, closed)] = b.plant.told
        assert (width, closed) == (0.050, True)
        assert begun + 0.035 / speed < at < taken + 0.010 + 0.035 / speed
        await b.ask(go=True, position=0, speed=count)
        left = clock.now()
        await clock.sleep(0.5)
        assert b.plant.told[1][1:] == (0.050, False)  # the moment that it opens
        assert b.plant.told[1][0] == pytest.approx(left + 0.010, abs=0.005)

    play(story)


def test_old_object_bits_show_until_the_fingers_move():
    async def story(b: Bench):
        await b.activate()
        b.plant.part = 0.038
        await b.ask(go=True, position=255, speed=255)
        await clock.sleep(0.5)
        await b.ask(go=True, position=0, speed=255)
        at_once = await b.status()
        assert (at_once.object, at_once.requested) == (2, 0)
        await clock.sleep(0.02)
        assert (await b.status()).object == 0
        await clock.sleep(0.5)
        assert (await b.status()).object == 3

    play(story)


def test_a_part_that_goes_away_lets_the_fingers_close_on():
    async def story(b: Bench):
        await b.activate()
        b.plant.part = 0.038
        await b.ask(go=True, position=255, speed=255)
        await clock.sleep(0.5)
        assert (await b.status()).object == 2
        b.plant.part = None
        assert (await b.status()).object == 0
        await clock.sleep(0.5)
        status = await b.status()
        assert (status.object, status.position) == (3, 230)

    play(story)


def test_a_part_that_goes_away_before_contact_is_not_felt():
    async def story(b: Bench):
        await b.activate()
        b.plant.part = 0.038
        await b.ask(go=True, position=255, speed=0)
        await clock.sleep(0.5)
        b.plant.part = None
        for _ in range(10):
            await clock.sleep(0.5)
            await b.status()
        assert (await b.status()).object == 3
        assert not any(closed for _, _, closed in b.plant.told)

    play(story)


def test_rgto_0_stops_and_silence_changes_nothing():
    async def story(b: Bench):
        await b.activate()
        await b.ask(go=True, position=255, speed=0)
        await clock.sleep(0.5)
        await b.ask(position=255)
        stopped = b.hand.fingers.width
        await clock.sleep(0.9)
        assert b.hand.fingers.width == stopped
        b.plant.part = stopped
        await b.ask(go=True, position=255, speed=255)
        await clock.sleep(30)  # nobody asks
        first, second = await b.status(), await b.status()
        assert (first.fault, second.fault) == (9, 0)
        assert first.object == second.object == 2
        assert b.hand.fingers.width == stopped

    play(story)


def test_automatic_release_opens_slowly_and_ends_in_fault_f():
    async def story(b: Bench):
        await b.activate()
        await b.ask(go=True, position=255, speed=255)
        await clock.sleep(0.8)
        await b.ask(release=True)
        assert (await b.status()).fault == 0x0B
        for _ in range(6):
            await clock.sleep(0.9)
            await b.status()
        status = await b.status()
        assert (status.fault, status.activation) == (0x0F, 0)
        assert b.hand.fingers.width == pytest.approx(0.085)
        await b.ask(go=True, position=255, speed=255)
        await clock.sleep(0.8)
        assert b.hand.fingers.width == pytest.approx(0.085)  # not before a rising edge of rACT

    play(story)


def test_current_while_moving():
    async def story(b: Bench):
        await b.activate()
        await b.ask(go=True, position=255, speed=0)
        await clock.sleep(0.2)
        assert (await b.status()).current == pytest.approx(0.16)

    play(story)


def test_power_lost_and_back_the_fingers_stay():
    async def story(b: Bench):
        await b.activate()
        b.plant.part = 0.038
        await b.ask(go=True, position=255, speed=255)
        await clock.sleep(0.8)
        b.hand.power_cycle(3)
        with pytest.raises(NoAnswer):
            await b.status()
        await clock.sleep(3)
        status = await b.status()
        assert not status.activated
        assert status.activation == 0
        assert status.position == 127
        assert b.plant.told[-1][1:] == (0.038, True)

    play(story)
