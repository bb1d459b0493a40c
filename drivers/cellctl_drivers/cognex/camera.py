"""The emulated camera behind the wire: Online, jobs, exposures. It knows nothing of telnet."""

from __future__ import annotations

import asyncio
import contextlib

from cellctl import clock
from cellctl.emulation.physics import Plant
from cellctl_drivers.cognex import registers as r
from cellctl_drivers.cognex.config import Config
from cellctl_drivers.cognex.sheet import Sheet

EXPOSURE = 0.005  # s from trigger to the instant that the image shows
ACQUISITION = 0.020  # s from trigger to the image in memory
INSPECTION = 0.040  # s more to results
LOADING = 0.3  # s for a job


class Camera:
    """The state of an In-Sight camera. Methods return native-mode statuses.

    For tests: ``hold_offline(True)`` is a person or an input that holds it Offline, ``load`` and
    ``online`` can be set as another client would, ``failing`` makes triggers fail.
    """

    def __init__(self, name: str, config: Config, plant: Plant) -> None:
        self._name = name
        self._plant = plant
        self._results = config.results
        self.jobs = {config.job, "other_part.job"}
        self.job: str | None = config.job
        self.online = True
        self.held = False
        self.failing = False
        self.exposures = 0
        self.sheet = Sheet(config.results)
        self._working: asyncio.Task[int] | None = None
        self._acquired = asyncio.Event()

    def hold_offline(self, held: bool) -> None:
        """A person (or a discrete input) takes it Offline and keeps it there, or lets it go Online again."""
        self.held = held
        self.online = not held

    def set_online(self, on: bool) -> int:
        """SO0, SO1."""
        if on and self.held:
            return r.HELD_OFFLINE
        self.online = on
        return r.OK

    async def load(self, file: str) -> int:
        """LF: make another job the active one."""
        if not file:
            return r.BAD_ARGUMENT
        found = next((job for job in self.jobs if job.casefold() == file.casefold()), None)
        if self.online or found is None:
            return r.NOT_EXECUTED
        await clock.sleep(LOADING)
        self.job, self.exposures = found, 0
        self.sheet = Sheet(self._results)
        return r.OK

    def trigger(self) -> asyncio.Task[int] | None:
        """Begin an exposure and its inspection: the task gives 1 or -2. None where it cannot: Offline, or busy."""
        if not self.online or self.failing or self.busy:
            return None
        self._acquired = asyncio.Event()
        self._working = asyncio.create_task(self._work(self._acquired), name=f"{self._name} inspects")
        return self._working

    @property
    def busy(self) -> bool:
        """Whether it acquires or inspects now."""
        return self._working is not None and not self._working.done()

    async def acquired(self) -> None:
        """Wait until the image of the last trigger is in memory (its results come later)."""
        await self._acquired.wait()

    async def aclose(self) -> None:
        """Power off: what is being inspected is lost."""
        if self._working is not None:
            self._working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._working
            self._working = None
        self._acquired.set()

    async def _work(self, acquired: asyncio.Event) -> int:
        await clock.sleep(EXPOSURE)
        seen = self._plant.look(self._name)
        await clock.sleep(ACQUISITION - EXPOSURE)
        self.exposures += 1
        acquired.set()
        await clock.sleep(INSPECTION)
        if not self.online:
            return r.NOT_EXECUTED
        self.sheet.fill(seen)
        self.sheet.count(self.exposures)
        return r.OK
