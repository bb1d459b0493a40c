"""The emulated UR controller as clients of any make see it: hand-typed frames, lines and scripts."""

from __future__ import annotations

import asyncio
import math
import struct

import pytest
from ur_cell import READY, ArmRig, arm_rig, exchange

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.links import ByteStream
from cellctl_drivers.universal_robots.emulated.secondary_server import ProgramSplitter
from cellctl_drivers.universal_robots.registers import RobotMode, SafetyMode

LOCAL = (
    b"Command is not allowed due to safety reasons, please switch robot to Remote Control mode and "
    b"reconnect to port 29999\n"
)


def play(story: object) -> None:
    async def main() -> None:
        async with arm_rig() as made:
            await story(made)  # type: ignore[operator]

    run_virtual(main())


async def frame(stream: ByteStream, text: str) -> str:
    return (await exchange(stream, bytes.fromhex(text))).hex(" ")


async def ask(stream: ByteStream, line: str) -> str:
    return (await exchange(stream, line.encode() + b"\n")).decode().rstrip("\n")


async def running(made: ArmRig) -> None:
    """Brakes released, as a person at the teach pendant would."""
    made.controller.release_brakes()
    await clock.sleep(2.0)
    assert made.controller.mode is RobotMode.RUNNING


async def heard(stream: ByteStream, seconds: float) -> list[bytes]:
    """Packages that come on the secondary interface within this time, but the states."""
    data = b""
    try:
        async with asyncio.timeout(seconds):
            while True:
                data += await stream.receive()
    except TimeoutError:
        pass
    found: list[bytes] = []
    while data:
        length = struct.unpack_from(">i", data)[0]
        if data[4] != 16:
            found.append(data[:length])
        data = data[length:]
    return found


# -- Modbus ----------------------------------------------------------------------------------


def test_modbus_frames() -> None:
    async def story(made: ArmRig) -> None:
        async with made.client("modbus") as stream:
            # FC3 of the robot mode (258): IDLE; unit 1, and FC4 gives the same
            assert await frame(stream, "00 01 00 00 00 06 01 03 01 02 00 01") == "00 01 00 00 00 05 01 03 02 00 05"
            assert await frame(stream, "00 02 00 00 00 06 00 04 01 02 00 01") == "00 02 00 00 00 05 00 04 02 00 05"
            # joints 270..272 in mrad: 0, -90° is 270° of turn -1, 90°
            assert (await frame(stream, "00 03 00 00 00 06 ff 03 01 0e 00 03"))[-17:] == "00 00 12 68 06 23"
            # revolution counts 320..322: 0, -1, 0
            assert (await frame(stream, "00 04 00 00 00 06 ff 03 01 40 00 03"))[-17:] == "00 00 ff ff 00 00"
            # FC6 and FC16 into general-purpose registers, read back
            assert await frame(stream, "00 05 00 00 00 06 ff 06 00 ff 12 34") == "00 05 00 00 00 06 ff 06 00 ff 12 34"
            assert await frame(stream, "00 06 00 00 00 0b ff 10 00 80 00 02 04 ff fe 00 07") == (
                "00 06 00 00 00 06 ff 10 00 80 00 02"
            )
            assert (await frame(stream, "00 07 00 00 00 06 ff 03 00 80 00 02"))[-11:] == "ff fe 00 07"
            # refused: writing the robot mode, writing across 255, reading beyond the map
            assert (await frame(stream, "00 08 00 00 00 06 ff 06 01 02 00 01"))[-5:] == "86 02"
            assert (await frame(stream, "00 09 00 00 00 0b ff 10 00 ff 00 02 04 00 00 00 00"))[-5:] == "90 02"
            assert (await frame(stream, "00 0a 00 00 00 06 ff 03 ff f0 00 01"))[-5:] == "83 02"

    play(story)


