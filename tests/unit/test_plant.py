"""The emulated world through its public doors, in virtual time: nothing here speaks a protocol."""

import asyncio
import math
from pathlib import Path

import pytest

from cellctl import clock
from cellctl.emulation.physics import Ramp
from cellctl.emulation.plant import SortingPlant
from cellctl.emulation.plant_file import load_plant
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import FileError, UsageError
from cellctl.motion import Pose

FILE = Path(__file__).parents[2] / "recipes" / "vision_sort" / "plant.yaml"
VIEW = Pose.from_rpy(0.45, -0.1, 0.02, math.pi, 0, 0)
GOOD = Pose.from_rpy(-0.15, 0.36, 0.02, math.pi, 0, math.pi / 2)
REJECT = Pose.from_rpy(-0.1, -0.47, 0.02, math.pi, 0, -math.pi / 2)
TOOL = Pose(0, 0, 0.163)
PER_METRE = math.tau / 0.04  # rad of the shaft


class Robot:
    """Stands for the emulated devices: goes straight from pose to pose, turns the motor, closes the fingers."""

    def __init__(self, plant):
        self.plant = plant
        self.at = Pose.from_rpy(0.45, -0.1, 0.3, math.pi, 0, 0)
        self.inputs = {}
        self.ramp = Ramp(clock.now(), 0.0, 0.0, 0.0, 0.0)
        self.eye_on = lambda: None
        plant.wire("arm", self.set_input)
        plant.arm("arm", lambda _: self.flange(self.at), False)

    def set_input(self, number, on):
        self.inputs[number] = on
        if number == 0 and on:
            self.eye_on()

    @staticmethod
    def flange(tool):
        return tool @ TOOL.inverse()

    async def go(self, pose, speed=0.5):
        begun, start = clock.now(), self.at
        duration = max(0.05, math.dist(start[:3], pose[:3]) / speed)

        def at(time):
            share = min(1.0, (time - begun) / duration)
            x, y, z = (a + (b - a) * share for a, b in zip(start[:3], pose[:3], strict=True))
            return self.flange(Pose(x, y, z, *pose[3:]))

        self.plant.arm("arm", at, True)
        await clock.sleep(duration)
        self.at = pose
        self.plant.arm("arm", lambda _: self.flange(pose), False)

    async def reach(self, pose):
        await self.go(self.at.above(0.3 - self.at.z))
        await self.go(pose.above(0.3 - pose.z))
        await self.go(pose)

    def belt(self, speed, acceleration=0.5):
        """m/s and m/s^2."""
        now = clock.now()
        elapsed, change = now - self.ramp.start, self.ramp.target - self.ramp.speed
        duration = abs(change) / self.ramp.acceleration if self.ramp.acceleration else 0.0
        ramped = min(elapsed, duration)
        reached = self.ramp.speed + change * (ramped / duration if duration else 1.0)
        angle = self.ramp.angle + (self.ramp.speed + reached) / 2 * ramped + self.ramp.target * (elapsed - ramped)
        self.ramp = Ramp(now, angle, reached, speed * PER_METRE, acceleration * PER_METRE)
        self.plant.motor("belt", self.ramp)

    async def feed(self, speed=0.15):
        """Run the belt until the light barrier is broken, and stop it."""
        broken = asyncio.Event()
        self.eye_on = broken.set
        if not self.inputs.get(0):
            self.belt(speed)
            async with asyncio.timeout(300):
                await broken.wait()
            self.belt(0.0)
            await clock.sleep(speed / 0.5)

    def grip(self):
        width = self.plant.object_width("hand")
        self.plant.fingers("hand", 0.0 if width is None else width, closed_on_object=width is not None)
        return width

    def release(self):
        self.plant.fingers("hand", 0.085, closed_on_object=False)

    def target(self):
        """Where the camera says that the leading part is."""
        return VIEW @ self.plant.look("camera")[0].pose


def played(story, seed=1, **changes):
    """Run a story with a plant and a robot; gives what the story gives."""

    async def main():
        data = load_plant(FILE)
        data = data.model_copy(update={"parts": data.parts.model_copy(update=changes)})
        plant = SortingPlant(data, seed)
        try:
            result = await story(plant, Robot(plant))
            report = plant.report()
            fates = ("placed_good", "placed_reject", "wrong", "dropped", "missed", "taken", "remaining")
            assert report["made"] == sum(report[name] for name in fates)
            return result
        finally:
            await plant.aclose()

    return run_virtual(main())


