"""The emulated fingers: they move at one speed until a target or an object, and tell the plant at that instant."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

from cellctl import clock
from cellctl_drivers.robotiq.registers import Object

_SAME = 1e-7  # m


class World(Protocol):
    """What the fingers feel and what they do to it."""

    def between(self) -> float | None:
        """The width of what is between the fingers now."""
        ...

    def rest(self, width: float, closed_on_object: bool) -> None:
        """They came to rest at ``width``, or begin to leave a part there."""
        ...


class Fingers:
    """The distance between two fingers over time, in closed form; one timer for the end of a move."""

    def __init__(self, world: World, width: float) -> None:
        self._world = world
        self._start, self._from, self._end, self._speed = 0.0, width, width, 0.0
        self._target = width
        self._timer: asyncio.TimerHandle | None = None
        self._arrived: Callable[[], None] | None = None
        self.contact: Object | None = None  # the contact that ended the last move
        self.jam: float | None = None  # opening ends here: something is in the way outside

    @property
    def moving(self) -> bool:
        """Whether a move is under way."""
        return self._timer is not None

    @property
    def width(self) -> float:
        """The distance between the fingers now, m."""
        if self._timer is None:
            return self._end
        gone = self._speed * (clock.now() - self._start)
        way = self._end - self._from
        return self._end if gone >= abs(way) else self._from + math.copysign(gone, way)

    def go(self, target: float, speed: float, arrived: Callable[[], None] | None = None) -> None:
        """Move to ``target`` m at ``speed`` m/s; ``arrived`` is called where the move ends, contact or not."""
        width = self.width
        self._cancel()
        if self._holds(width, target):
            self._target, self._arrived = target, None
            return
        if self.contact is Object.CLOSING_CONTACT and target > width + _SAME:
            self._world.rest(width, False)
        self.contact, self._arrived = None, arrived
        self._target, self._speed, self._from, self._start = target, speed, width, clock.now()
        self._end = self._where_it_ends(width, target)
        delay = abs(self._end - width) / speed
        self._timer = asyncio.get_running_loop().call_at(self._start + delay, self._stop_there)

    def halt(self) -> None:
        """Stop where they are."""
        if self._timer is not None:
            width = self.width
            self._cancel()
            self._end = width
            self._world.rest(width, False)

    def feel(self) -> None:
        """While pressed against something: if it is gone, go on to where they were sent."""
        gone = (self.contact is Object.CLOSING_CONTACT and not self._touches(self._world.between(), self._end)) or (
            self.contact is Object.OPENING_CONTACT and (self.jam is None or self.jam > self._end + _SAME)
        )
        if gone:
            self.go(self._target, self._speed, self._arrived)

    def close(self) -> None:
        """Leave nothing running."""
        self._cancel()

    def _where_it_ends(self, width: float, target: float) -> float:
        if target >= width:
            return target if self.jam is None else max(width, min(target, self.jam))
        between = self._world.between()
        if between is not None and target < between <= width + _SAME:
            return min(between, width)
        return target

    def _stop_there(self) -> None:
        self._timer = None
        end, target = self._end, self._target
        if abs(end - target) < _SAME:
            self._world.rest(end, False)
        elif target > end:
            self.contact = Object.OPENING_CONTACT
            self._world.rest(end, False)
        elif self._touches(self._world.between(), end):
            self.contact = Object.CLOSING_CONTACT
            self._world.rest(end, True)
        else:  # it went away before they touched it
            self.go(target, self._speed, self._arrived)
            return
        if self._arrived is not None:
            self._arrived()

    def _holds(self, width: float, target: float) -> bool:
        """Whether they are closed on a part already and are only told to close again."""
        closed = self.contact is Object.CLOSING_CONTACT and target <= width + _SAME
        return closed and self._touches(self._world.between(), width)

    @staticmethod
    def _touches(between: float | None, width: float) -> bool:
        return between is not None and between >= width - _SAME

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
