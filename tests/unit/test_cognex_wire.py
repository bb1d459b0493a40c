"""The emulated In-Sight camera as any telnet client meets it: bytes in, bytes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random

import pytest

from cellctl import clock
from cellctl.emulation.physics import Found
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import LinkDown
from cellctl.links import ByteStream, MemoryNetwork, parse_address
from cellctl.motion.pose import Pose
from cellctl.testing.plant import FakePlant
from cellctl_drivers.cognex import Config
from cellctl_drivers.cognex.emulator import InSightEmulator
from cellctl_drivers.cognex.telnet import OptionFilter

CONFIG = Config.model_validate(
    {
        "driver": "cognex",
        "link": "tcp 192.168.0.11",
        "job": "bracket_r7.job",
        "password": "s3cret",
        "results": {
            "found": "B002", "x": "C002", "y": "D002", "angle": "E002", "good": "F002", "code": "Part.Code",
            "exposure": "A002",
        },
    }
)  # fmt: skip
LOG_IN = b"admin\r\ns3cret\r\n"


class Client:
    """A telnet client with no opinions."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.came = b""

    async def says(self, data: bytes, seconds: float = 0.001) -> bytes:
        """Send, wait, and give everything that came."""
        await self.stream.send(data)
        return await self.hears(seconds)

    async def hears(self, seconds: float = 0.001) -> bytes:
        came = b""
        try:
            async with asyncio.timeout(seconds):
                while data := await self.stream.receive():
                    came += data
        except TimeoutError:
            pass
        return came


class Bench:
    def __init__(self, plant: FakePlant, emulator: InSightEmulator, network: MemoryNetwork, link: str) -> None:
        self.plant, self.emulator, self.network, self.link = plant, emulator, network, link
        self.clients: list[Client] = []

    async def connect(self, log_in: bytes = LOG_IN) -> Client:
        client = Client(await self.network.connect(parse_address(self.link)))
        self.clients.append(client)
        if log_in:
            assert (await client.says(log_in)).endswith(b"User Logged In\r\n")
        return client


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    plant, network = FakePlant(), MemoryNetwork()
    emulator = InSightEmulator("camera", CONFIG, plant)
    overlay = await emulator.serve(network)
    made = Bench(plant, emulator, network, overlay["link"])
    try:
        yield made
    finally:
        for client in made.clients:
            await client.stream.aclose()
        await emulator.aclose()


def play(story: object) -> None:
    async def main() -> None:
        async with bench() as made:
            await story(made)  # type: ignore[operator]

    run_virtual(main())


def test_log_in_word_for_word() -> None:
    async def story(b: Bench) -> None:
        client = await b.connect(b"")
        assert await client.hears() == b"Welcome to In-Sight(tm)  7802 Session 0\r\nUser: "
        assert await client.says(b"ADMIN\r\n") == b"Password: "
        assert await client.says(b"s3cret\r\n") == b"User Logged In\r\n"

    play(story)


def test_a_wrong_password_is_refused_and_three_end_the_line() -> None:
    async def story(b: Bench) -> None:
        client = await b.connect(b"")
        await client.hears()
        for last in (False, False, True):
            await client.says(b"admin\r\n")
            said = await client.says(b"wrong\r\n")
            assert said.startswith(b"Invalid Password\r\n")
            assert said.endswith(b"User: ") is not last
        assert await client.stream.receive() == b""

    play(story)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"GO", b"1\r\n"),
        (b"go", b"1\r\n"),
        (b"GF", b"1\r\nbracket_r7.job\r\n"),
        (b"Gf", b"1\r\nbracket_r7.job\r\n"),
        (b"GVB002", b"1\r\n#ERR\r\n"),  # nothing was inspected yet
        (b"GVZ399", b"-2\r\n"),
        (b"GVA400", b"-1\r\n"),
        (b"GVNo.Such", b"-1\r\n"),
        (b"SW9", b"-1\r\n"),
        (b"SW", b"-1\r\n"),
        (b"SWx", b"-1\r\n"),
        (b"SE0", b"1\r\n"),
        (b"SO2", b"-1\r\n"),
        (b"LFother_part.job", b"-2\r\n"),  # Online
        (b"XX", b"0\r\n"),
        (b"GO1", b"0\r\n"),
        (b"\xff\xff", b"0\r\n"),  # a data byte 255
        (b"SIA39742", b"1\r\n"),
        (b"SIA397x", b"-1\r\n"),
        (b"SFA3971.5", b"-2\r\n"),  # an EditInt
        (b"SFA3981.5", b"1\r\n"),
        (b"SFA398inf", b"-1\r\n"),
        (b"SSA399some text", b"1\r\n"),
        (b"SIB0021", b"-2\r\n"),  # a result is no control
        (b"SIEdit.Count 7", b"1\r\n"),
        (b"SINo.Such 7", b"-1\r\n"),
    ],
)
def test_commands(command: bytes, answer: bytes) -> None:
    async def story(b: Bench) -> None:
        client = await b.connect()
        assert await client.says(command + b"\r\n") == answer

    play(story)


