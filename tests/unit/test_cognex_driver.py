"""The Cognex driver against its emulator, and against cameras that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from cellctl import clock
from cellctl.devices import Condition
from cellctl.emulation.physics import Found
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import BadAnswer, DeviceFault, LinkDown, LinkError, NoAnswer, NotReady, UsageError
from cellctl.links import ByteStream, Links, MemoryNetwork, TcpAddress, parse_address
from cellctl.motion.pose import Pose
from cellctl.testing.rig import Rig, rig
from cellctl_drivers.cognex import DRIVER, Config
from cellctl_drivers.cognex.driver import InSight

RESULTS = {"found": "B002", "x": "C002", "y": "D002", "angle": "E002", "good": "F002", "code": "Part.Code"}
ENTRY = {"link": "tcp 192.168.0.11", "job": "bracket_r7.job", "password": "s3cret", "results": RESULTS}
COUNTED = {**ENTRY, "results": {**RESULTS, "exposure": "A002"}}


def play(story: Callable[[Any], Awaitable[None]], entry: dict[str, Any] = COUNTED) -> None:
    async def main() -> None:
        async with rig(DRIVER, entry) as made:
            await made.connected()
            await story(made)

    run_virtual(main())


def raw(made: Rig) -> Any:
    """Another client, logged in."""

    @asynccontextmanager
    async def session() -> AsyncIterator[ByteStream]:
        assert isinstance(made.device, InSight)
        stream = await made.network._inner.connect(made.device.address)
        await stream.send(b"admin\r\ns3cret\r\n")
        await clock.sleep(0.001)
        stream.drain()
        yield stream
        await stream.aclose()

    return session()


def test_the_first_part_in_si_in_the_cameras_frame() -> None:
    async def story(made: Rig) -> None:
        made.plant.seen = [
            Found(Pose(0.1234, -0.05, 0.0, 0.0, 0.0, -0.5), good=True, code="A-17"),
            Found(Pose(0.0, 0.0, 0.0, 0.0, 0.0, 0.0), good=False, code=None),
        ]
        start = clock.now()
        result = await made.device.inspect()
        assert clock.now() - start == pytest.approx(0.06)
        pose = result.pop("pose")
        assert result == {"found": 2, "good": True, "readable": True, "code": "A-17"}
        assert pose == pytest.approx((0.1234, -0.05, 0.0, 0.0, 0.0, -0.5), abs=1e-5)

    play(story)


def test_an_unreadable_bad_part() -> None:
    async def story(made: Rig) -> None:
        made.plant.seen = [Found(Pose(), good=False, code=None)]
        result = await made.device.inspect()
        assert (result["good"], result["readable"], result["code"]) == (False, False, "")

    play(story)


def test_nothing_seen() -> None:
    async def story(made: Rig) -> None:
        made.plant.seen = []
        with pytest.raises(DeviceFault) as caught:
            await made.device.inspect()
        assert caught.value.fault == "nothing_seen"

    play(story)


def test_each_inspection_is_of_its_own_exposure() -> None:
    async def story(made: Rig) -> None:
        for number in range(5):
            made.plant.seen = [Found(Pose(x=number / 100), good=True, code=str(number))]
            assert (await made.device.inspect())["code"] == str(number)

    play(story)


def test_results_of_another_clients_exposure_are_refused() -> None:
    async def story(made: Rig) -> None:
        async def steal() -> None:
            async with raw(made) as other:
                await clock.sleep(0.06)  # the driver's inspection has just ended
                await other.send(b"SW8\r\n")
                await clock.sleep(0.1)

        class Slow:  # the driver's questions for results wait until the other exposure is inspected
            def __init__(self, stream: Any) -> None:
                self.send, stream.send = stream.send, self.late

            async def late(self, data: bytes) -> None:
                if data.startswith(b"GVB"):
                    await clock.sleep(0.2)
                await self.send(data)

        Slow(made.network.open_streams[0])
        stealing = asyncio.create_task(steal())
        with pytest.raises(DeviceFault, match="exposure 1 was asked for, and the results are of exposure 2") as caught:
            await made.device.inspect()
        assert caught.value.fault == "failed"
        await stealing
        assert (await made.device.inspect())["found"] == 1

    play(story)


def test_a_cancelled_inspection_does_not_answer_the_next_one() -> None:
    async def story(made: Rig) -> None:
        for after in (0.0, 0.01, 0.03, 0.0599):
            made.plant.seen = [Found(Pose(), good=True, code="old")]
            asked = asyncio.create_task(made.device.inspect())
            await clock.sleep(after)
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            made.plant.seen = [Found(Pose(), good=True, code="new")]
            assert (await made.device.inspect())["code"] == "new"
            assert made.device.health.condition is Condition.READY
        assert made.network.attempts == 1  # never reconnected

    play(story)


def test_two_askers_get_an_exposure_each() -> None:
    async def story(made: Rig) -> None:
        await asyncio.gather(made.device.inspect(), made.device.inspect())
        assert made.plant.looks == 2

    play(story)


def test_wrong_job_names_both_and_what_to_do() -> None:
    async def story(made: Rig) -> None:
        made.emulator.camera.job = "other_part.job"
        await clock.sleep(1.0)
        health = made.device.health
        assert health.condition is Condition.NOT_READY
        assert "other_part.job" in health.text
        assert "bracket_r7.job" in health.text
        assert "LFbracket_r7.job" in health.hint
        assert made.device.signal("job_right").value is False
        for refused in (made.device.inspect(), made.device.prepare(part_held=False)):
            with pytest.raises(NotReady, match="other_part"):
                await refused
        made.emulator.camera.job = "BRACKET_R7.JOB"
        await clock.sleep(1.0)
        assert made.device.health.condition is Condition.READY

    play(story)


def test_a_job_changed_just_now_gives_no_results() -> None:
    async def story(made: Rig) -> None:
        made.emulator.camera.job = None
        with pytest.raises(NotReady, match="never saved"):
            await made.device.inspect()

    play(story)


def test_set_offline_by_another_client_and_back_on_reset() -> None:
    async def story(made: Rig) -> None:
        async with raw(made) as other:
            await other.send(b"SO0\r\n")
            await clock.sleep(1.0)
        assert made.device.signal("online").value is False
        assert made.device.health.condition is Condition.NOT_READY
        assert made.device.health.hint
        with pytest.raises(NotReady, match="offline"):
            await made.device.inspect()
        await made.device.prepare(part_held=True)
        assert made.device.health.condition is Condition.READY

    play(story)


def test_offline_noticed_by_the_trigger_itself() -> None:
    async def story(made: Rig) -> None:
        made.emulator.camera.online = False
        with pytest.raises(NotReady, match="offline"):
            await made.device.inspect()

    play(story)


def test_held_offline_is_said_on_reset() -> None:
    async def story(made: Rig) -> None:
        made.emulator.camera.hold_offline(True)
        with pytest.raises(NotReady, match="held offline") as caught:
            await made.device.prepare(part_held=False)
        assert "Online" in caught.value.hint

    play(story)


def test_a_trigger_that_fails() -> None:
    async def story(made: Rig) -> None:
        made.emulator.camera.failing = True
        with pytest.raises(DeviceFault, match="-2") as caught:
            await made.device.inspect()
        assert caught.value.fault == "failed"

    play(story)


@pytest.mark.parametrize(("name", "reference"), [("good", "Z001"), ("code", "No.Tag"), ("found", "Part.Count")])
def test_a_cell_that_the_job_does_not_have_is_named(name: str, reference: str) -> None:
    async def story(made: Rig) -> None:
        made.device.config.results.__dict__[name] = reference  # the emulated job keeps its own cells
        with pytest.raises(DeviceFault, match=f"results.{name}.*{reference}"):
            await made.device.inspect()

    play(story)


def test_a_failed_formula_is_named() -> None:
    async def story(made: Rig) -> None:
        made.plant.seen = [Found(Pose(x=float("nan")), good=True, code="1")]
        with pytest.raises(DeviceFault, match=r"results\.x is 'nan'"):
            await made.device.inspect()

    play(story)


def test_a_camera_that_goes_dark_and_returns() -> None:
    async def story(made: Rig) -> None:
        made.emulator.frozen = True
        with pytest.raises(NoAnswer, match=r"SW8|GVA002"):
            await made.device.inspect()
        await made.lost(1.0)
        with pytest.raises(LinkDown):
            await made.device.inspect()
        made.emulator.frozen = False
        await made.connected()
        await made.device.inspect()
        await made.emulator.power(False)
        await made.lost(0.1)
        await made.emulator.power(True)
        await made.connected()
        await made.device.inspect()

    play(story)


def test_a_wrong_password_is_no_riddle() -> None:
    async def main() -> None:
        async with rig(DRIVER, ENTRY) as made:
            made.emulator._access["admin"] = ("other", made.emulator._access["admin"][1])
            made.start()
            await clock.sleep(30.0)
            assert made.device.health.condition is Condition.OFFLINE
            assert "log-in" in made.device.health.text
            assert "password" in made.device.health.hint
            assert made.network.attempts < 15
            with pytest.raises(NotReady):
                await made.device.identify()

    run_virtual(main())


# -- cameras that break the protocol ----------------------------------------------------------------

PROMPTS = b"Welcome to In-Sight(tm)  7802 Session 0\r\nUser: ", b"Password: ", b"User Logged In\r\n"


async def against(
    answers: dict[bytes, bytes], story: Callable[[InSight], Awaitable[None]], entry: dict[str, Any] = ENTRY
) -> None:
    """A driver against a camera that answers each line as it is told to."""
    network = MemoryNetwork()

    async def serve(stream: ByteStream) -> None:
        await stream.send(PROMPTS[0])
        prompts, buffer = list(PROMPTS[1:]), b""
        while data := await stream.receive():
            buffer += data
            while b"\r\n" in buffer:
                line, _, buffer = buffer.partition(b"\r\n")
                await stream.send(prompts.pop(0) if prompts else answers.get(line, b""))

    listener = await network.listen(TcpAddress("127.0.0.1", 0), serve)
    config = Config.model_validate({"driver": "cognex", **entry, "link": str(listener.address)})
    device = InSight("camera", config, Links(network))
    running = asyncio.create_task(device.run())
    try:
        await clock.sleep(0.4)
        await story(device)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await listener.aclose()


GOOD = {b"GO": b"1\r\n", b"GF": b"1\r\nbracket_r7.job\r\n", b"SW8": b"1\r\n"}


@pytest.mark.parametrize(
    ("answers", "error", "word"),
    [
        ({b"SW8": b"maybe\r\n"}, BadAnswer, "maybe"),
        ({b"SW8": b"1"}, NoAnswer, "SW8"),
        ({b"SW8": b"x" * 5000}, BadAnswer, "line end"),
        ({b"SW8": b"1\r\n1\r\n"}, BadAnswer, "without a question"),
        ({b"GVB002": b"1\r\n"}, LinkError, "status"),
        ({b"GVB002": b"-2\r\n"}, DeviceFault, "B002"),
        ({b"SW8": b"-7\r\n"}, DeviceFault, "-7"),
        ({b"SW8": b"0\r\n"}, DeviceFault, "unknown"),
    ],
)
def test_broken_answers(answers: dict[bytes, bytes], error: type[Exception], word: str) -> None:
    values = {b"GV" + reference.encode(): b"1\r\n0.000\r\n" for reference in RESULTS.values()}

    async def story(device: InSight) -> None:
        assert device.health.condition is Condition.READY
        with pytest.raises(error, match=word) as caught:
            await device.inspect()
        assert "camera" in str(caught.value)

    run_virtual(against({**GOOD, **values, **answers}, story))


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"nan", b"one"])
@pytest.mark.parametrize("reference", [b"A002", b"B002"])
def test_a_number_that_is_none_is_a_fault_of_the_job(reference: bytes, number: bytes) -> None:
    values = {b"GV" + each.encode(): b"1\r\n0.000\r\n" for each in (*RESULTS.values(), "A002")}

    async def story(device: InSight) -> None:
        with pytest.raises(DeviceFault, match=r"results\.(exposure|found)") as caught:
            await device.inspect()
        assert (caught.value.fault, caught.value.where) == ("failed", "camera")

    run_virtual(against({**GOOD, **values, b"GV" + reference: b"1\r\n" + number + b"\r\n"}, story, COUNTED))


def test_who_is_cancelled_while_it_closes_a_session_hears_of_it() -> None:
    async def story(device: InSight) -> None:
        session = device._session
        assert session is not None
        closing = asyncio.create_task(session.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait({closing})
        assert closing.cancelled()
        assert isinstance(session.error, LinkDown), "and it is closed"

    run_virtual(against(GOOD, story))


def test_prompts_cut_into_bytes() -> None:
    async def main() -> None:
        network = MemoryNetwork()

        async def serve(stream: ByteStream) -> None:
            for prompt in PROMPTS:
                for byte in prompt:
                    await stream.send(bytes([byte]))
                    await clock.sleep(0.001)
                if prompt is not PROMPTS[2]:
                    await stream.receive()
            while await stream.receive():
                await stream.send(b"1\r\nModel: 8402\r\nSerial Number: 7\r\nx\r\n\r\nx\r\n")

        listener = await network.listen(TcpAddress("127.0.0.1", 0), serve)
        config = Config.model_validate({"driver": "cognex", **ENTRY, "link": str(listener.address)})
        identity = await InSight("camera", config, Links(network)).identify()
        assert (identity.vendor, identity.model, identity.serial) == ("Cognex", "8402", "7")
        await listener.aclose()

    run_virtual(main())


# -- configuration ----------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["B2", "B0020", "B400", "", "1A", "A\r\nSO0", "x" * 200])
def test_references_that_no_job_has(reference: str) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"driver": "cognex", **ENTRY, "results": {**RESULTS, "x": reference}})


@pytest.mark.parametrize("name", ["job", "user", "password"])
def test_no_command_hides_in_a_name(name: str) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"driver": "cognex", **ENTRY, name: "a\r\nRT"})


def test_a_serial_line_is_no_address() -> None:
    config = Config.model_validate({"driver": "cognex", **ENTRY, "link": "serial /dev/ttyS0"})
    with pytest.raises(UsageError, match="network"):
        InSight("camera", config, Links(MemoryNetwork()))
    assert str(parse_address(ENTRY["link"])) == "tcp 192.168.0.11"  # type: ignore[arg-type]