def test_inputs_and_outputs() -> None:
    async def story(made: ArmRig) -> None:
        async with made.client("modbus") as stream:
            assert (await frame(stream, "00 01 00 00 00 06 ff 03 00 00 00 01"))[-5:] == "00 06"  # inputs 1 and 2
            made.plant.inputs["unit"](0, True)
            assert (await frame(stream, "00 02 00 00 00 06 ff 02 00 00 00 08"))[-2:] == "07"  # and as bits
            await frame(stream, "00 03 00 00 00 06 ff 05 00 11 ff 00")  # coil 17: output 1 on
            await frame(stream, "00 04 00 00 00 06 ff 06 00 02 00 08")  # set-mask: output 3 on
            assert made.plant.outputs == {("unit", 1): True, ("unit", 3): True}
            await frame(stream, "00 05 00 00 00 06 ff 06 00 03 00 08")  # clear-mask
            assert (await frame(stream, "00 06 00 00 00 06 ff 01 00 10 00 08"))[-2:] == "02"
            assert (await frame(stream, "00 07 00 00 00 06 ff 05 00 00 ff 00"))[-5:] == "85 02"  # an input

    play(story)


# -- dashboard -------------------------------------------------------------------------------


def test_dashboard_lines() -> None:
    async def story(made: ArmRig) -> None:
        async with made.client("dashboard") as stream:
            assert await stream.receive() == b"Connected: Universal Robots Dashboard Server\n"
            assert await ask(stream, "robotmode") == "Robotmode: IDLE"
            assert await ask(stream, "SafetyStatus") == "Safetystatus: NORMAL"
            assert await ask(stream, "is in remote control") == "true"
            assert await ask(stream, "running") == "Program running: false"
            assert await ask(stream, "programState") == "STOPPED <unnamed>"
            assert await ask(stream, "play") == "Failed to execute: play"
            assert await ask(stream, "load a.urp") == "File not found: a.urp"
            assert await ask(stream, "get robot model") == "UR5"
            assert await ask(stream, "what") == 'could not understand: "what"'
            assert await ask(stream, "power off") == "Powering off"
            assert await ask(stream, "robotmode") == "Robotmode: POWER_OFF"
            assert await ask(stream, "brake release") == "Brake releasing"  # powers on first
            assert await ask(stream, "robotmode") == "Robotmode: POWER_ON"
            await clock.sleep(5.0)
            assert await ask(stream, "robotmode") == "Robotmode: RUNNING"
            assert await ask(stream, "quit") == "Disconnected"
            assert await stream.receive() == b""

    play(story)


def test_local_mode_refuses_until_the_client_connects_again() -> None:
    async def story(made: ArmRig) -> None:
        made.controller.set_local()
        async with made.client("dashboard") as stream:
            await stream.receive()
            assert await ask(stream, "is in remote control") == "false"
            for command in (b"power on\n", b"brake release\n", b"play\n", b"stop\n", b"unlock protective stop\n"):
                assert await exchange(stream, command) == LOCAL
            made.controller.set_remote()
            assert await exchange(stream, b"power on\n") == LOCAL
        async with made.client("dashboard") as stream:
            await stream.receive()
            assert await ask(stream, "power on") == "Powering on"

    play(story)


def test_protective_stop_is_locked_for_five_seconds() -> None:
    async def story(made: ArmRig) -> None:
        await running(made)
        made.controller.protective_stop(cause_stays=True)
        async with made.client("dashboard") as stream:
            await stream.receive()
            assert await ask(stream, "safetymode") == "Safetymode: PROTECTIVE_STOP"
            assert (await ask(stream, "unlock protective stop")).startswith("Cannot unlock protective stop until 5s")
            await clock.sleep(5.0)
            assert await ask(stream, "unlock protective stop") == "Protective stop releasing"
            assert await ask(stream, "safetymode") == "Safetymode: NORMAL"
            await clock.sleep(1.0)
            assert await ask(stream, "safetymode") == "Safetymode: PROTECTIVE_STOP", "its cause is still there"

    play(story)