def test_parts_wait_before_a_belt_that_stands():
    async def story(plant, robot):
        await clock.sleep(600)
        assert plant.report()["made"] == 1
        assert plant.look("camera") == []
        robot.belt(0.15)
        await clock.sleep(6)  # 0.9 m less the ramp
        report = plant.report()
        assert report["made"] > 2
        assert report["missed"] == 0

    played(story)


def test_parts_arrive_at_the_mean_gap_and_ride_off_the_end():
    async def story(plant, robot):
        robot.belt(0.3)
        await clock.sleep(4000)
        report = plant.report()
        assert 850 < report["made"] < 1100
        assert report["made"] - report["missed"] == report["on_belt"] <= 8

    played(story)


def test_one_in_ten_is_unreadable_and_some_are_bad():
    async def story(plant, robot):
        robot.belt(0.3)
        await clock.sleep(4000)
        parts = list(plant.parts.values())
        assert 0.07 < sum(part.code is None for part in parts) / len(parts) < 0.13
        assert 0.11 < sum(not part.good for part in parts) / len(parts) < 0.19
        assert len({part.code for part in parts if part.code}) == sum(part.code is not None for part in parts)

    played(story)


def test_the_same_seed_brings_the_same_parts_whatever_the_belt_does():
    async def story(plant, robot, speed):
        robot.belt(speed)
        await clock.sleep(100)
        parts = list(plant.parts.values())[:10]
        return [(part.id, part.good, part.code, part.yaw, part.offset, part.width) for part in parts]

    slow = played(lambda plant, robot: story(plant, robot, 0.1))
    fast = played(lambda plant, robot: story(plant, robot, 0.3))
    other = played(lambda plant, robot: story(plant, robot, 0.3), seed=2)
    assert slow == fast
    assert fast != other


@pytest.mark.parametrize("speed", [0.02, 0.15, 0.3])
def test_the_light_barrier_stops_the_part_in_view_of_the_camera(speed):
    async def story(plant, robot):
        for _ in range(10):
            await robot.feed(speed)
            await clock.sleep(0.2)  # the controller thinks
            seen = plant.look("camera")
            assert seen, plant.events[-3:]
            plant.take_part(min(number for number, part in plant.parts.items() if part.place == "belt"))
        assert plant.report()["missed"] == 0

    played(story)


def test_the_input_is_told_at_the_instant_the_front_edge_is_there():
    async def story(plant, robot):
        await clock.sleep(30)
        part = plant.parts[1]
        robot.belt(0.1, acceleration=0.0)
        begun = clock.now()
        edges = []
        robot.eye_on = lambda: edges.append(clock.now() - begun)
        await clock.sleep((0.57 - part.reach) / 0.1 + 1)
        assert edges == [pytest.approx((0.57 - part.reach) / 0.1, abs=1e-4)]

    played(story)


def test_the_camera_sees_parts_where_they_are_and_the_leading_one_first():
    async def story(plant, robot):
        await robot.feed()
        for _ in range(20):
            seen = plant.look("camera")
            assert all(abs(each.pose.x) < 0.11 and abs(each.pose.y) < 0.16 for each in seen)
            # y of the camera looks against the travel
            assert [each.pose.y for each in seen] == sorted(each.pose.y for each in seen)
            if len(seen) == 2:
                return True
            plant.take_part(min(number for number, part in plant.parts.items() if part.place == "belt"))
            await robot.feed()
        return False

    assert played(story, gap=0.5), "two parts in view at times"


def test_a_part_is_sorted_and_counted_where_it_lies():
    async def story(plant, robot):
        await robot.feed()
        await robot.reach(robot.target())
        assert robot.grip() == pytest.approx(0.038, abs=0.0011)
        await robot.reach(GOOD)
        assert plant.report()["held"] == 1
        robot.release()
        await robot.go(GOOD.above(0.1))
        report = plant.report()
        assert (report["placed_good"], report["wrong"], report["dropped"], report["collisions"]) == (1, 0, 0, 0)
        assert plant.empty("good") == 1
        assert plant.report()["placed_good"] == 1

    played(story, bad=0.0, unreadable=0.0)


@pytest.mark.parametrize(("what", "place"), [({"bad": 1.0}, GOOD), ({"unreadable": 1.0}, GOOD), ({}, REJECT)])
def test_a_part_in_the_wrong_tray_is_wrong(what, place):
    async def story(plant, robot):
        await robot.feed()
        await robot.reach(robot.target())
        robot.grip()
        await robot.reach(place)
        robot.release()
        assert plant.report()["wrong"] == 1

    played(story, **{"bad": 0.0, "unreadable": 0.0, **what})


