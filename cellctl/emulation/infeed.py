"""Parts on the belt: they are put down, ride, break the light barrier, and ride off the end."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

from cellctl.emulation.belt import Belt
from cellctl.emulation.parts import Part, PartMaker, Place
from cellctl.emulation.physics import Ramp
from cellctl.emulation.plant_file import BeltData
from cellctl.motion.pose import Pose

JUST_AFTER = 1e-6  # s: an event is looked at when it has surely happened
Told = Callable[[float, str, Part], None]


class Infeed:
    """One belt with the parts that come along it. Nothing happens between the events, so nothing ticks.

    ``tell(time, kind, part)`` is called for what happens: made, missed, dropped.
    """

    def __init__(self, data: BeltData, eye: float, maker: PartMaker, start: float, tell: Told) -> None:
        self.data = data
        self.made = 0
        self.parts: list[Part] = []
        self._eye = eye
        self._maker = maker
        self._belt = Belt(data.travel_per_rev)
        self._tell = tell
        self._settled = start
        self._supply = True
        self._next: float | None = None  # the next change, where it is known
        self._next_known = False
        self._cos, self._sin = math.cos(data.heading), math.sin(data.heading)
        self._candidate = maker.make(1)
        self._due = start + maker.gap(1)

    # -- what is where -----------------------------------------------------------------------

    def along(self, part: Part, time: float) -> float:
        """How far the part is along the belt (m)."""
        return self._belt.travel(time) - part.travel

    def pose(self, part: Part, time: float) -> Pose:
        """The part's pose in the base; z down, x along its length, the origin at its foot."""
        x, y, z = self.data.start
        along, c, s = self.along(part, time), self._cos, self._sin
        turn = _turn(self.data.heading - math.pi / 2 - part.yaw)
        return Pose(x + along * c + part.offset * s, y + along * s - part.offset * c, z, *turn)

    @property
    def top(self) -> float:
        """The height of the belt's top (m)."""
        return self.data.start[2]

    def carries(self, x: float, y: float) -> bool:
        """Whether the belt is below the point (m, base)."""
        along, aside = self._local(x, y)
        return 0.0 <= along <= self.data.length and abs(aside) <= self.data.width / 2

    def blocked(self) -> bool:
        """Whether a part breaks the light barrier, as last settled."""
        travel = self._belt.travel(self._settled) - self._eye
        return any(abs(travel - part.travel) <= part.reach for part in self.parts)

    # -- what happens ------------------------------------------------------------------------

    @property
    def supply(self) -> bool:
        """Whether parts come."""
        return self._supply

    @supply.setter
    def supply(self, on: bool) -> None:
        self._supply, self._next_known = on, False

    def run(self, ramp: Ramp) -> None:
        """The motor follows ``ramp``. Settle to its start first."""
        self._next_known = False
        self._belt.run(ramp)

    def put(self, part: Part, pose: Pose, time: float) -> None:
        """Lay a part down on the belt, as it is."""
        along, part.offset = self._local(pose.x, pose.y)
        part.yaw = self.data.heading - math.pi / 2 - pose.rpy()[2]
        part.travel = self._belt.travel(time) - along
        part.place = Place.BELT
        self.parts.append(part)
        self._next_known = False

    def remove(self, part: Part) -> None:
        """Take a part off the belt, if it is on it."""
        if part in self.parts:
            self.parts.remove(part)
            self._next_known = False

    def settle(self, now: float) -> Iterator[float]:
        """Let everything happen that is due by ``now``; yields the time of each change, then ``now``."""
        while (when := self.next_change()) is not None and when <= now:
            self._settled = when
            self._next_known = False
            self._happen(when)
            yield when
        self._settled = max(self._settled, now)
        yield self._settled

    def next_change(self) -> float | None:
        """When something will happen next, if nothing else does; None: never. It stays so until something does."""
        if not self._next_known:
            self._next, self._next_known = self._find_next(), True
        return self._next

    def _find_next(self) -> float | None:
        after, start = self._settled, self._settled - JUST_AFTER
        times = [self._arrival(after)]
        for part in self.parts:
            for along in (self._eye - part.reach, self._eye + part.reach, self.data.length, -part.length):
                times.append(self._belt.crossing(part.travel + along, start))
        found = [time + JUST_AFTER for time in times if time is not None]
        return min((time for time in found if time > after), default=None)

    def _arrival(self, after: float) -> float | None:
        if not self._supply:
            return None
        last = max(self.parts, key=lambda part: part.travel, default=None)
        if last is None or self.along(last, after) >= self._candidate.clearance:
            return max(self._due, after)
        room = self._belt.crossing(last.travel + self._candidate.clearance, after)
        return None if room is None else max(self._due, room)

    def _happen(self, time: float) -> None:
        for part in list(self.parts):
            along = self.along(part, time)
            if along >= self.data.length or along <= -part.length:
                part.place = Place.MISSED if along > 0 else Place.DROPPED
                self.parts.remove(part)
                self._tell(time, part.place.value, part)
        room = all(self.along(part, time) >= self._candidate.clearance - 1e-9 for part in self.parts)
        if self._supply and time >= self._due and room:
            self._put_down(time)

    def _put_down(self, time: float) -> None:
        part, self.made = self._candidate, self.made + 1
        part.travel = self._belt.travel(time)
        self.parts.append(part)
        self._candidate = self._maker.make(self.made + 1)
        self._due += self._maker.gap(self.made + 1)
        self._tell(time, "made", part)

    def _local(self, x: float, y: float) -> tuple[float, float]:
        dx, dy = x - self.data.start[0], y - self.data.start[1]
        return dx * self._cos + dy * self._sin, dx * self._sin - dy * self._cos


@lru_cache(maxsize=256)
def _turn(yaw: float) -> tuple[float, float, float]:
    """The rotation vector of a part that lies with its z down."""
    pose = Pose.from_rpy(0.0, 0.0, 0.0, math.pi, 0.0, yaw)
    return pose.rx, pose.ry, pose.rz
