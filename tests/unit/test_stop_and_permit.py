"""Nothing moves without a permit that was given for it, and no state claims a standstill that nobody has confirmed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from controller_world import Bench, bench
from ur_cell import FAR, ArmRig, arm_rig

from cellctl import clock
from cellctl.devices import Condition, Quality
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import DeviceFault, InDoubt, LinkDown, LinkError, NotReady
from cellctl.links import TcpAddress
from cellctl.testing.faults import FaultyStream
from cellctl.testing.rig import Rig, rig
from cellctl_drivers.altivar import DRIVER as ALTIVAR
from cellctl_drivers.universal_robots import mailbox

BELT = {"link": "rtu /dev/ttyUSB0 unit 2 19200 8N1", "travel_per_rev": 0.04, "timeout": 1.0, "ramp": 0.3, "settle": 2.0}


def cell(story: Callable[[Bench], Awaitable[None]]) -> None:
    async def main() -> None:
        async with bench(batch=2) as made:
            await story(made)

    run_virtual(main())


def arm(story: Callable[[ArmRig], Awaitable[None]], **settings: object) -> None:
    async def main() -> None:
        async with arm_rig(**settings) as made:
            await story(made)

    run_virtual(main())


def belt(story: Callable[[Rig], Awaitable[None]]) -> None:
    async def main() -> None:
        async with rig(ALTIVAR, BELT) as made:
            await made.connected()
            await made.device.prepare(part_held=False)
            await story(made)

    run_virtual(main())


# -- the arm: a link that is lost takes the permit along -----------------------------------------


def test_a_link_that_is_back_at_once_does_not_let_the_arm_go_on() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        move = await made.start_moving(speed=0.1)
        made.network.cut_in_mid_request()
        with pytest.raises((InDoubt, LinkError)):
            await move
        await made.condition(Condition.READY)  # within the watchdog's time
        await clock.sleep(0.3)
        assert made.controller.general[mailbox.PERMIT - 128] == 0
        assert made.arm.signal("permit").value is False
        await made.at_rest_for(2.0)
        await made.arm.set_permit(True)
        await made.at_rest_for(1.0)
        await made.arm.move(FAR, speed=3.0)

    arm(story, watchdog=2.0)


def test_a_lost_link_ends_the_heartbeat_until_the_permit_is_given_anew() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        made.network.cut_in_mid_request()
        await made.condition(Condition.OFFLINE)
        await made.condition(Condition.READY)
        beat = made.controller.general[mailbox.HEARTBEAT - 128]
        await clock.sleep(3.0)
        assert made.controller.general[mailbox.HEARTBEAT - 128] == beat
        await made.arm.set_permit(True)
        assert made.controller.general[mailbox.HEARTBEAT - 128] != beat
        assert made.arm.signal("permit").value is True

    arm(story)


def test_only_a_permit_that_is_asked_for_is_given() -> None:
    async def story(made: ArmRig) -> None:
        await made.made.connected()
        await made.arm.set_permit(False)
        with pytest.raises(NotReady, match="program does not run"):
            await made.arm.set_permit(True)
        await made.ready()
        await made.arm.prepare(part_held=False)  # a new program: what the old one had is over
        assert made.arm.signal("permit").value is False
        assert made.controller.general[mailbox.PERMIT - 128] == 0

    arm(story)


def test_a_permit_that_is_withdrawn_as_it_is_given_is_not_given() -> None:
    async def story(made: ArmRig) -> None:
        await made.made.connected()
        await made.arm.prepare(part_held=False)
        giving = asyncio.create_task(made.arm.set_permit(True))
        await clock.sleep(0)
        await made.arm.set_permit(False)
        with pytest.raises(NotReady, match="withdrawn as it was given"):
            await giving
        await clock.sleep(0.5)
        assert made.arm.signal("permit").value is False

    arm(story)


# -- the arm: a program that a safeguard has paused ----------------------------------------------


def dashboard_fails(made: ArmRig, monkeypatch: pytest.MonkeyPatch, at: bytes = b"") -> Callable[[], None]:
    """The dashboard's line breaks at every question that begins so, until the result is called."""
    send = FaultyStream.send

    async def fail(stream: FaultyStream, data: bytes) -> None:
        address = stream.address
        if isinstance(address, TcpAddress) and address.port == made.arm.config.dashboard_port and data.startswith(at):
            raise LinkDown("connection reset", where=str(address))
        await send(stream, data)

    monkeypatch.setattr(FaultyStream, "send", fail)
    return lambda: monkeypatch.setattr(FaultyStream, "send", send)