def test_fingers_that_close_beside_a_part_hold_nothing():
    async def story(plant, robot):
        await robot.feed()
        target = robot.target()
        for missed in (target @ Pose(0.04, 0, 0), target.above(0.05)):
            await robot.reach(missed)
            assert robot.grip() is None
            robot.release()
        assert plant.report()["held"] == 0

    played(story)


def test_a_part_across_the_fingers_is_wider():
    async def story(plant, robot):
        await robot.feed()
        await robot.reach(robot.target() @ Pose(rz=math.radians(80)))
        assert plant.object_width("hand") > 0.06

    played(story)


def test_a_part_falls_where_the_fingers_open():
    async def story(plant, robot):
        await robot.feed()
        target = robot.target()
        await robot.reach(target)
        robot.grip()
        await robot.go(target.above(0.1))
        robot.release()
        report = plant.report()
        assert (report["dropped"], report["held"]) == (1, 0)
        assert "fell 100 mm" in plant.events[-1].text

    played(story)


def test_a_part_let_go_beside_the_trays_is_dropped():
    async def story(plant, robot):
        await robot.feed()
        await robot.reach(robot.target())
        robot.grip()
        await robot.reach(Pose.from_rpy(0.0, 0.7, 0.02, math.pi, 0, 0))
        robot.release()
        assert plant.report()["dropped"] == 1

    played(story)


def test_a_part_put_back_on_the_belt_can_be_seen_and_taken_again():
    async def story(plant, robot):
        await robot.feed()
        before = robot.target()
        await robot.reach(before)
        robot.grip()
        await robot.go(before.above(0.05))
        await robot.go(before)
        robot.release()
        after = robot.target()
        assert before.distance(after)[0] < 0.002
        assert robot.grip() is not None

    played(story)


def test_running_into_the_belt_is_a_collision_counted_once():
    async def story(plant, robot):
        await robot.go(Pose.from_rpy(0.45, -0.1, 0.005, math.pi, 0, 0))
        await robot.go(Pose.from_rpy(0.45, -0.12, 0.005, math.pi, 0, 0))
        assert plant.report()["collided"] == ["fingers ran into surface"]

    played(story)


def test_closed_fingers_that_come_down_on_a_part_collide():
    async def story(plant, robot):
        await robot.feed()
        plant.fingers("hand", 0.0, closed_on_object=False)
        await robot.reach(robot.target())
        assert plant.report()["collided"] == ["fingers ran into part 1"]

    played(story)


def test_a_held_part_swept_through_another_collides():
    async def story(plant, robot):
        for slot in (GOOD, GOOD):
            await robot.feed()
            await robot.reach(robot.target())
            robot.grip()
            await robot.reach(slot)
            robot.release()
        report = plant.report()
        assert report["collisions"] > 0
        assert report["dropped"] == 1  # the second one could not stand on the first

    played(story)


def test_every_slot_of_a_grid_can_be_filled_with_open_fingers_beside_it():
    async def story(plant, robot):
        for row in range(4):
            for column in range(6):
                await robot.feed()
                await robot.reach(robot.target())
                assert robot.grip() is not None
                slot = GOOD._replace(x=GOOD.x + 0.09 * column, y=GOOD.y + 0.07 * row)
                await robot.reach(slot)
                robot.release()
                await robot.go(slot.above(0.1))
        report = plant.report()
        assert (report["placed_good"], report["collided"], report["missed"]) == (24, [], 0)

    played(story, bad=0.0, unreadable=0.0)


def test_people_open_the_guard_and_the_wired_input_follows():
    async def story(plant, robot):
        assert (robot.inputs[1], robot.inputs[2]) == (True, True)
        plant.open_guard()
        assert robot.inputs[1] is False
        plant.close_guard()
        plant.set("auto", False)
        assert (robot.inputs[1], robot.inputs[2]) == (True, False)
        with pytest.raises(UsageError, match="guard"):
            plant.set("gaurd", True)
        with pytest.raises(UsageError):
            plant.set("eye", True)

    played(story)


def test_a_person_takes_the_part_out_of_the_hand():
    async def story(plant, robot):
        await robot.feed()
        await robot.reach(robot.target())
        robot.grip()
        assert plant.take_part() == 1
        assert plant.object_width("hand") is None
        assert plant.report()["taken"] == 1
        with pytest.raises(UsageError):
            plant.take_part()

    played(story)