# -- scripts ---------------------------------------------------------------------------------


def test_a_script_moves_the_arm_in_closed_form() -> None:
    async def story(made: ArmRig) -> None:
        await running(made)
        async with made.client("secondary") as stream:
            await stream.send(b"def go():\n  movej([1, -1.57, 1.57, -1.57, -1.57, 0], a=2, v=0.5)\nend\n")
            messages = await heard(stream, 0.05)
            assert [m[14] for m in messages] == [3, 7], "version, and the program's start"
            assert messages[1].endswith(b"PROGRAM_XXX_STARTEDgo")
            start = clock.now() - 0.05
            await clock.sleep(0.95)  # a quarter of a second up to speed, then 0.5 rad/s
            assert made.joints[0] == pytest.approx(0.5 * (clock.now() - start - 0.125), abs=1e-6)
            assert made.controller.arm.speeds()[0] == pytest.approx(0.5)
            messages = await heard(stream, 2.0)
            assert messages[-1].endswith(b"PROGRAM_XXX_STOPPEDgo")
            assert made.joints == (1.0, *READY[1:])
            flange = made.plant.arms["unit"](clock.now())
            assert flange.distance(made.controller.arm.tool_pose())[0] < 1e-9

    play(story)


def test_a_straight_line_is_straight_and_stays_on_its_branch() -> None:
    async def story(made: ArmRig) -> None:
        await running(made)
        arm = made.controller.arm
        start = arm.tool_pose()
        target = start._replace(x=start.x + 0.1, y=start.y - 0.2, z=start.z - 0.15)
        numbers = ", ".join(f"{n:.9f}" for n in target)
        async with made.client("secondary") as stream:
            await stream.send(f"movel(p[{numbers}], a=1.2, v=0.25)\n".encode())
            before = arm.joints()
            for _ in range(120):
                await clock.sleep(0.01)
                now = arm.tool_pose()
                part = (now.z - start.z) / -0.15
                line = start._replace(x=start.x + 0.1 * part, y=start.y - 0.2 * part, z=now.z)
                assert now.distance(line)[0] < 1e-6
                assert now.distance(made.plant.arms["unit"](clock.now()))[0] < 1e-6
                assert max(abs(a - b) for a, b in zip(before, arm.joints(), strict=True)) < 0.04
                before = arm.joints()
            await clock.sleep(1.0)
            assert arm.tool_pose().distance(target)[0] < 1e-6

    play(story)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("def go():\n  movex(1)\nend\n", b"compile_error_name_not_found:movex:"),
        ("def go():\n  movej([9, 0, 0, 0, 0, 0])\nend\n", b"outside the joint limits"),
        ("def go():\n  movel(p[3, 0, 0, 0, 0, 0])\nend\n", b"unable to find an inverse kinematics solution"),
        ("def go():\n  thread t():\n    movej([1, -1, 1, 0, 0, 0])\n  end\n  run t()\n  sleep(0.1)\n"
         "  movej([0, -1, 1, 0, 0, 0])\nend\n", b"Another thread is already controlling the robot"),
    ],
)  # fmt: skip
def test_a_bad_script_is_told_on_the_socket(script: str, text: bytes) -> None:
    async def story(made: ArmRig) -> None:
        await running(made)
        async with made.client("secondary") as stream:
            await stream.send(script.encode())
            errors = [message for message in await heard(stream, 1.0) if message[14] == 10]
            assert len(errors) == 1
            assert text in errors[0]
            assert made.controller.machine is None
            assert not made.controller.arm.moving

    play(story)


