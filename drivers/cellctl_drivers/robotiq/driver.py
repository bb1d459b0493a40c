"""The 2F-85 gripper: each move is confirmed by the echo of its request, by gOBJ and by the position.

Connecting only reads. Activation strokes the fingers, so it happens in ``prepare`` alone, on a person's
Reset, and never while a part may be held. Nothing here opens the fingers but ``release``.
"""

from __future__ import annotations

from cellctl import clock
from cellctl.devices import Condition, Gripper, Identity, Quality
from cellctl.errors import BadAnswer, DeviceFault, InDoubt, LinkError, NoAnswer, NotReady, UsageError
from cellctl.links import Links, ModbusClient, parse_address
from cellctl.units import Force, Length, Speed, show
from cellctl_drivers.polling import poll_forever
from cellctl_drivers.robotiq import registers as r
from cellctl_drivers.robotiq.config import RobotiqConfig
from cellctl_drivers.robotiq.registers import Activation, Object, Request, Status

POLL = 0.1  # s; the gripper wants to be asked at least once a second
_STEP = 0.02  # s between looks while the fingers move
_STALE = 0.1  # s after a request in which gOBJ may still be that of the move before
_MARGIN = 1.0  # s for a move beyond its way at its speed
_NEAR = 3  # counts; the fingers stop within this of the request
_RESET_TIME = 0.5  # s
_WIDEST = 0.085  # m, what release() opens to unless told; fingers with less stroke open fully
_LOST = (NoAnswer, BadAnswer)  # what a write did is not known
_HINT = "Check the gripper's 24 V supply, its RS-485 cable, and its unit number and speed (9, 115200 8N1)"
_EMPTY_HAND = "Take the part out by hand; Stop, then Reset: the cell asks where the part is"


