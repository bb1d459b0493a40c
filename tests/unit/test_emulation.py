"""Emulated devices of the flagship cell, served together with their plant."""

import asyncio
import json
import math
from pathlib import Path

import pytest

from cellctl import clock
from cellctl.devices import find_driver
from cellctl.emulation.answers import answer
from cellctl.emulation.nothing import NothingThere
from cellctl.emulation.overlay import addresses
from cellctl.emulation.serve import emulate
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import FileError, UsageError
from cellctl.links import Links, MemoryNetwork
from cellctl.motion import Pose

PLANT = Path(__file__).parents[2] / "recipes" / "vision_sort" / "plant.yaml"
ENTRIES = {
    "arm": {"driver": "universal_robots", "link": "tcp 192.168.0.10", "model": "ur5e", "tool": Pose(0, 0, 0.163)},
    "belt": {"driver": "altivar", "link": "rtu /dev/ttyUSB0 unit 2 19200 8N1", "travel_per_rev": 0.04},
    "camera": {
        "driver": "cognex", "link": "tcp 192.168.0.11", "job": "bracket_r7.job", "frame": "view",
        "results": {"found": "B002", "x": "C002", "y": "D002", "angle": "E002", "good": "F002", "code": "Part.Code"},
    },
    "hand": {"driver": "robotiq", "link": "rtu /dev/ttyUSB1 unit 9 115200 8N1"},
}  # fmt: skip


def entries(overlay=None, **changes):
    found = {}
    for name, entry in {**ENTRIES, **changes}.items():
        driver = find_driver(entry["driver"])
        more = {} if overlay is None else overlay["devices"][name]
        found[name] = (driver, driver.config.model_validate({**entry, **more}))
    return found


def served(story, plant=PLANT, **options):
    async def main():
        network = MemoryNetwork()
        emulation = await emulate(entries(), plant, network, **options)
        try:
            return await story(emulation, network)
        finally:
            await emulation.aclose()

    return run_virtual(main())


async def connected(emulation, network, stack):
    """The cell's own drivers, connected to the emulated devices."""
    links = Links(network)
    devices = {name: driver.make(name, config, links) for name, (driver, config) in entries(emulation.overlay).items()}
    runs = [asyncio.create_task(device.run(), name=name) for name, device in devices.items()]
    stack.append((links, runs))
    return devices


def test_every_device_is_served_and_told_of_as_emulated():
    async def story(emulation, network):
        assert set(emulation.overlay["devices"]) == set(ENTRIES)
        assert all(entry["emulated"] for entry in emulation.overlay["devices"].values())
        json.dumps(emulation.overlay)
        told = addresses(emulation.overlay)
        assert told["belt"].startswith("rtu ")
        assert told["arm"].startswith("tcp ")

    served(story)


def test_only_those_named_are_served():
    async def story(emulation, network):
        assert list(emulation.overlay["devices"]) == ["camera", "belt"]

    served(story, only=["camera", "belt"])
    with pytest.raises(UsageError, match="no device 'cam'"):
        served(story, only=["cam"])


def test_a_cell_without_a_plant_file_has_devices_that_meet_nothing(tmp_path):
    async def story(emulation, network):
        assert isinstance(emulation.plant, NothingThere)
        assert answer(emulation, "report") == {}
        assert "error" in answer(emulation, '{"set": "guard", "value": false}')

    served(story, plant=tmp_path / "plant.yaml")


def test_a_plant_file_that_does_not_fit_the_cell_is_refused(tmp_path):
    text = PLANT.read_text().replace("  motor: belt ", "  motor: conveyor ").replace("\n  hand:\n", "\n  grasper:\n")
    (tmp_path / "plant.yaml").write_text(text)
    with pytest.raises(FileError) as caught:
        served(lambda *_: clock.sleep(0), plant=tmp_path / "plant.yaml")
    for word in ("conveyor", "grasper", "hands says nothing of hand"):
        assert word in str(caught.value)
    line = next(at for at, line in enumerate(text.splitlines(), 1) if "motor: conveyor" in line)
    assert caught.value.where == f"{tmp_path / 'plant.yaml'}:{line}:10"


