"""A Cognex In-Sight camera as a vision station."""

from __future__ import annotations

import asyncio
from typing import Any

from cellctl import clock
from cellctl.devices import Condition, Identity, VisionStation
from cellctl.errors import CellError, DeviceFault, LinkDown, NoAnswer, NotReady, Refused, UsageError
from cellctl.links import ByteStream, Links, TcpAddress, parse_address
from cellctl_drivers.cognex import registers as r
from cellctl_drivers.cognex.config import Config
from cellctl_drivers.cognex.results import Report, questions, read_report
from cellctl_drivers.cognex.session import Session

POLL = 0.5  # s between looks at Online and the job
FIRST_RETRY, LAST_RETRY = 0.2, 5.0  # s
RETURN_TO_WORK = 1.0  # s that SO1 may need

_NO_CAMERA = "Check power and network of the camera, and its address in the cell file (ping {host})"
_GO_ONLINE = "Set it Online (In-Sight Explorer: Sensor > Online), or Reset the cell"
_HELD = "Set it Online at the camera (In-Sight Explorer: Sensor > Online) and look at its offline input"


class InSight(VisionStation):
    """Native mode over telnet. Signals: ``online`` (bool), ``job`` (text), ``job_right`` (bool).

    Every result belongs to the exposure that ``inspect`` triggered: results are asked for only
    after SW8 said 1, on the session that triggered.
    """

    config: Config

    def __init__(self, name: str, config: Config, links: Links) -> None:
        super().__init__(name, config, links)
        address = parse_address(config.link)
        if not isinstance(address, TcpAddress):
            raise UsageError(f"{config.link!r} is not a network address", where=name, hint="Write tcp HOST[:PORT]")
        self.address = address.at(r.PORT)
        self._session: Session | None = None
        self._inspecting = asyncio.Lock()

    # -- the line ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep a session logged in; look at Online and the job twice a second."""
        try:
            await self._keep()
        finally:
            self.set_health(Condition.OFFLINE, "not connected")

    async def _keep(self) -> None:
        wait = FIRST_RETRY
        while True:
            try:
                session = await self._open()
            except CellError as error:
                self._offline(error)
            else:
                try:
                    if await self._watch(session):
                        wait = FIRST_RETRY
                finally:
                    self._session = None
                    await session.aclose()
            await clock.sleep(wait)
            wait = min(2 * wait, LAST_RETRY)

    async def identify(self) -> Identity:
        """Ask GI on a session of its own. Raises NotReady, LinkError."""
        session = await self._open()
        try:
            lines = await session.lines("GI", r.INFO_LINES, self.config.timeout)
        finally:
            await session.aclose()
        said = dict[str, str]()
        for line in lines:
            key, _, text = line.partition(":")
            said[key.strip().casefold()] = text.strip()
        return Identity(
            "Cognex",
            said.get("model") or f"In-Sight {session.model}".strip(),
            serial=said.get("serial number", ""),
            firmware=said.get("firmware version", ""),
            address=str(self.address),
        )

    async def _open(self) -> Session:
        stream: ByteStream | None = None
        try:
            async with asyncio.timeout(3 * self.config.timeout):
                stream = await self.links.connect(self.address)
                session = Session(stream, self.name)
                await session.log_in(self.config.user, self.config.password)
                return session
        except BaseException as error:
            if stream is not None:
                await stream.aclose()
            if isinstance(error, TimeoutError):
                raise NoAnswer(
                    f"no log-in prompt from {self.address} within {3 * self.config.timeout:g} s", where=self.name
                ) from None
            raise

    async def _watch(self, session: Session) -> bool:
        """Look at the camera until its session ends. Whether it ever answered."""
        try:
            while True:
                if not self._inspecting.locked() or self._session is None:  # an inspection is a sign of life itself
                    await self._look(session)
                self._session = session
                try:
                    async with asyncio.timeout(POLL):
                        await session.ended.wait()
                except TimeoutError:
                    continue
                raise session.error or LinkDown("the line was lost", where=self.name)
        except CellError as error:
            self._offline(error)
        return self._session is not None

    async def _look(self, session: Session) -> None:
        online = await session.number("GO", self.config.timeout) == 1
        job = await self._job(session)
        self.publish("online", online)
        self._judge(online, job)

    async def _job(self, session: Session) -> str:
        try:
            job = await session.value("GF", self.config.timeout)
        except Refused as error:
            if error.code != r.NOT_EXECUTED:
                raise
            job = ""  # a job that was never saved has no name
        self.publish("job", job)
        self.publish("job_right", r.same_job(job, self.config.job))
        return job

    def _judge(self, online: bool, job: str) -> None:
        if not r.same_job(job, self.config.job):
            self.set_health(Condition.NOT_READY, *self._wrong_job(job))
        elif not online:
            self.set_health(Condition.NOT_READY, "the camera is offline", _GO_ONLINE)
        else:
            self.set_health(Condition.READY)

    def _wrong_job(self, job: str) -> tuple[str, str]:
        wanted = self.config.job
        return (
            f"the wrong job is active: {job or 'one that was never saved'!r}, and the cell needs {wanted!r}",
            f"Load {wanted!r} (In-Sight Explorer: File > Open Job; native mode: SO0, LF{wanted}, SO1), "
            f"or correct job: of {self.name} in the cell file",
        )

    def _offline(self, error: CellError) -> None:
        hint = error.hint or _NO_CAMERA.format(host=self.address.host)
        self.set_health(Condition.OFFLINE, error.message, hint)

    # -- what it does --------------------------------------------------------------------------

    async def prepare(self, *, part_held: bool) -> None:
        """Set it Online. Raises NotReady where it is held offline or another job is active."""
        session = self._live()
        if not r.same_job(job := await self._job(session), self.config.job):
            text, hint = self._wrong_job(job)
            raise NotReady(text, where=self.name, hint=hint)
        if await session.number("GO", self.config.timeout) != 1:
            status = await session.status("SO1", self.config.timeout + RETURN_TO_WORK)
            if status != r.OK:
                why = r.STATUS.get(status, f"status {status}")
                raise NotReady(f"it did not go Online: {why}", where=self.name, hint=_HELD)
        await self._look(session)

    async def stop(self, *, fast: bool) -> None:
        """Nothing moves here."""

    async def inspect(self) -> dict[str, Any]:
        """Trigger (SW8), wait for the inspection, read its results. ``failed``: none that can be used."""
        async with self._inspecting:
            session = self._live()
            before = await self._exposure(session)
            await self._expose(session)
            report = await self._read(session)
        if before is not None and not before + 1 == report.first == report.last:
            raise DeviceFault(
                "failed",
                f"exposure {before + 1} was asked for, and the results are of exposure {report.last}",
                where=self.name,
                hint="Another client triggers this camera, or its job counts exposures wrongly",
            )
        if report.found < 1:
            raise DeviceFault("nothing_seen", "no part in view", where=self.name)
        return report.record(self.name)

    async def _exposure(self, session: Session) -> int | None:
        reference = self.config.results.exposure
        if reference is None:
            return None
        try:
            return round(float(await session.value(f"GV{reference}", self.config.timeout)))
        except (Refused, ValueError, OverflowError) as error:
            raise DeviceFault("failed", f"results.exposure ({reference}): {error}", where=self.name) from None

    async def _expose(self, session: Session) -> None:
        status = await session.status("SW8", self.config.inspection)
        if status == r.OK:
            return
        await self._look(session)  # the job or Online may be why, and then health says so
        if self.health.condition is not Condition.READY:
            raise NotReady(self.health.text, where=self.name, hint=self.health.hint)
        raise DeviceFault(
            "failed",
            f"the trigger (SW8) was answered {status}: {r.STATUS.get(status, 'not a known status')}",
            where=self.name,
            hint="The job's AcquireImage must take External, Manual or Network triggers, and nobody else trigger it",
        )

    async def _read(self, session: Session) -> Report:
        """Every result in one round trip, with the job that gave them."""
        asked = questions(self.config.results)
        answers = await asyncio.gather(
            *(session.value(f"GV{reference}", self.config.timeout) for _, reference in asked),
            self._job(session),
            return_exceptions=True,
        )
        job = answers.pop()
        if isinstance(job, BaseException):
            raise job
        if not r.same_job(job, self.config.job):
            text, hint = self._wrong_job(job)
            self.set_health(Condition.NOT_READY, text, hint)
            raise NotReady(text, where=self.name, hint=hint)
        return read_report(self.name, asked, answers)

    def _live(self) -> Session:
        if self._session is None:
            raise LinkDown(self.health.text, where=self.name, hint=self.health.hint)
        return self._session