class Robotiq(Gripper):
    """A 2F-85.

    Signals beside the fields: ``moving``, ``object`` (gOBJ in words), ``fault`` (text, empty for none),
    ``current`` (A), ``position`` (counts). ``holding`` is bad where the gripper cannot know it: its
    fingers are not open, and it is not activated or was stopped half way by somebody.
    """

    config: RobotiqConfig

    def __init__(self, name: str, config: RobotiqConfig, links: Links) -> None:
        super().__init__(name, config, links)
        self._address = parse_address(config.link)
        self._client: ModbusClient | None = None
        self._order = 0  # counts commands: a later one takes over from an earlier one

    # -- connection ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep it connected and published until cancelled. The polls keep its watchdog quiet."""
        self._client = self.links.modbus(self._address, timeout=self.config.response)
        try:
            await poll_forever(self, self._poll, period=POLL, hint=_HINT, lost=lambda: None)
        finally:
            client, self._client = self._client, None
            await client.aclose()
            self.set_health(Condition.OFFLINE, "not connected")

    async def identify(self) -> Identity:
        """The gripper tells no name: that its status reads well is all there is to know."""
        client = self.links.modbus(self._address, timeout=self.config.response)
        try:
            Status.of(await client.read_input(r.INPUT, r.WORDS))
        finally:
            await client.aclose()
        return Identity("Robotiq", "2F gripper (it does not tell which)", address=str(self._address))

    async def _poll(self) -> None:
        status = await self._look()
        fault = r.fault_of(status.fault)
        if fault.reset or status.fault == 0x08:
            self.set_health(Condition.FAULT, fault.text, f"{fault.hint}, then Reset")
        elif status.activation is Activation.ACTIVATING:
            self.set_health(Condition.NOT_READY, "activation under way", "Wait")
        elif not status.ready:
            self.set_health(Condition.NOT_READY, "not activated", "Reset activates it: its fingers will stroke")
        else:
            self.set_health(Condition.READY)

    @property
    def _bus(self) -> ModbusClient:
        if self._client is None:
            raise NotReady("not connected", where=self.name, hint="The controller connects it when it runs")
        return self._client

    async def _look(self) -> Status:
        """Read the gripper's status and publish it."""
        status = Status.of(await self._bus.read_input(r.INPUT, r.WORDS))
        self.publish("activated", status.ready)
        self.publish("width", self.config.width(status.position), "m")
        self.publish("position", status.position)
        self.publish("current", status.current, "A")
        self.publish("moving", status.going and status.object is Object.MOVING)
        self.publish("object", status.object.name.lower().replace("_", " ") if status.going else "unknown")
        self.publish("fault", r.fault_of(status.fault).text if status.fault else "")
        holding = self._holding(status)
        self.publish("holding", holding, quality=Quality.BAD if holding is None else Quality.GOOD)
        return status

    def _holding(self, status: Status) -> bool | None:
        """Whether a part is felt; None where the gripper cannot know. gOBJ counts only while gGTO is 1."""
        if status.activation is Activation.ACTIVE and status.going:
            return status.object is Object.CLOSING_CONTACT
        return False if status.position <= self.config.open_count + _NEAR else None

    # -- on a person's Reset --------------------------------------------------------------------------

    async def prepare(self, *, part_held: bool) -> None:
        """Activate it where that is needed, and never with a part in the fingers: they open on the way."""
        status = await self._look()
        if status.activation is Activation.ACTIVATING:
            status = await self._activated(self._order)
        if not status.ready:
            if part_held or (status.going and status.object is Object.CLOSING_CONTACT):
                raise NotReady(
                    "it must be activated, which opens the fingers, and a part may be held",
                    where=self.name,
                    hint=_EMPTY_HAND,
                )
            await self._activate()
        await self._poll()
        if self.health.condition is not Condition.READY:
            raise NotReady(self.health.text, where=self.name, hint=self.health.hint)

    async def _activate(self) -> None:
        """The rising edge of rACT, and the stroke that follows."""
        self._order += 1
        order = self._order
        await self._bus.write(r.OUTPUT, *Request().words())
        end = clock.now() + _RESET_TIME
        while (await self._look()).activated:
            if clock.now() >= end:
                raise NotReady("it does not take the reset before activation", where=self.name, hint="Switch it off")
            await clock.sleep(_STEP)
        self._check_order(order, "activation")
        await self._bus.write(r.OUTPUT, *Request(activate=True).words())
        await self._activated(order)

    async def _activated(self, order: int) -> Status:
        end = clock.now() + self.config.activation
        while True:
            status = await self._look()
            self._check_order(order, "activation")
            if status.ready:
                return status
            fault = r.fault_of(status.fault)
            if fault.reset:
                raise NotReady(f"activation ended with: {fault.text}", where=self.name, hint=fault.hint)
            if clock.now() >= end:
                raise NotReady(
                    f"activation took longer than {show(self.config.activation, 'time')}",
                    where=self.name,
                    hint="Clear the fingers' way, then Reset",
                )
            await clock.sleep(_STEP)

    # -- commands -----------------------------------------------------------------------------------

    async def grip(self, width: Length, tolerance: Length = 0.002, force: Force = 60.0, speed: Speed = 0.1) -> None:
        """Close until something is felt, then compare its width; see Gripper.grip."""
        self._check_width(width)
        request = Request(True, True, position=r.CLOSED, speed=r.speed_count(speed), force=r.force_count(force))
        status = await self._go(request, "grip")
        felt = self.config.width(status.position)
        if status.object is not Object.CLOSING_CONTACT:
            raise DeviceFault(
                "missed",
                f"the fingers closed to {show(felt, 'length')} on nothing; a part of {show(width, 'length')} was"
                " expected",
                where=self.name,
                hint="See where the part lies, and whether the camera's pose is right",
            )
        if abs(felt - width) > tolerance + self.config.per_count:
            raise DeviceFault(
                "wrong_size",
                f"holds something {show(felt, 'length')} wide; {show(width, 'length')} ±"
                f" {show(tolerance, 'length')} was expected",
                where=self.name,
                hint="See what is in the fingers; the part may be gripped askew",
            )

    async def release(self, width: Length = 0.085, speed: Speed = 0.1) -> None:
        """Open to ``width``; see Gripper.release."""
        width = min(width, self.config.stroke) if width <= _WIDEST else width
        self._check_width(width)
        request = Request(True, True, position=self.config.count(width), speed=r.speed_count(speed))
        status = await self._go(request, "release")
        if status.object is not Object.AT_POSITION:
            raise DeviceFault(
                "stuck",
                f"the fingers met something at {show(self.config.width(status.position), 'length')} on the way to"
                f" {show(width, 'length')}",
                where=self.name,
                hint="See what is beside the fingers",
            )

    async def stop(self, *, fast: bool) -> None:
        """Stop fingers that move. A grip is left as it is: the gripper holds it by itself."""
        self._order += 1
        status = await self._look()
        if status.activation is Activation.ACTIVATING:
            await self._stop_with(Request())  # nothing less ends the activation stroke
        elif status.going and status.object is Object.MOVING:
            await self._stop_with(Request(activate=True, position=status.requested))

    async def _stop_with(self, request: Request) -> None:
        """Write a stopping request and see it taken. It may be repeated: it cannot do harm twice."""
        for last in (False, True):
            try:
                await self._bus.write(r.OUTPUT, *request.words())
                status = await self._look()
                if not status.going and status.activation is not Activation.ACTIVATING:
                    return
            except _LOST as error:
                if last:
                    raise self._doubt("stop", error) from error
        raise NotReady("the fingers do not stop", where=self.name, hint="Switch the gripper off")

    async def _go(self, request: Request, doing: str) -> Status:
        """Ask for a position and see the fingers come to rest there, or on something."""
        self._order += 1
        order = self._order
        start = await self._start(request, order, doing)
        begun, moved = clock.now(), False
        self.rests_within = self.config.stroke / r.speed_of(request.speed)  # it goes on to the end, link or no link
        way = abs(self._target(request) - start.position) * self.config.per_count
        end = begun + way / r.speed_of(request.speed) + _MARGIN
        while True:
            await clock.sleep(_STEP)
            status = await self._confirmed_look(doing)
            self._check_going(status, request, order, doing)
            moved = moved or status.object is Object.MOVING or status.position != start.position
            if self._has_arrived(status, request, fresh=moved or clock.now() >= begun + _STALE):
                return status
            if clock.now() >= end:
                raise self._too_slow(status, doing)

    async def _start(self, request: Request, order: int, doing: str) -> Status:
        """Write the request; a lost answer is settled by the echo before it is written once more."""
        start = await self._confirmed_look(doing)
        self._check_active(start)
        for last in (False, True):
            self._check_order(order, doing)
            try:
                await self._bus.write(r.OUTPUT, *request.words())
                return start
            except _LOST as error:
                status = await self._confirmed_look(doing)
                if status.going and status.requested == request.position:
                    return start
                if last:
                    raise self._doubt(doing, error) from error
        raise AssertionError("the last try returns or raises")

    def _has_arrived(self, status: Status, request: Request, *, fresh: bool) -> bool:
        if status.requested != request.position or status.object is Object.MOVING:
            return False
        if status.object is Object.AT_POSITION:
            return abs(status.position - self._target(request)) <= _NEAR
        return fresh  # a contact may still be told of the move before

    def _target(self, request: Request) -> int:
        return min(max(request.position, self.config.open_count), self.config.closed_count)

    async def _confirmed_look(self, doing: str) -> Status:
        for last in (False, False, True):
            try:
                return await self._look()
            except _LOST as error:
                if last:
                    raise self._doubt(doing, error) from error
        raise AssertionError("the last try returns or raises")

    # -- what is said when it cannot be done ------------------------------------------------------------

    def _check_width(self, width: float) -> None:
        if not 0 <= width <= self.config.stroke + 1e-9:
            raise UsageError(
                f"{show(width, 'length')} is outside the fingers' stroke of {show(self.config.stroke, 'length')}",
                where=self.name,
                hint="Give a width that the gripper has",
            )

    def _check_active(self, status: Status) -> None:
        if not status.ready:
            fault = r.fault_of(status.fault)
            text = fault.text if status.fault else "not activated"
            raise NotReady(text, where=self.name, hint=fault.hint or "Reset activates it: its fingers will stroke")

    def _check_order(self, order: int, doing: str) -> None:
        if order != self._order:
            raise NotReady(f"{doing} gave way to a later command", where=self.name)

    def _check_going(self, status: Status, request: Request, order: int, doing: str) -> None:
        self._check_order(order, doing)
        self._check_active(status)
        if not status.going or status.requested != request.position:
            raise NotReady(f"somebody else took over during {doing}", where=self.name, hint="Find the other master")

    def _too_slow(self, status: Status, doing: str) -> DeviceFault:
        fault = "stuck" if doing == "release" else "missed"
        return DeviceFault(
            fault,
            f"the fingers are at {show(self.config.width(status.position), 'length')} and did not finish in time",
            where=self.name,
            hint="See what holds the fingers back",
        )

    def _doubt(self, doing: str, error: LinkError) -> InDoubt:
        return InDoubt(
            f"nobody knows whether the gripper took the {doing}: {error.message}",
            where=self.name,
            hint="See what is in the fingers; a grip holds by itself",
        )
