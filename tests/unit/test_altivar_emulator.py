"""The emulated ATV320 on the wire: frames typed in byte by byte, and its state chart register by register."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import NoAnswer, Refused
from cellctl.links import Links, MemoryNetwork, ModbusClient, parse_address
from cellctl.testing.plant import FakePlant
from cellctl_drivers.altivar import AltivarConfig
from cellctl_drivers.altivar.emulator import AltivarEmulator
from cellctl_drivers.altivar.registers import REGISTERS

CMD, LFR, CMDD, LFRD, ETAD, RFRD, ERRD = 8501, 8502, 8601, 8602, 8603, 8604, 8606
LCR, HMIS, LFT, TTO, SLL, ACC, DEC, QSTD, HSP = 3204, 3240, 7121, 6005, 7010, 9001, 9002, 8651, 3104
CONFIG = AltivarConfig(driver="altivar", link="rtu /dev/ttyUSB0 unit 2 19200 8N1", travel_per_rev=0.04)


class Bench:
    """The drive, its plant, and a client that reads and writes plain registers."""

    def __init__(self, network: MemoryNetwork, drive: AltivarEmulator, plant: FakePlant, bus: ModbusClient, link: str):
        self.network, self.drive, self.plant, self.bus, self.link = network, drive, plant, bus, link

    async def get(self, address: int) -> int:
        value = (await self.bus.read_holding(address))[0]
        return value - 0x10000 if value & 0x8000 and address in (RFRD, LFRD) else value

    async def status(self) -> int:
        return await self.get(ETAD) & 0xFF

    async def command(self, *words: int) -> int:
        for word in words:
            await self.bus.write(CMDD, word)
        return await self.status()

    async def enable(self, rpm: int) -> None:
        assert await self.command(0x06, 0x07, 0x0F) == 0x37
        await self.bus.write(LFRD, rpm & 0xFFFF)

    async def raw(self, request: str) -> str:
        """Send a frame, CRC included or not, and give back what comes within 200 ms, without its CRC."""
        stream = await self.network.connect(parse_address(self.link))
        try:
            await stream.send(with_crc(bytes.fromhex(request)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    answer = b""
                    while True:
                        answer += await stream.receive()
        finally:
            await stream.aclose()
        assert answer == with_crc(answer[:-2]) or not answer
        return answer[:-2].hex(" ")


def with_crc(frame: bytes) -> bytes:
    """CRC-16/MODBUS, written from its definition (polynomial 0xA001, start 0xFFFF, low byte first)."""
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return frame + crc.to_bytes(2, "little")


@contextlib.asynccontextmanager
async def bench(power_up: float = 0.0) -> AsyncIterator[Bench]:
    network, plant = MemoryNetwork(), FakePlant()
    drive = AltivarEmulator("belt", CONFIG, plant)
    drive.power_up = power_up
    link = (await drive.serve(network))["link"]
    bus = Links(network).modbus(parse_address(link), timeout=0.1)
    try:
        yield Bench(network, drive, plant, bus, link)
    finally:
        await bus.aclose()
        await drive.aclose()


def play(story, **settings):
    async def main():
        async with bench(**settings) as made:
            await story(made)

    run_virtual(main())


def test_frames_as_any_client_sends_them():
    async def story(b: Bench):
        await b.bus.aclose()
        # 8603 = 0x219B: switch on disabled, mains on, remote
        assert await b.raw("02 03 21 9B 00 01") == "02 03 02 02 50"
        # the device name: "ATV320U07N4B"
        assert (await b.raw("02 03 0D 0C 00 08")).startswith("02 03 10 41 54 56 33 32 30 55 30 37 4e 34 42".lower())
        # 8601 = 0x2199: shutdown by FC6, answered by its echo; then ready to switch on
        assert await b.raw("02 06 21 99 00 06") == "02 06 21 99 00 06"
        assert await b.raw("02 03 21 9B 00 01") == "02 03 02 02 31"
        # control word and reference together by FC16
        assert await b.raw("02 10 21 99 00 02 04 00 0F 00 E1") == "02 10 21 99 00 02"
        # FC23: write CMDD, read CMDD and LFRD
        assert await b.raw("02 17 21 99 00 02 21 99 00 01 02 00 0F") == "02 17 04 00 0f 00 e1"

    play(story)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("02 03 21 9F 00 01", "02 83 02"),  # 8607: no such register
        ("02 03 21 9B 00 05", "02 83 02"),  # runs over the end of the block
        ("02 06 21 9B 00 01", "02 86 02"),  # the status word is read only
        ("02 10 21 99 00 03 06 00 0F 00 E1 00 00", "02 90 02"),  # CMDD, LFRD and ETAD: refused whole
        ("02 06 17 75 00 00", "02 86 03"),  # TTO 0 is out of range
        ("02 06 17 75 01 2D", "02 86 03"),  # TTO 30.1 s too
        ("02 04 21 9B 00 01", "02 84 01"),  # input registers: not this drive
        ("02 01 00 00 00 01", "02 81 01"),  # coils neither
        ("02 63 00", "02 e3 01"),  # a function that does not exist
        ("03 03 21 9B 00 01", ""),  # somebody else's unit
    ],
)
def test_what_it_refuses(request_, answer):
    async def story(b: Bench):
        await b.bus.aclose()
        assert await b.raw(request_) == answer
        if request_.startswith("02 10"):
            assert await b.raw("02 03 21 99 00 02") == "02 03 04 00 00 00 00"

    play(story)


def test_identity_by_function_43():
    async def story(b: Bench):
        told = await b.bus.identify()
        assert told["vendor"] == "Schneider Electric"
        assert told["product"].startswith("ATV320")

    play(story)


def test_the_state_chart_up_and_down():
    async def story(b: Bench):
        assert await b.status() == 0x50
        assert await b.command(0x0F) == 0x50  # nothing leads there in one step
        assert await b.command(0x07) == 0x50
        assert await b.command(0x06) == 0x31
        assert await b.command(0x07) == 0x33
        assert await b.command(0x0F) == 0x37
        assert await b.command(0x07) == 0x33  # stands already, so at once
        assert await b.command(0x06) == 0x31
        assert await b.command(0x0F) == 0x37  # from ready in one step, as CiA 402 has it
        assert await b.command(0x00) == 0x50

    play(story)


def test_without_mains_it_stops_at_ready():
    async def story(b: Bench):
        b.drive.set_mains(False)
        assert await b.status() == 0x40
        assert await b.get(HMIS) == 11
        assert await b.command(0x06, 0x07, 0x0F) == 0x21
        b.drive.set_mains(True)
        assert await b.command(0x07) == 0x33

    play(story)


def test_ramps_by_acc_and_dec():
    """ACC is the time to 50 Hz, 1500 rpm with two pole pairs: 3 s here, so 500 rpm a second."""

    async def story(b: Bench):
        await b.enable(300)
        await clock.sleep(0.3)
        assert 100 < await b.get(RFRD) < 300
        assert await b.get(HMIS) == 5
        assert not await b.get(ETAD) & 0x400
        await clock.sleep(0.4)
        assert await b.get(RFRD) == 300
        assert await b.get(HMIS) == 4
        assert await b.get(ETAD) & 0x400
        ramp = b.plant.motors["belt"]
        assert ramp.target == pytest.approx(300 / 60 * math.tau)
        assert ramp.acceleration == pytest.approx(500 / 60 * math.tau)
        await b.bus.write(DEC, 15)  # 1000 rpm a second
        await b.command(0x07)
        await clock.sleep(0.1)
        assert await b.status() == 0x37  # until it stands
        assert await b.get(HMIS) == 6
        await clock.sleep(0.25)
        assert await b.status() == 0x33
        assert await b.get(RFRD) == 0

    play(story)


def test_the_shaft_turns_as_far_as_its_ramps_say():
    async def story(b: Bench):
        await b.enable(600)
        shaft = b.drive.drive.shaft
        begun = shaft.ramp.start
        for t in (0.0, 0.5, 1.2, 2.0, 5.0):
            up = min(t, 1.2)
            turns = 500 / 60 * up**2 / 2 + 10 * max(t - 1.2, 0)
            assert shaft.angle(begun + t) == pytest.approx(turns * math.tau)

    play(story)


def test_backwards_shows_bit_15_and_a_negative_speed():
    async def story(b: Bench):
        await b.enable(-120)
        await clock.sleep(1)
        assert await b.get(RFRD) == -120
        assert await b.get(ETAD) & 0x8000

    play(story)


def test_the_frequency_addresses_mean_the_same_drive():
    async def story(b: Bench):
        for word in (0x06, 0x07, 0x0F):
            await b.bus.write(CMD, word)
        await b.bus.write(LFR, 100)  # 10 Hz
        await clock.sleep(2)
        assert await b.get(RFRD) == 300
        assert await b.bus.read_holding(3201, 3) == [(await b.get(ETAD)), 100, 100]
        assert await b.get(LFRD) == 300

    play(story)


def test_high_speed_limits_the_reference():
    async def story(b: Bench):
        await b.bus.write(HSP, 50)
        await b.enable(900)
        await clock.sleep(3)
        assert await b.get(RFRD) == 150

    play(story)


@pytest.mark.parametrize(("option", "after"), [(6, 0x17), (2, 0x50)])
def test_quick_stop_is_fast_and_left_by_disabling(option, after):
    async def story(b: Bench):
        await b.bus.write(QSTD, option)
        await b.enable(500)
        await clock.sleep(2)
        assert await b.command(0x02) == 0x17
        assert await b.get(HMIS) == 8
        await clock.sleep(0.15)
        assert 0 < await b.get(RFRD) < 300  # 2000 rpm a second, four times the ramp
        assert await b.command(0x0F) == 0x17  # no way back
        await clock.sleep(0.2)
        assert await b.get(RFRD) == 0
        assert await b.status() == after
        assert await b.command(0x00) == 0x50

    play(story)


def test_freewheel_shows_nst_and_coasts():
    async def story(b: Bench):
        await b.enable(300)
        await clock.sleep(1)
        assert await b.command(0x00) == 0x50
        assert await b.get(HMIS) == 3
        assert 200 < await b.get(RFRD) < 300
        await clock.sleep(1)
        assert await b.get(RFRD) == 0

    play(story)


def test_a_fault_and_its_reset_by_the_rising_edge():
    async def story(b: Bench):
        await b.enable(300)
        await b.command(0x8F)  # bit 7 is up before the fault comes
        b.drive.trip(9)
        assert await b.status() & 0x0F == 0x08
        assert await b.get(HMIS) == 23
        assert (await b.get(LFT), await b.get(ERRD)) == (9, 0x2310)
        assert await b.command(0x80) & 0x0F == 0x08  # no edge
        assert await b.command(0x00, 0x80) == 0x50
        assert (await b.get(LFT), await b.get(ERRD)) == (9, 0)  # the last fault is kept
        assert await b.command(0x06) == 0x31
        b.drive.trip(16, lasting=True)
        assert await b.command(0x00, 0x80) & 0x0F == 0x08  # still hot
        b.drive.mend()
        assert await b.command(0x00, 0x80) == 0x50

    play(story)


@pytest.mark.parametrize(("reaction", "rests_after"), [(6, 0.6), (7, 0.15), (1, 0.4)])
def test_silence_trips_slf1_and_stops_by_sll(reaction, rests_after):
    async def story(b: Bench):
        await b.bus.write(SLL, reaction)
        await b.bus.write(TTO, 10)
        await b.enable(300)
        for _ in range(4):  # requests keep it running
            await clock.sleep(0.9)
            assert await b.status() == 0x37
        heard = clock.now()
        shaft = b.drive.drive.shaft
        await clock.sleep(1.0 - 0.02)
        assert not shaft.at_rest(clock.now())
        assert shaft.ramp.target
        await clock.sleep(0.04)
        assert shaft.ramp.target == 0  # the drive did it by itself
        await clock.sleep(rests_after)
        assert shaft.at_rest(clock.now())
        assert shaft.ramp.start == pytest.approx(heard + 1.0, abs=0.05)
        assert await b.status() & 0x0F == 0x08
        assert await b.get(LFT) == 5
        assert await b.command(0x00, 0x80) == 0x50

    play(story)


def test_silence_is_ignored_where_sll_says_so():
    async def story(b: Bench):
        await b.bus.write(SLL, 0)
        await b.bus.write(TTO, 1)
        await b.enable(300)
        await clock.sleep(60)
        assert await b.status() == 0x37

    play(story)


def test_settings_wait_for_standstill():
    async def story(b: Bench):
        await b.enable(300)
        with pytest.raises(Refused) as caught:
            await b.bus.write(TTO, 20)
        assert caught.value.code == 4
        await b.bus.write(ACC, 10)  # ramps may change at any time
        assert await b.command(0x07)
        await clock.sleep(1)
        await b.bus.write(TTO, 20)
        assert await b.status() == 0x50  # a changed setting sends it back

    play(story)


def test_power_comes_late_and_goes():
    async def story(b: Bench):
        with pytest.raises(NoAnswer):
            await b.get(ETAD)
        await clock.sleep(90)
        assert await b.status() == 0x50
        await b.bus.write(TTO, 10)
        b.drive.power_cycle(5.0)
        with pytest.raises(NoAnswer):
            await b.get(TTO)
        await clock.sleep(5)
        assert await b.get(TTO) == 100  # what was not saved is lost

    play(story, power_up=90.0)


def test_local_control_drops_the_bus():
    async def story(b: Bench):
        await b.enable(300)
        b.drive.force_local(True)
        assert not await b.get(ETAD) & 0x200
        assert await b.command(0x06, 0x07, 0x0F) == 0x50
        b.drive.force_local(False)
        assert await b.status() == 0x50  # and nothing starts by itself
        assert await b.command(0x06) == 0x31

    play(story)


def test_every_register_of_the_table_answers():
    async def story(b: Bench):
        for address in REGISTERS:
            await b.bus.read_holding(address)

    play(story)