def test_a_cell_in_which_nothing_comes_along_has_switches(tmp_path):
    (tmp_path / "plant.yaml").write_text("plant: bench\ninputs: {arm: {1: guard}}\n")

    async def story(emulation, network):
        arm = emulation.emulators["arm"]
        assert emulation.plant.contacts["guard"] is True
        assert answer(emulation, '{"set": "estop", "value": true}') == {
            "set": "estop", "value": True, "devices": ["arm"],
        }  # fmt: skip
        assert arm.controller.emergency
        answer(emulation, '{"set": "estop", "value": false}')
        assert not arm.controller.emergency

    served(story, plant=tmp_path / "plant.yaml")


def test_nothing_without_an_arm_has_an_emergency_stop():
    async def story(emulation, network):
        assert "no emulated device" in answer(emulation, '{"set": "estop", "value": true}')["error"]

    served(story, only=["camera", "belt"])


def test_lines_are_answered():
    async def story(emulation, network):
        assert answer(emulation, "report")["made"] == 0
        assert answer(emulation, '{"set": "guard", "value": false}') == {"set": "guard", "value": False}
        assert emulation.plant.contacts["guard"] is False
        assert "no part" in answer(emulation, '{"take": null}')["error"]
        assert answer(emulation, '{"empty": "good"}') == {"empty": "good", "parts": 0}
        for nonsense in ("", "open the door", "[1]", '{"set": "guard"}', '{"set": "guard", "value": 1}'):
            assert "error" in answer(emulation, nonsense)

    served(story)


def test_drivers_sort_a_part_over_the_wire():
    """The cell's own drivers on the emulated wire: what they are told is what happens in the plant."""

    async def story(emulation, network):
        stack = []
        devices = await connected(emulation, network, stack)
        arm, belt, camera, hand = (devices[name] for name in ("arm", "belt", "camera", "hand"))
        try:
            for device in devices.values():
                await until(lambda device=device: device.health.condition != "offline")
                await device.prepare(part_held=False)
                await until(lambda device=device: device.health.condition == "ready")
            await arm.set_permit(True)
            assert arm.signal("di1").value is True
            await belt.advance(0.15)
            await until(lambda: arm.signal("di0").value is True, 60)
            await belt.halt()
            seen = await camera.inspect()
            target = Pose.from_rpy(0.45, -0.1, 0.02, math.pi, 0, 0) @ seen["pose"]
            await arm.move(tuple(math.radians(angle) for angle in (155, -100, 100, -90, -90, -115)))
            await hand.release()
            await arm.move(target.above(0.08))
            await arm.move_linear(target)
            await hand.grip(0.038)
            await arm.move_linear(target.above(0.08))
            slot = Pose.from_rpy(-0.15, 0.36, 0.02, math.pi, 0, math.pi / 2)
            await arm.move(slot.above(0.08))
            await arm.move_linear(slot)
            await hand.release()
            await arm.move_linear(slot.above(0.08))
            report = emulation.plant.report()
            belongs = seen["good"] and seen["readable"]
            assert (report["placed_good"], report["wrong"]) == ((1, 0) if belongs else (0, 1))
            assert (report["dropped"], report["missed"], report["collided"]) == (0, 0, [])
            emulation.plant.open_guard()
            await until(lambda: arm.signal("di1").value is False)
        finally:
            for links, runs in stack:
                for run in runs:
                    run.cancel()
                await asyncio.gather(*runs, return_exceptions=True)
                await links.aclose()

    served(story)


async def until(condition, within=30):
    async with asyncio.timeout(within):
        while not condition():
            await clock.sleep(0.05)
