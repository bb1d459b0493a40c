"""The flagship cell works physically: its cell file and its plant file agree, and the arm gets everywhere."""

import math
from pathlib import Path

import numpy as np
import pytest

from cellctl.emulation.plant_file import load_plant
from cellctl.motion import Arm, Pose
from cellctl.recipe import load_cell

FOLDER = Path(__file__).parents[2] / "recipes" / "vision_sort"
APPROACHES = (0.03, 0.08, 0.2)  # m: least, usual and greatest of the recipe
YAWS = (-60, -30, 0, 30, 60)
SPEEDS = (0.02, 0.15, 0.3)  # m/s, as the recipe bounds them


@pytest.fixture(scope="module")
def cell():
    return load_cell(FOLDER / "cell.yaml", [])


@pytest.fixture(scope="module")
def plant():
    return load_plant(FOLDER / "plant.yaml")


@pytest.fixture(scope="module")
def arm(cell):
    return Arm.named("ur5e", cell.tools["gripper"])


def picks(cell, plant):
    """Where parts may be gripped: over the window, off the middle, turned."""
    low, high = cell.stations["infeed"].window
    for along in (low, (low + high) / 2, high):
        for aside in (-plant.parts.offset, 0.0, plant.parts.offset):
            for yaw in YAWS:
                x, y, _ = plant.belt.start
                yield Pose.from_rpy(x + aside, y + along, 0.02, math.pi, 0, math.radians(yaw))


def slots(cell):
    return [*cell.stations["good"].slots, *cell.stations["reject"].slots]


def lowest_and_straightest(arm, begin, end):
    """Over a move in joint space: the least height (m), and the least sine of elbow and wrist."""
    joints = np.linspace(begin, end, 21)
    assert np.abs(joints).max() <= arm.joint_limits[0][1]
    return arm.forward_batch(joints)[:, 2, 3].min(), np.abs(np.sin(joints[:, [2, 4]])).min()


def test_the_camera_is_where_the_cell_file_has_its_frame(cell, plant):
    way, turn = plant.cameras["camera"].pose.distance(cell.frames["view"])
    assert way == pytest.approx(0, abs=1e-9)
    assert turn == pytest.approx(0, abs=1e-9)
    assert plant.hands["hand"].tool == cell.tools["gripper"].z
    assert plant.belt.travel_per_rev == cell.devices["belt"].config.travel_per_rev


def test_every_slot_is_in_its_tray_with_room_for_the_part(cell, plant):
    half = plant.parts.size[0] / 2
    for name in ("good", "reject"):
        for slot in cell.stations[name].slots:
            for aside in (-half, half):
                assert plant.trays[name].covers(slot.x + aside, slot.y)
                assert plant.trays[name].covers(slot.x, slot.y + aside)


@pytest.mark.parametrize("approach", APPROACHES)
def test_the_arm_goes_from_the_belt_to_every_slot_high_and_never_singular(cell, plant, arm, approach):
    ready = cell.positions["ready"].joints
    places = slots(cell)
    corners = [places[0], places[5], places[18], places[23], *places[24:]]
    for pick in picks(cell, plant):
        above = arm.nearest(pick.above(approach), ready)
        assert above is not None
        assert arm.nearest(pick, above) is not None
        for slot in corners:
            over = arm.nearest(slot.above(approach), above)
            assert over is not None
            down = arm.nearest(slot, over)
            assert down is not None
            for begin, end in ((ready, above), (above, over)):
                lowest, straightest = lowest_and_straightest(arm, begin, end)
                assert lowest > 0.02 + approach - 1e-6
                assert straightest > 0.3
            assert lowest_and_straightest(arm, over, down)[1] > 0.3


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_part_that_stops_at_the_light_barrier_is_in_view_and_in_the_window(cell, plant, speed):
    # The front edge breaks the barrier; 0.02 to 0.25 s later (polls, journal, line) the drive ramps down within
    # 0.3 s at the most: its ramp is the time from the motor's nominal speed.
    low, high = cell.stations["infeed"].window
    length, width, _ = plant.parts.size
    view = plant.cameras["camera"].view[1] / 2
    camera = cell.frames["view"].y - plant.belt.start[1]
    for reach in (width / 2, math.hypot(length, width) / 2):
        for late, ramp in ((0.02, 0.0), (0.25, 0.3)):
            middle = plant.eye.at - reach + speed * (late + ramp / 2)
            assert low < middle < high
            assert abs(middle - camera) < view


def test_a_part_in_a_slot_leaves_room_for_open_fingers_in_the_next(cell, plant):
    thick, broad = plant.hands["hand"].fingers
    out = 0.085 / 2 + thick
    length, width, _ = plant.parts.size
    for name in ("good", "reject"):
        places = cell.stations[name].slots
        for place in places:
            for other in places:
                if place is other:
                    continue
                apart = place.inverse() @ other
                clear_across = abs(apart.y) > out + width / 2 + 0.005
                clear_along = abs(apart.x) > broad / 2 + length / 2 + 0.005
                assert clear_across or clear_along