@pytest.mark.parametrize("at", [b"", b"stop"])
def test_a_paused_program_is_told_to_end_until_the_dashboard_answers(
    at: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        move = await made.start_moving(speed=0.1)
        restore = dashboard_fails(made, monkeypatch, at)
        made.controller.open_safeguard()
        with pytest.raises(DeviceFault, match="safeguard"):
            await move
        await clock.sleep(8.0)
        assert made.controller.machine is not None, "it is paused: nobody could tell it to end"
        remote = made.arm.signal("remote_control")
        assert (remote.value, remote.quality) == (None, Quality.BAD), "nobody answers: that is no Local mode"
        restore()
        await clock.sleep(3.0)
        assert made.controller.machine is None
        made.controller.close_safeguard()
        await made.at_rest_for(2.0)

    arm(story)


def test_a_program_that_goes_on_by_a_persons_word_is_not_ended_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        restore = dashboard_fails(made, monkeypatch)
        made.controller.open_safeguard()
        await clock.sleep(4.0)
        made.controller.close_safeguard()
        await made.arm.set_permit(False)
        await made.at_rest_for(2.0)
        await made.arm.set_permit(True)
        restore()
        await clock.sleep(3.0)
        assert made.controller.running
        await made.arm.move(FAR, speed=3.0)

    arm(story)


def test_an_arm_that_moves_all_the_same_has_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(made: ArmRig) -> None:
        await made.made.connected()
        made.controller.release_brakes()
        await clock.sleep(2.0)
        program = "movej([1, -1, 1, 0, 0, 0], a=1, v=0.05)\n"
        made.controller.upload(program)
        await clock.sleep(1.0)
        restore = dashboard_fails(made, monkeypatch, b"stop")
        with pytest.raises(LinkError):
            await made.arm.stop(fast=True)
        restore()
        made.controller.set_local()
        with pytest.raises(NotReady, match="Local mode"):
            await made.arm.stop(fast=True)
        made.controller.set_remote()
        await clock.sleep(1.0)
        with monkeypatch.context() as patch:
            patch.setattr(made.controller.arm, "halt", lambda: None)  # the brakes do not close
            with pytest.raises(NotReady, match="it moves still, and its dashboard says to stop: Stopped"):
                await made.arm.stop(fast=True)
        made.controller.upload(program)
        await made.arm.stop(fast=True)
        await made.at_rest_for(1.0)

    arm(story)


# -- the belt: its watchdog is real --------------------------------------------------------------


def motor_speed(made: Rig) -> float:
    return made.emulator.drive.shaft.speed(clock.now()) / math.tau * BELT["travel_per_rev"]


def test_a_drive_that_does_not_hear_its_stop_is_left_to_its_watchdog() -> None:
    async def story(made: Rig) -> None:
        await made.device.advance(0.15)
        made.emulator.deaf_writes = 50
        with pytest.raises(InDoubt, match="took the stop") as doubt:
            await made.device.stop(fast=False)
        assert "belt stands" in doubt.value.hint
        assert made.device.health.condition is Condition.OFFLINE
        assert motor_speed(made) != 0, "it turns, and nothing says otherwise"
        assert made.device.signal("running").quality is Quality.STALE
        with pytest.raises(LinkDown, match="in doubt"):
            await made.device.stop(fast=True)  # a request would wind its watchdog up again
        await clock.sleep(made.device.rests_within)
        assert motor_speed(made) == 0
        await clock.sleep(1.0)
        assert made.device.health.condition is Condition.FAULT
        assert made.device.signal("running").value is False
        made.emulator.deaf_writes = 0
        await made.device.prepare(part_held=False)
        await made.device.advance(0.15)

    belt(story)


# -- the cell: a standstill is confirmed, or it is not claimed -----------------------------------


class Stubborn:
    """A device's stop that fails until it is let go."""

    def __init__(self, device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tries: list[bool] = []
        self.fails = True
        self._stop = device.stop
        monkeypatch.setattr(device, "stop", self)

    async def __call__(self, *, fast: bool) -> None:
        self.tries.append(fast)
        if self.fails:
            raise InDoubt("nobody knows whether it stands", where="it", hint="Look at it")
        await self._stop(fast=fast)


def cause(made: Bench) -> dict[str, Any]:
    return made.controller.status().cause or {}


@pytest.mark.parametrize(
    ("command", "acting", "rests"), [("hold", "Holding", "Held"), ("suspend", "Suspending", "Suspended")]
)
def test_a_pause_waits_for_a_belt_that_does_not_confirm_its_stop(
    command: str, acting: str, rests: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(made: Bench) -> None:
        await made.start()
        await made.step("sort/feed/2")
        stubborn = Stubborn(made.belt, monkeypatch)
        made.world.on_belt = 0
        await made.give(command)
        await clock.sleep(20.0)
        assert made.controller.status().state == acting
        assert cause(made)["what"].startswith("belt has not confirmed that it stands")
        assert cause(made)["action"] == "Look at it"
        notes = [event.text for event in made.of("note") if "did not confirm its stop" in event.text]
        assert len(stubborn.tries) > 10 and len(notes) <= 2, "tried again and again, told once"
        stubborn.fails = False
        await made.state(rests, within=5.0)
        assert made.belt.signal("running").value is False

    cell(story)


def test_stop_becomes_abort_where_a_device_does_not_confirm(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(made: Bench) -> None:
        await made.start()
        await made.step("sort/feed/2")
        stubborn = Stubborn(made.belt, monkeypatch)
        await made.give("stop")
        await made.state("Aborting", within=5.0)
        await clock.sleep(20.0)
        assert made.controller.status().state == "Aborting"
        assert "belt has not confirmed" in cause(made)["what"] and "Aborting" in cause(made)["what"]
        assert stubborn.tries[0] is False and stubborn.tries[-1] is True
        stubborn.fails = False
        await made.state("Aborted", within=5.0)

    cell(story)


def test_an_abort_is_over_once_the_device_that_does_not_confirm_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(made: Bench) -> None:
        await made.start()
        await made.step("sort/feed/2")
        stubborn = Stubborn(made.belt, monkeypatch)
        made.belt.rests_within = 2.0
        await made.give("abort")
        await clock.sleep(10.0)
        assert made.controller.status().state == "Aborting"
        made.belt.lose()
        lost = clock.now()
        await made.state("Aborted")
        assert clock.now() >= lost + 2.0, "it is given the time to stand by itself"
        stubborn.fails, tries = False, len(stubborn.tries)
        made.belt.find()
        await clock.sleep(0.5)
        assert stubborn.tries[tries:] == [True], "the stop that is owed"

    cell(story)


def test_an_arm_that_is_lost_is_told_what_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(made: Bench) -> None:
        await made.start()
        await made.step("sort/pick/above")
        made.arm.permits.clear()
        made.arm.stops.clear()
        made.arm.lose()
        await made.state("Aborted")
        assert made.arm.permits and not any(made.arm.permits), "what was wanted of it is wanted no more"
        assert not made.arm.stops
        told = len(made.arm.permits)
        made.arm.find()
        await clock.sleep(0.5)
        assert made.arm.stops == [True]
        assert made.arm.permits[told:] == [False]
        made.arm.lose()
        made.arm.find()
        await clock.sleep(0.5)
        assert made.arm.stops == [True], "owed once"

    cell(story)


def test_a_permit_is_given_by_start_and_unhold_only() -> None:
    async def story(made: Bench) -> None:
        await made.give("reset")
        await made.state("Idle")
        await clock.sleep(5.0)
        assert True not in made.arm.permits
        await made.give("start")
        await made.step("sort/feed/2")
        assert made.arm.permitted
        await made.give("hold")
        await made.state("Held")
        assert not made.arm.permitted
        await made.give("unhold")
        await made.state("Execute")
        assert made.arm.permitted

    cell(story)


def test_what_trips_in_the_midst_of_an_activity_ends_that_activity(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trip is found by the activity's own task, as a driver that reads in a command finds it."""

    async def story(made: Bench) -> None:
        await made.give("reset")
        await made.state("Idle")
        gave = made.arm.set_permit
        went_on: list[str] = []

        async def set_permit(allowed: bool) -> None:
            await gave(allowed)
            if allowed:
                made.arm.publish("protective_stop", True)
                await clock.sleep(1.0)
                went_on.append("after its end")

        monkeypatch.setattr(made.arm, "set_permit", set_permit)
        await made.give("start")
        await made.state("Aborted")
        await clock.sleep(5.0)
        states = [event.state for event in made.of("state")]
        assert states[-3:] == ["Starting", "Aborting", "Aborted"]
        assert not went_on

    cell(story)