def test_local_mode_makes_the_script_socket_read_only_and_hangs_up() -> None:
    async def story(made: ArmRig) -> None:
        await running(made)
        async with made.client("secondary") as stream:
            await stream.receive()
            made.controller.set_local()
            async with asyncio.timeout(1.0):
                while await stream.receive():
                    pass  # what was under way, then the end
        async with made.client("secondary") as stream:
            await stream.send(b"movej([0, 0, 0, 0, 0, 0])\n")
            errors = [message for message in await heard(stream, 0.5) if message[14] == 6]
            assert struct.unpack_from(">ii", errors[0], 15) == (210, 0)
            made.controller.set_remote()
            await stream.send(b"movej([0, 0, 0, 0, 0, 0])\n")
            await clock.sleep(0.5)
            assert not made.controller.arm.moving

    play(story)


def test_safeguard_pauses_and_goes_on_and_a_new_program_takes_over() -> None:
    async def story(made: ArmRig) -> None:
        await running(made)
        async with made.client("secondary") as stream:
            await stream.send(b"movej([1, -1.57, 1.57, -1.57, -1.57, 0], a=2, v=0.5)\n")
            await clock.sleep(0.6)
            made.controller.open_safeguard()
            await clock.sleep(0.5)
            await made.at_rest_for(2.0)
            made.controller.close_safeguard()
            await clock.sleep(3.0)
            assert made.joints[0] == pytest.approx(1.0)
            await stream.send(b"movej([0, -1.57, 1.57, -1.57, -1.57, 0], a=2, v=0.5)\n")
            await clock.sleep(0.6)
            await stream.send(b"def other():\n  sleep(1)\nend\n")
            await clock.sleep(0.3)
            await made.at_rest_for(0.3)
            assert 0.0 < made.joints[0] < 1.0

    play(story)


def test_emergency_stop_takes_the_power_and_a_restart_clears_registers() -> None:
    async def story(made: ArmRig) -> None:
        await running(made)
        async with made.client("secondary") as stream:
            await stream.send(b"def go():\n  write_port_register(130, 7)\n  movej([1, -1, 1, 0, 0, 0])\nend\n")
            await clock.sleep(0.5)
        made.controller.press_estop()
        await clock.sleep(1.0)
        await made.at_rest_for(1.0)
        made.controller.release_estop()
        assert (made.controller.mode, made.controller.safety) == (RobotMode.POWER_OFF, SafetyMode.NORMAL)
        async with made.client("modbus") as stream:
            assert (await frame(stream, "00 01 00 00 00 06 ff 03 00 82 00 01"))[-5:] == "00 07"
            made.controller.restart(boot=90.0)
            assert (await frame(stream, "00 02 00 00 00 06 ff 03 00 82 00 01"))[-5:] == "00 00"
            assert (await frame(stream, "00 03 00 00 00 06 ff 03 01 02 00 01"))[-5:] == "00 02"
            await clock.sleep(91.0)
            assert (await frame(stream, "00 04 00 00 00 06 ff 03 01 02 00 01"))[-5:] == "00 03"

    play(story)


def test_state_comes_ten_times_a_second() -> None:
    async def story(made: ArmRig) -> None:
        async with made.client("secondary") as stream:
            await clock.sleep(1.05)
            data = stream.drain()
            states = 0
            while data:
                length = struct.unpack_from(">i", data)[0]
                if data[4] == 16:
                    states += 1
                    joint = struct.unpack_from(">d", data, 5 + 47 + 5)[0]
                    assert joint == pytest.approx(math.radians(0))
                data = data[length:]
            assert states == 11

    play(story)


def test_programs_are_cut_out_of_the_stream() -> None:
    splitter = ProgramSplitter()
    text = "\n# nothing\ndef a():\n  while True:\n    if x:\n    end\n  end\nend\nstopj(2)\ndef b():\nend\n"
    whole = ProgramSplitter().feed(text)
    pieces = [program for character in text for program in splitter.feed(character)]
    assert pieces == whole
    assert [program.split("\n")[0] for program in whole] == ["def a():", "stopj(2)", "def b():"]
    assert splitter.feed("x" * 300_000) == [], "no program is so long"
    assert splitter.feed("stopj(2)\n") == ["stopj(2)"]