def test_values_set_are_read_back_by_cell_and_by_tag() -> None:
    async def story(b: Bench) -> None:
        client = await b.connect()
        said = await client.says(b"SIEdit.Count 7\r\nGVA397\r\ngvedit.count\r\n")
        assert said == b"1\r\n1\r\n7.000\r\n1\r\n7.000\r\n"
        assert await client.says(b"SSA399ab c\r\nGVa399\r\n") == b"1\r\n1\r\nab c\r\n"

    play(story)


def test_trigger_and_wait_answers_after_the_inspection() -> None:
    async def story(b: Bench) -> None:
        b.plant.seen = [
            Found(Pose(0.1234, -0.05, 0.0, 0.0, 0.0, -0.5), good=False, code=None),
            Found(Pose(0.2, 0.0, 0.0, 0.0, 0.0, 0.0), good=True, code="B-2"),
        ]
        client = await b.connect()
        assert await client.says(b"SW8\r\n", 0.055) == b""
        assert b.plant.looks == 1
        assert await client.hears(0.01) == b"1\r\n"
        said = await client.says(b"GVB002\r\nGVC002\r\nGVD002\r\nGVE002\r\nGVF002\r\nGVPart.Code\r\nGVA002\r\n")
        values = said.decode().split("\r\n")[1:-1:2]
        assert values == ["2.000", "123.400", "-50.000", "-28.648", "0.000", "#ERR", "1.000"]

    play(story)


def test_an_empty_view() -> None:
    async def story(b: Bench) -> None:
        b.plant.seen = []
        client = await b.connect()
        assert await client.says(b"SW8\r\nGVB002\r\nGVC002\r\n", 0.1) == b"1\r\n1\r\n0.000\r\n1\r\n#ERR\r\n"

    play(story)


def test_results_after_se8_are_the_old_ones() -> None:
    async def story(b: Bench) -> None:
        client = await b.connect()
        assert await client.says(b"SE8\r\nGVA002\r\n", 0.03) == b"1\r\n1\r\n0.000\r\n"
        assert await client.says(b"SW8\r\n") == b"-2\r\n"  # it still inspects
        await clock.sleep(0.1)
        assert await client.says(b"GVA002\r\n") == b"1\r\n1.000\r\n"
        b.emulator.modern = True
        status, size, report, rest = (await client.says(b"SE8\r\n", 0.03)).split(b"\r\n")
        assert (status, int(size), rest) == (b"1", len(report), b"")

    play(story)


def test_offline_held_and_jobs() -> None:
    async def story(b: Bench) -> None:
        client, other = await b.connect(), await b.connect()
        assert await other.says(b"SO0\r\n") == b"1\r\n"
        assert await client.says(b"GO\r\nSW8\r\nSW0\r\n") == b"0\r\n-2\r\n-2\r\n"
        assert await other.says(b"LFnone.job\r\nLF\r\n", 1) == b"-2\r\n-1\r\n"
        assert await other.says(b"LFother_part.job\r\nGF\r\nSO1\r\n", 1) == b"1\r\n1\r\nother_part.job\r\n1\r\n"
        b.emulator.camera.hold_offline(True)
        assert await client.says(b"GO\r\nSO1\r\n") == b"0\r\n-5\r\n"
        b.emulator.camera.job = None
        assert await client.says(b"GF\r\n") == b"-2\r\n"

    play(story)


