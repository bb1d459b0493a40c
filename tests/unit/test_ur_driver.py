"""The driver and its program on the emulated arm: who may move it, what stops it, what is said."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable

import pytest
from ur_cell import ANGLE, FAR, READY, ArmRig, arm_rig

from cellctl import clock
from cellctl.devices import Condition
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import CellError, DeviceFault, InDoubt, LinkError, NotReady, UsageError
from cellctl.links import ModbusRefusal, Table
from cellctl.motion import Pose
from cellctl_drivers.universal_robots import mailbox, program, registers
from cellctl_drivers.universal_robots.emulated.bank import Bank
from cellctl_drivers.universal_robots.mailbox import Command, Opcode, checksum
from cellctl_drivers.universal_robots.registers import RobotMode

Story = Callable[[ArmRig], Awaitable[None]]


def play(story: Story, **settings: object) -> None:
    async def main() -> None:
        async with arm_rig(**settings) as made:
            await story(made)

    run_virtual(main())


def near(joints: tuple[float, ...], target: tuple[float, ...], tolerance: float = ANGLE) -> bool:
    return max(abs(a - b) for a, b in zip(joints, target, strict=True)) <= tolerance


# -- moving ----------------------------------------------------------------------------------


def test_moves_to_joints_and_poses() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        target = (0.5, -1.2, 1.3, -1.4, -1.5, 5.9)  # beyond half a turn: revolution counts
        await made.arm.move(target, speed=3.0)
        assert near(made.joints, target)
        assert near(made.arm.joints(), target, 0.0006)
        assert made.arm.signals["joints.5"].value == pytest.approx(5.9, abs=0.0006)

        await made.arm.move(READY)
        pose = made.arm.pose()
        lower = pose.above(-0.1)
        await made.arm.move_linear(lower)
        assert made.controller.arm.tool_pose().distance(lower) < (2e-5, 3e-4)
        await made.arm.move(pose)
        assert made.controller.arm.tool_pose().distance(pose) < (2e-5, 3e-4)
        await made.arm.move_linear(READY)
        assert near(made.joints, READY, 0.001)
        assert not made.arm.signals["moving"].value

    play(story)


def test_repeating_a_command_moves_nothing() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        await made.arm.move(FAR, speed=3.0)
        before = made.joints
        await made.arm.move(FAR, speed=3.0)
        assert made.joints == before

    play(story)


def test_what_cannot_be_is_refused_before_anything_is_sent() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        number = made.controller.general[mailbox.NUMBER - 128]
        with pytest.raises(DeviceFault, match="out of its reach of 850 mm") as fault:
            await made.arm.move_linear(Pose(2.0, 0.0, 0.3))
        assert fault.value.fault == "unreachable"
        with pytest.raises(DeviceFault, match="outside its joint limits"):
            await made.arm.move((7.0, *READY[1:]))
        with pytest.raises(UsageError, match=r"speed of 229\.183 deg/s is not in 0 … 180 deg/s"):
            await made.arm.move(FAR, speed=4.0)
        with pytest.raises(UsageError, match="acceleration"):
            await made.arm.move_linear(READY, acceleration=0.0)
        with pytest.raises(UsageError, match="3 joint angles"):
            await made.arm.move((0.0, 0.0, 0.0))
        assert made.controller.general[mailbox.NUMBER - 128] == number

    play(story)


def test_one_changed_line_of_the_program_is_other_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "movej(joints(), a=pair(148) * 0.0001, v=pair(146) * 0.0001)"
    changed = line.replace("joints()", "[pair(134) * 0.0001, -1.57, 1.57, -1.57, -1.57, 0.25]")
    original = program.template()
    assert original.count(line) == 1

    async def story(made: ArmRig) -> None:
        await made.ready()
        with pytest.raises(DeviceFault, match=r"came to rest 14\.3\d* deg from its target") as fault:
            await made.arm.move(FAR, speed=3.0)
        assert fault.value.fault == "stopped"
        assert near(made.joints, (*FAR[:5], 0.25))

    monkeypatch.setattr(program, "template", lambda: original.replace(line, changed))
    play(story)


def test_a_program_that_does_not_compile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    original = program.template()
    monkeypatch.setattr(program, "template", lambda: original.replace("movel(pose()", "movewell(pose()"))

    async def story(made: ArmRig) -> None:
        await made.made.connected()
        with pytest.raises(NotReady, match="compile_error_name_not_found:movewell:"):
            await made.arm.prepare(part_held=False)
        await made.condition(Condition.NOT_READY, "movewell")

    play(story)


# -- permit and heartbeat --------------------------------------------------------------------


def test_without_a_permit_nothing_moves() -> None:
    async def story(made: ArmRig) -> None:
        await made.made.connected()
        await made.arm.prepare(part_held=False)
        await made.condition(Condition.READY)
        assert made.arm.signals["permit"].value is False
        with pytest.raises(NotReady, match="no motion permit"):
            await made.arm.move(FAR)
        await made.arm.set_permit(True)
        await made.arm.move(FAR, speed=3.0)

    play(story)


def test_a_withdrawn_permit_stops_the_arm_on_its_own() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        move = await made.start_moving()
        withdrawn = clock.now()
        await made.arm.set_permit(False)
        with pytest.raises(DeviceFault, match="motion permit was withdrawn") as fault:
            await move
        assert fault.value.fault == "stopped"
        assert clock.now() < withdrawn + 0.2
        await made.at_rest_for(1.0)
        await made.arm.set_permit(True)
        await made.at_rest_for(2.0)  # giving it back moves nothing
        await made.arm.move(FAR, speed=3.0)

    play(story)


@pytest.mark.parametrize("fault", ["silent", "refused", "garbage"])
def test_a_stalled_heartbeat_stops_the_arm_on_its_own(fault: str) -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        move = await made.start_moving()
        made.network.fault = fault  # type: ignore[assignment]
        await clock.sleep(0.2)
        assert made.controller.arm.moving or fault != "silent"
        await clock.sleep(0.3)
        await made.at_rest_for(1.0)
        assert not near(made.joints, FAR)
        with pytest.raises((InDoubt, LinkError)):
            await move
        made.network.fault = "none"
        await made.condition(Condition.READY)
        assert made.arm.signals["permit"].value is False
        await made.at_rest_for(2.0)
        await made.arm.set_permit(True)  # given anew: still nothing moves
        await made.at_rest_for(1.0)
        await made.condition(Condition.READY)
        await made.arm.move(FAR, speed=3.0)

    play(story)


def test_the_watchdog_time_is_the_configured_one() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        move = await made.start_moving(speed=0.3)
        made.network.fault = "silent"
        await clock.sleep(0.7)
        assert made.controller.arm.moving
        await clock.sleep(0.4)
        assert not made.controller.arm.moving
        with pytest.raises(InDoubt):
            await move

    play(story, watchdog=1.0)


def test_connecting_gives_no_heartbeat_before_a_session() -> None:
    async def story(made: ArmRig) -> None:
        await made.made.connected()
        await clock.sleep(2.0)
        assert made.controller.general == [0] * 128
        assert made.controller.machine is None

    play(story)


# -- registers of other sessions, and damaged ones ------------------------------------------


@pytest.mark.parametrize(
    ("change", "result"),
    [
        (lambda words, session: words, mailbox.Result.DONE),
        (lambda words, session: [session + 1, *words[1:]], mailbox.Result.SESSION),
        (lambda words, session: [*words[:7], words[7] ^ 1, *words[8:]], mailbox.Result.CHECKSUM),
        (lambda words, session: [*words[:2], *words[4:6], *words[2:4], *words[6:]], mailbox.Result.CHECKSUM),
    ],
)
def test_only_a_whole_command_of_this_session_moves(
    change: Callable[[list[int], int], list[int]], result: mailbox.Result
) -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        general = made.controller.general
        session = general[mailbox.ANSWER - 128]
        number = mailbox.following(general[mailbox.NUMBER - 128])
        words = change(Command(Opcode.JOINTS, FAR, 3.0, 10.0).words(session, number), session)
        general[mailbox.COMMAND - 128 : mailbox.COMMAND - 128 + len(words)] = words
        general[mailbox.NUMBER - 128] = number
        await clock.sleep(3.0)
        assert general[205 - 128 : 208 - 128] == [number, number, result]
        assert near(made.joints, FAR) == (result is mailbox.Result.DONE)

    play(story)


def test_registers_of_an_earlier_session_never_move_the_arm() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        await made.arm.move(FAR, speed=3.0)
        await made.arm.move(READY, speed=3.0)
        old = list(made.controller.general)
        for _ in range(3):
            await made.arm.prepare(part_held=False)
            await made.at_rest_for(0.5)
        session, number = made.controller.general[mailbox.ANSWER - 128], old[mailbox.NUMBER - 128]
        assert session not in (old[mailbox.ANSWER - 128], old[mailbox.PERMIT - 128])
        # the old command, permit and all, put back under numbers old and new
        for again in (number, mailbox.following(number), number + 7):
            block = slice(mailbox.COMMAND - 128, mailbox.NUMBER - 128)
            made.controller.general[block] = old[block]
            made.controller.general[mailbox.NUMBER - 128] = again
            await made.at_rest_for(0.5)
        made.controller.general[mailbox.PERMIT - 128] = old[mailbox.PERMIT - 128]
        await made.at_rest_for(0.5)
        assert made.controller.general[204 - 128] == mailbox.Permit.WITHDRAWN

    play(story)


def test_checksum_tells_swapped_and_changed_words() -> None:
    words = Command(Opcode.LINE, Pose(0.4, -0.2, 0.1, math.pi, 0.0, -0.5), 0.25, 1.2).words(7, 1)
    assert words[-1] == checksum(1, words)
    for index in range(18):
        for bit in range(16):
            changed = [*words[:index], words[index] ^ (1 << bit), *words[index + 1 :]]
            assert checksum(1, changed) != words[-1]
    assert checksum(2, words) != words[-1]


# -- stop ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("straight", [False, True])
def test_stop_is_on_the_path_and_confirmed(fast: bool, straight: bool) -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        start = made.controller.arm.tool_pose()
        if straight:
            move = asyncio.create_task(made.arm.move_linear(start.above(-0.2), speed=0.15))
        else:
            move = asyncio.create_task(made.arm.move(FAR, speed=1.5))
        await clock.sleep(0.8)
        asked = clock.now()
        await made.arm.stop(fast=fast)
        assert not made.controller.arm.moving
        assert clock.now() - asked < (0.25 if fast or straight else 0.5)
        with pytest.raises(DeviceFault, match="stopped on demand"):
            await move
        if straight:
            end = made.controller.arm.tool_pose()
            assert end.distance(start._replace(z=end.z))[0] < 1e-6
        else:
            assert near(made.joints, (made.joints[0], *READY[1:]), 0.001)
        await made.at_rest_for(1.0)
        await made.arm.move(READY, speed=2.0)

    play(story)


def test_a_cancelled_move_goes_on_until_stop() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        move = await made.start_moving()
        move.cancel()
        with pytest.raises(asyncio.CancelledError):
            await move
        await clock.sleep(0.2)
        assert made.controller.arm.moving
        with pytest.raises(NotReady, match="still carries out command"):
            await made.arm.move(READY)
        await made.arm.stop(fast=False)
        await made.at_rest_for(1.0)
        await made.arm.move(READY, speed=2.0)

    play(story)


@pytest.mark.parametrize("turns", range(12))
def test_a_move_cancelled_while_it_is_sent_never_goes_on_after_stop(turns: int) -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        move = asyncio.create_task(made.arm.move(FAR, speed=1.0))
        for _ in range(turns):
            await clock.sleep(0)
        move.cancel()
        await asyncio.gather(move, return_exceptions=True)
        await made.arm.stop(fast=True)
        await made.at_rest_for(1.0)
        await made.arm.move(FAR, speed=3.0)

    play(story)


def test_stop_without_a_program_of_ours_stops_the_other_program() -> None:
    async def story(made: ArmRig) -> None:
        await made.made.connected()
        made.controller.release_brakes()
        await clock.sleep(2.0)
        made.controller.upload("movej([1, -1, 1, 0, 0, 0], a=1, v=0.2)\n")
        await clock.sleep(1.0)
        with pytest.raises(NotReady, match="moves under another program"):
            await made.arm.prepare(part_held=False)
        await made.arm.stop(fast=True)
        await clock.sleep(0.1)
        await made.at_rest_for(1.0)

    play(story)


# -- safety ----------------------------------------------------------------------------------


def test_protective_stop_is_unlocked_only_by_reset_and_after_five_seconds() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        move = await made.start_moving()
        made.controller.protective_stop()
        with pytest.raises(DeviceFault, match="protective stop"):
            await move
        await made.condition(Condition.FAULT, "protective stop")
        assert made.arm.signals["protective_stop"].value is True
        assert made.arm.signals["permit"].value is False
        await made.at_rest_for(20.0)
        assert made.arm.signals["protective_stop"].value is True, "nobody but a person unlocks it"
        reset = asyncio.create_task(made.arm.prepare(part_held=True))
        await made.at_rest_for(10.0)
        await reset
        await made.condition(Condition.READY)
        await made.at_rest_for(1.0)
        await made.arm.set_permit(True)
        await made.at_rest_for(1.0)
        await made.arm.move(FAR, speed=3.0)

    play(story)


def test_a_protective_stop_whose_cause_is_there_comes_back() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        made.controller.protective_stop(cause_stays=True)
        await made.condition(Condition.FAULT)
        with pytest.raises(NotReady, match="its cause is still there"):
            await made.arm.prepare(part_held=False)
        made.controller.clear_cause()
        await made.arm.prepare(part_held=False)
        await made.condition(Condition.READY)

    play(story)


def test_a_safeguard_that_closes_again_moves_nothing() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        for pause in (0.05, 0.3, 2.0):
            move = await made.start_moving(FAR if near(made.joints, READY, 0.5) else READY)
            made.controller.open_safeguard()
            with pytest.raises(DeviceFault, match="safeguard stop"):
                await move
            await made.condition(Condition.NOT_READY, "safeguard stop")
            assert made.arm.signals["safeguard_stop"].value is True
            await clock.sleep(pause)
            made.controller.close_safeguard()
            await made.at_rest_for(3.0)
            await made.arm.prepare(part_held=False)
            await made.condition(Condition.READY)
            await made.arm.set_permit(True)

    play(story)


def test_emergency_stop_then_reset_powers_it_again() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        move = await made.start_moving()
        made.controller.press_estop()
        with pytest.raises(DeviceFault, match="emergency stop is pressed"):
            await move
        await made.condition(Condition.FAULT, "emergency stop")
        with pytest.raises(NotReady, match="emergency stop is pressed"):
            await made.arm.prepare(part_held=False)
        made.controller.release_estop()
        await made.condition(Condition.NOT_READY, "its power is off")
        await made.at_rest_for(2.0)
        await made.arm.prepare(part_held=False)
        assert made.controller.mode is RobotMode.RUNNING
        await made.condition(Condition.READY)
        await made.at_rest_for(1.0)

    play(story)


def test_local_mode_is_named_and_survives_the_switch_back() -> None:
    async def story(made: ArmRig) -> None:
        made.controller.set_local()
        await made.made.connected()
        await made.condition(Condition.NOT_READY, "Local mode")
        assert made.arm.signals["remote_control"].value is False
        with pytest.raises(NotReady, match="Local mode") as caught:
            await made.arm.prepare(part_held=False)
        assert "Remote Control" in caught.value.hint
        made.controller.set_remote()
        await made.ready()
        made.controller.set_local()
        await made.condition(Condition.NOT_READY, "Local mode")
        with pytest.raises(NotReady, match="Local mode"):
            await made.arm.move(FAR)

    play(story)


def test_a_program_that_is_stopped_on_the_pendant_is_named() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        move = await made.start_moving()
        made.controller.stop_program()
        with pytest.raises(DeviceFault, match="its program does not run"):
            await move
        await made.condition(Condition.NOT_READY, "its program is not running")
        await made.arm.prepare(part_held=False)
        await made.condition(Condition.READY)

    play(story)


def test_a_controller_that_is_switched_off_and_on_needs_a_reset() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        made.controller.restart(boot=60.0)
        await made.condition(Condition.NOT_READY, "its mode is BOOTING")
        with pytest.raises(NotReady, match="BOOTING"):
            await made.arm.prepare(part_held=False)
        await made.condition(Condition.NOT_READY, "its power is off", timeout=70.0)
        await made.arm.prepare(part_held=False)
        await made.condition(Condition.READY)
        assert made.arm.signals["permit"].value is False, "a Reset gives none"

    play(story)


# -- other controllers, and the wire ---------------------------------------------------------


def test_a_controller_without_the_registers_between_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    known = set(range(256)) | {258, *range(260, 267), *range(270, 276), *range(280, 286), *range(320, 326)}
    read = Bank.read

    def strict(bank: Bank, table: Table, address: int, count: int) -> object:
        if not known.issuperset(range(address, address + count)):
            raise ModbusRefusal(2)
        return read(bank, table, address, count)

    monkeypatch.setattr(Bank, "read", strict)

    async def story(made: ArmRig) -> None:
        await made.ready()
        await made.arm.move(FAR, speed=3.0)
        assert near(made.arm.joints(), FAR, 0.0006)

    play(story)


def test_a_command_whose_number_is_lost_on_the_wire_is_settled_by_asking() -> None:
    async def story(made: ArmRig) -> None:
        await made.ready()
        made.network.cut_in_mid_request()
        outcome: CellError | None = None
        try:
            await made.arm.move(FAR, speed=1.0)
        except CellError as error:
            outcome = error
        assert outcome is None or isinstance(outcome, InDoubt | NotReady | LinkError | DeviceFault)
        await clock.sleep(5.0)
        await made.at_rest_for(1.0)

    play(story)


def test_inputs_are_signals() -> None:
    async def story(made: ArmRig) -> None:
        await made.made.connected()
        made.plant.inputs["unit"](0, True)
        await clock.sleep(0.11)
        assert [made.arm.signals[f"di{n}"].value for n in range(4)] == [True, True, True, False]

    play(story)


def test_identify_names_the_arm() -> None:
    async def story(made: ArmRig) -> None:
        identity = await made.arm.identify()
        assert (identity.vendor, identity.model) == ("Universal Robots", "UR5")
        assert identity.firmware.startswith("URSoftware 5")

    play(story)


def test_the_program_is_filled_in() -> None:
    text = program.program_text(session=77, watchdog=0.5, tool=Pose(z=0.163), payload=1.25)
    assert re.search(r"^  global session = 77$", text, re.MULTILINE)
    assert re.search(r"^  global watchdog = 25$", text, re.MULTILINE)
    assert re.search(r"^  global tool = p\[0\.0+, 0\.0+, 0\.1630+, ", text, re.MULTILINE)
    assert re.search(r"^  global payload = 1\.2500$", text, re.MULTILINE)


def test_state_words() -> None:
    words = dict.fromkeys(range(201, 326), 0) | {270: 6283, 320: 0xFFFF, 280: 0xFFFE, 258: 7, 260: 1}
    state = registers.read_state(words)
    assert state.joints[0] == pytest.approx(6.283 - 2 * math.pi)
    assert state.speeds[0] == pytest.approx(-0.002)
    assert state.turning