def test_without_supply_nothing_comes():
    async def story(plant, robot):
        plant.set("supply", False)
        robot.belt(0.2)
        await clock.sleep(100)
        assert plant.report()["made"] == 0
        plant.set("supply", True)
        await clock.sleep(10)
        assert plant.report()["made"] >= 1

    played(story)


def test_a_belt_that_runs_backwards_drops_its_parts_at_the_start():
    async def story(plant, robot):
        await clock.sleep(60)
        plant.set("supply", False)
        robot.belt(-0.1)
        await clock.sleep(5)
        assert plant.report()["dropped"] == 1

    played(story)


def test_a_wrong_plant_file_names_every_wrong_entry(tmp_path):
    text = FILE.read_text().replace("gap: 4 s", "gap: 4 mm").replace("bad: 15 %", "bad: 115 %")
    (tmp_path / "plant.yaml").write_text(text)
    with pytest.raises(FileError) as caught:
        load_plant(tmp_path / "plant.yaml")
    lines = text.splitlines()
    gap, bad = (next(at for at, line in enumerate(lines, 1) if word in line) for word in ("gap: 4 mm", "bad: 115 %"))
    assert caught.value.where == f"{tmp_path / 'plant.yaml'}:{gap}:8"
    assert caught.value.message.startswith("parts.gap: ")
    assert "parts.bad: " in caught.value.message
    assert f"({bad}:8)" in caught.value.message
    with pytest.raises(FileError, match="cannot be read"):
        load_plant(tmp_path / "nothing.yaml")


BENCH = """plant: bench
inputs:
  arm: {1: guard, 2: door, 3: {name: lid, on: false}, 4: eye}
"""


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("plant: [", "1:", "flow"),
        ("inputs: {}\n", "1:1", "plant: Field required"),
        ("- plant\n", "1:1", "Input should be a mapping"),
        (BENCH.replace("2: door", "2: 7"), "3:22", "inputs.arm.2: Input should be the name of what is wired to it"),
        (BENCH.replace("{name: lid, on: false}", "{on: false}"), "3:28", "inputs.arm.3.name: Field required"),
        (BENCH.replace("2: door", "x: door"), "3:19", "inputs.arm.x: "),
        (BENCH + "lamp: {}\n", "4:1", "lamp: there is no such key"),
        (BENCH + "eye: {at: 570 mm}\n", "4:1", "eye: needs belt and parts beside it"),
        (BENCH + "trays:\n  good: {from: [1, 0], to: [0, 0], takes: good}\n", "5:17", "trays.good.from.0: "),
    ],
)
def test_what_is_wrong_in_a_plant_file_is_located(text, place, word, tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(text)
    with pytest.raises(FileError) as caught:
        load_plant(file)
    assert caught.value.where.startswith(f"{file}:{place}")
    assert word in caught.value.message
    assert caught.value.hint


def test_a_plant_without_a_belt_has_switches_and_no_parts(tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(BENCH)

    async def main():
        plant, told = SortingPlant.load(file), {}
        plant.wire("arm", told.__setitem__)
        assert told == {1: True, 2: True, 4: True}
        plant.set("door", False)
        plant.set("lid", True)
        plant.set("eye", False)
        assert told == {1: True, 2: False, 3: True, 4: False}
        with pytest.raises(UsageError, match="no contact 'supply'"):
            plant.set("supply", False)
        plant.motor("belt", Ramp(clock.now(), 0.0, 0.0, 100.0, 0.0))
        plant.arm("arm", lambda _: Pose(0, 0, 0.5), False)
        plant.fingers("hand", 0.0, closed_on_object=False)
        assert plant.object_width("hand") is None
        assert plant.look("camera") == []
        await clock.sleep(600)
        assert plant.report() == {"plant": "bench", "seed": 1, "collisions": 0, "collided": []}
        await plant.aclose()

    run_virtual(main())


def test_hands_of_a_plant_without_a_belt_run_into_the_table(tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text("plant: bench\nhands:\n  hand: {on: arm, tool: 163 mm, fingers: [14 mm, 22 mm], tip: 10 mm}\n")

    async def main():
        plant = SortingPlant.load(file)
        robot = Robot(plant)
        assert robot.grip() is None
        await robot.go(Pose.from_rpy(0.45, -0.1, -0.01, math.pi, 0, 0))
        assert plant.report()["collided"] == ["fingers ran into surface"]
        await plant.aclose()

    run_virtual(main())
