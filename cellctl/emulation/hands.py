"""Hands on arms: what is between the fingers, what they take and let go, what they run into."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cellctl import clock
from cellctl.emulation import contact
from cellctl.emulation.parts import Part
from cellctl.emulation.plant_file import HandData
from cellctl.errors import UsageError
from cellctl.motion.pose import Pose

NEAR = 0.08  # m: fingers below this height are looked at closely
SAMPLE = 0.01  # s between two looks at fingers that move near something
FASTEST = 2.5  # m/s: no arm comes down faster than this
OPEN = 0.085  # m: the fingers' opening before the gripper has told one


class World(Protocol):
    """What hands are told by the world around them, and tell it."""

    def lying(self) -> Iterator[tuple[Part, Pose]]:
        """Every part that lies about now, with its pose in the base."""
        ...

    def surface(self, pose: Pose) -> float:
        """The height of what is below (m)."""
        ...

    def taken(self, part: Part, in_tool: Pose) -> None:
        """The part is in a hand now, with this pose in its tool."""
        ...

    def let_go(self, part: Part, pose: Pose) -> None:
        """The part has left the hand with this pose in the base."""
        ...

    def collided(self, what: contact.Touch) -> None:
        """Something has run into something."""
        ...


@dataclass(slots=True)
class _Hand:
    data: HandData
    opening: float = OPEN
    held: tuple[Part, Pose, float] | None = None  # the part, its pose in the tool, its width there


@dataclass(slots=True)
class _Arm:
    pose_at: Callable[[float], Pose]
    timer: asyncio.TimerHandle | None = None
    touching: set[contact.Touch] = field(default_factory=set[contact.Touch])


class Hands:
    """All hands of a plant. An arm is looked at only while it moves, and seldom where it is high up."""

    def __init__(self, data: Mapping[str, HandData], world: World) -> None:
        self._hands = {name: _Hand(hand) for name, hand in data.items()}
        self._arms: dict[str, _Arm] = {}
        self._world = world

    def arm(self, device: str, pose_at: Callable[[float], Pose], moving: bool) -> None:
        """From now on the arm's flange follows ``pose_at(time)``."""
        arm = self._arms.setdefault(device, _Arm(pose_at))
        arm.pose_at = pose_at
        if arm.timer is not None:
            arm.timer.cancel()
            arm.timer = None
        if moving:
            self._sample(device)
        else:
            self._feel(device)

    def width(self, device: str) -> float | None:
        """The width of what is between the fingers now, None for nothing. Raises UsageError."""
        hand = self._find(device)
        found = hand.held or self._between(hand)
        return None if found is None else found[2]

    def fingers(self, device: str, width: float, *, closed_on_object: bool) -> None:
        """The fingers came to rest, or began to leave a part, at ``width``. Raises UsageError."""
        hand = self._find(device)
        if closed_on_object and hand.held is None and (found := self._between(hand)) is not None:
            part, in_tool, across = found
            hand.held = (part, contact.gripped(in_tool), across)
            self._world.taken(part, hand.held[1])
        elif not closed_on_object and hand.held is not None:
            (part, in_tool, _), hand.held = hand.held, None
            tool = self._tool(hand.data)
            assert tool is not None, "what is held was gripped where the arm is"
            self._world.let_go(part, tool @ in_tool)
        hand.opening = width

    def held(self) -> list[Part]:
        """The parts that are in a hand."""
        return [hand.held[0] for hand in self._hands.values() if hand.held is not None]

    def lose(self, part: Part) -> None:
        """A person takes the part out of the hand that holds it, if one does."""
        for hand in self._hands.values():
            if hand.held is not None and hand.held[0] is part:
                hand.held = None

    def close(self) -> None:
        """No timer is left."""
        for arm in self._arms.values():
            if arm.timer is not None:
                arm.timer.cancel()

    def _find(self, device: str) -> _Hand:
        if device not in self._hands:
            raise UsageError(f"the plant file has no hand {device!r}", hint="Add it under hands:")
        return self._hands[device]

    def _tool(self, hand: HandData) -> Pose | None:
        """The tool point's pose now; None while the arm has told none."""
        arm = self._arms.get(hand.on)
        return None if arm is None else arm.pose_at(clock.now()) @ Pose(0.0, 0.0, hand.tool)

    def _between(self, hand: _Hand) -> tuple[Part, Pose, float] | None:
        if (tool := self._tool(hand.data)) is None:
            return None
        back = tool.inverse()
        for part, pose in self._world.lying():
            in_tool = back @ pose
            if (width := contact.grip_width(part, in_tool, hand.opening)) is not None:
                return part, in_tool, width
        return None

    def _sample(self, device: str) -> None:
        """Look whether the hand touches something, and again before it can come near anything."""
        pause = max(SAMPLE, (self._feel(device) - NEAR) / FASTEST)
        self._arms[device].timer = asyncio.get_running_loop().call_later(pause, self._sample, device)

    def _feel(self, device: str) -> float:
        """Tell of new collisions of the arm's hands; gives the height of the lowest thing (m in the base)."""
        lowest, found = NEAR + FASTEST, set[contact.Touch]()
        for hand in (each for each in self._hands.values() if each.data.on == device):
            tool = self._tool(hand.data)
            assert tool is not None, "the arm has just told its pose"
            bottom = tool.point(0.0, 0.0, hand.data.tip)[2]
            if hand.held is not None:
                bottom = min(bottom, (tool @ hand.held[1]).z)
            lowest = min(lowest, bottom)
            if bottom < NEAR:
                found |= self._touched(hand, tool)
        arm = self._arms[device]
        for touch in sorted(found - arm.touching):
            self._world.collided(touch)
        arm.touching = found
        return lowest

    def _touched(self, hand: _Hand, tool: Pose) -> set[contact.Touch]:
        x, y, _ = tool[:3]
        reach = hand.opening + max(hand.data.fingers)
        near = [
            each for each in self._world.lying() if math.hypot(each[1].x - x, each[1].y - y) < reach + each[0].length
        ]
        held = None if hand.held is None else hand.held[:2]
        surface = self._world.surface(tool)
        return set(contact.touches(hand.data, tool, hand.opening, held=held, others=near, surface=surface))
