"""What fingers grip and what they bump into: flat boxes seen from above, and heights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cellctl.emulation.parts import Part
from cellctl.emulation.plant_file import HandData
from cellctl.motion.pose import Pose

ALIGNED = math.radians(10)  # a part turned less than this turns into the fingers as they close
UPRIGHT = math.radians(10)
PAD = 0.005  # m of a part that a finger must meet at the least
PLAY = 0.001  # m that boxes may overlap before it counts as touching
SINK = 0.002  # m that something may be below a surface before it counts as touching


class Box(NamedTuple):
    """A flat box: middle, direction of its x, half sizes along x and y; and the height it begins at (m)."""

    x: float
    y: float
    angle: float
    half_x: float
    half_y: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether they overlap seen from above, by the separating axes of both."""
        dx, dy = other.x - self.x, other.y - self.y
        turn = other.angle - self.angle
        cosine, sine = abs(math.cos(turn)), abs(math.sin(turn))
        for box, mate in ((self, other), (other, self)):
            along = abs(dx * math.cos(box.angle) + dy * math.sin(box.angle))
            across = abs(dy * math.cos(box.angle) - dx * math.sin(box.angle))
            if along > box.half_x + mate.half_x * cosine + mate.half_y * sine - PLAY:
                return False
            if across > box.half_y + mate.half_x * sine + mate.half_y * cosine - PLAY:
                return False
        return True


class Touch(NamedTuple):
    """Something that was run into: what moved, and what it met."""

    what: str
    met: str


def part_box(part: Part, pose: Pose) -> Box:
    """The part's box where it lies with this pose."""
    return _box(pose, 0.0, part.length / 2, part.width / 2, pose.z)


def finger_boxes(hand: HandData, tool: Pose, width: float) -> tuple[Box, Box]:
    """Both fingers' boxes, open to ``width`` at the tool point ``tool``."""
    thick, broad = hand.fingers
    out = (width + thick) / 2
    bottom = tool.point(0.0, 0.0, hand.tip)[2]
    return (
        _box(tool, out, broad / 2, thick / 2, bottom),
        _box(tool, -out, broad / 2, thick / 2, bottom),
    )


def grip_width(part: Part, in_tool: Pose, opening: float) -> float | None:
    """How wide the part is between fingers open to ``opening``; None where it is not between them.

    ``in_tool`` is the part's pose in the frame of the tool point: x along the fingers' breadth, y the way they
    close, z along the part's height (its foot).
    """
    w, x, y, z = in_tool.quaternion()
    if 2 * math.asin(min(1.0, math.hypot(x, y))) > UPRIGHT or not SINK < in_tool.z < part.height - SINK:
        return None
    turn = abs(math.remainder(2 * math.atan2(z, w), math.pi))
    turned = part.width * abs(math.cos(turn)) + part.length * abs(math.sin(turn))
    width = part.width if turn <= ALIGNED else turned
    if abs(in_tool.x) > part.length / 2 - PAD or abs(in_tool.y) + width / 2 > opening / 2 + PLAY:
        return None
    return width


def gripped(in_tool: Pose) -> Pose:
    """The part's pose in the tool once the fingers have closed: in the middle, and turned into them."""
    w, _, _, z = in_tool.quaternion()
    turn = 2 * math.atan2(z, w)
    if abs(math.remainder(turn, math.pi)) <= ALIGNED:
        turn = math.pi * round(turn / math.pi)
    return Pose(in_tool.x, 0.0, in_tool.z, 0.0, 0.0, turn)


def touches(
    hand: HandData,
    tool: Pose,
    width: float,
    *,
    held: tuple[Part, Pose] | None,
    others: Iterable[tuple[Part, Pose]],
    surface: float,
) -> Iterator[Touch]:
    """Everything that the fingers and the part in them run into at this instant.

    ``held`` is the part in the hand and its pose in the tool, ``others`` the parts that lie about, ``surface`` the
    height of what is below the tool point (m).
    """
    moving = [("fingers", box) for box in finger_boxes(hand, tool, width)]
    if held is not None:
        moving.append((f"part {held[0].id}", part_box(held[0], tool @ held[1])))
    for what, box in moving:
        if box.bottom < surface - SINK:
            yield Touch(what, "surface")
    for part, pose in others:
        lying = part_box(part, pose)
        for what, box in moving:
            if box.bottom < pose.z + part.height - SINK and box.overlaps(lying):
                yield Touch(what, f"part {part.id}")


def _box(frame: Pose, y: float, half_x: float, half_y: float, bottom: float) -> Box:
    middle = frame.point(0.0, y, 0.0)
    ahead = frame.point(1.0, y, 0.0)
    angle = math.atan2(ahead[1] - middle[1], ahead[0] - middle[0])
    return Box(middle[0], middle[1], angle, half_x, half_y, bottom)