def test_offline_in_mid_inspection() -> None:
    async def story(b: Bench) -> None:
        client, other = await b.connect(), await b.connect()
        await client.says(b"SW8\r\n", 0.03)
        await other.says(b"SO0\r\n")
        assert await client.hears(0.1) == b"-2\r\n"

    play(story)


@pytest.mark.parametrize(
    ("user", "denied", "allowed"),
    [
        (b"operator", (b"SO0", b"LFother_part.job", b"RT"), (b"SE0", b"SIA3971")),
        (b"monitor", (b"SO0", b"SW8", b"SIA3971"), ()),
    ],
)
def test_access(user: bytes, denied: tuple[bytes, ...], allowed: tuple[bytes, ...]) -> None:
    async def story(b: Bench) -> None:
        client = await b.connect(user + b"\r\n\r\n")
        for command in denied:
            assert await client.says(command + b"\r\n") == b"-6\r\n"
        for command in allowed:
            assert await client.says(command + b"\r\n") == b"1\r\n"

    play(story)


def test_reset_ends_every_session_and_needs_its_time() -> None:
    async def story(b: Bench) -> None:
        client, other = await b.connect(), await b.connect()
        await client.says(b"RT\r\n")
        assert await client.stream.receive() == b""
        assert await other.stream.receive() == b""
        assert await (await b.connect(b"")).stream.receive() == b""
        await clock.sleep(10.0)
        assert await (await b.connect()).says(b"GO\r\n") == b"1\r\n"

    play(story)


def test_cut_into_bytes_with_options_and_ended_by_nul() -> None:
    async def story(b: Bench) -> None:
        client = await b.connect()
        said = b""
        for byte in b"G\xff\xfd\x01O\xff\xfb\x18\r\n\xff\xfa\x18\x00xterm\xff\xf0GF\0":
            said += await client.says(bytes([byte]))
        assert said == b"\xff\xfc\x01" + b"\xff\xfe\x18" + b"1\r\n" + b"1\r\nbracket_r7.job\r\n"

    play(story)


def test_an_endless_line_costs_nothing_and_is_an_unknown_command() -> None:
    async def story(b: Bench) -> None:
        client = await b.connect()
        for _ in range(100):
            assert await client.says(b"x" * 10_000) == b""
        assert await client.says(b"\r\nGO\r\n") == b"0\r\n1\r\n"

    play(story)


def test_power_and_freezing() -> None:
    async def story(b: Bench) -> None:
        client = await b.connect()
        b.emulator.frozen = True
        assert await client.says(b"GO\r\n", 5) == b""
        b.emulator.frozen = False
        await b.emulator.power(False)
        assert await client.stream.receive() == b""
        await b.emulator.power(True)
        assert await (await b.connect()).says(b"GO\r\n") == b"1\r\n"

    play(story)


def test_option_filter_is_the_same_however_the_bytes_are_cut() -> None:
    data = b"a\xff\xfd\x03b\xff\xffc\xff\xfa\x01\xff\xff\xff\xf0d\xff\xf1e\xff\xfb\x05\xff\xfe\x05\xff\xfc\x07f"
    whole = OptionFilter().feed(data)
    assert whole == (b"ab\xffcdef", b"\xff\xfc\x03\xff\xfe\x05")
    for size in (1, 2, 3, 5):
        one = OptionFilter()
        pieces = [one.feed(data[at : at + size]) for at in range(0, len(data), size)]
        assert (b"".join(text for text, _ in pieces), b"".join(reply for _, reply in pieces)) == whole


def test_no_bytes_harm_the_camera() -> None:
    random = Random(5)
    pieces = [b"GO", b"GV", b"SI", b"SF", b"SS", b"SE", b"SW8", b"LF", b"GF", b"GI", b"A397", b"Edit.Text ", b"\r\n"]

    async def story(b: Bench) -> None:
        for _ in range(60):
            client = await b.connect(random.choice([LOG_IN, b""]))
            data = b"".join(random.choice([*pieces, random.randbytes(random.randrange(9))]) for _ in range(60))
            with suppress(LinkDown):  # three wrong log-ins
                for at in range(0, len(data), 7):
                    await client.says(data[at : at + 7])
            await client.stream.aclose()
        await clock.sleep(1.0)
        b.emulator.camera.online = True
        assert await (await b.connect()).says(b"SW8\r\nGVB002\r\n", 0.1) == b"1\r\n1\r\n1.000\r\n"

    play(story)
