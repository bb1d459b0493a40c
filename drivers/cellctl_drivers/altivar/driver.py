"""The belt's inverter: commands by its CiA 402 chart, each confirmed by status word and output speed.

The control word and the reference lie side by side, so each command is one write of both. A write
whose answer was lost is not repeated blindly: the drive is asked what it holds first.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from cellctl import clock
from cellctl.devices import Condition, Conveyor, Identity
from cellctl.errors import BadAnswer, DeviceFault, InDoubt, LinkDown, LinkError, NoAnswer, NotReady
from cellctl.links import Links, ModbusClient, parse_address
from cellctl.units import Speed, show
from cellctl_drivers.altivar import registers as r
from cellctl_drivers.altivar.config import AltivarConfig
from cellctl_drivers.altivar.registers import State
from cellctl_drivers.altivar.status import Channels, Sample, Setup, judge
from cellctl_drivers.polling import poll_forever

POLL = 0.1  # s
_POLL_LATE = 0.2  # s that the drive may have heard the last request later than its answer came
_STEP = 0.01  # s between looks while a command is under way
_SLOW_EVERY = 5  # polls between two looks at what changes slowly
_SETUP_EVERY = 100
_STOP_TRIES = 3
_RESET_TIME = 1.0  # s
_LOST = (NoAnswer, BadAnswer)  # what a write did is not known
_HINT = "Check the drive's supply, its RS-485 cable, and Modbus address, speed and format (Add, tbr, tFO)"


class Altivar(Conveyor):
    """An ATV320 that drives a belt.

    Signals beside the fields: ``state`` (CiA 402), ``display`` (HMIS), ``fault`` (its code, nOF for
    none), ``current`` (A), ``thermal`` (ratio), ``reference`` (m/s).
    """

    config: AltivarConfig

    def __init__(self, name: str, config: AltivarConfig, links: Links) -> None:
        super().__init__(name, config, links)
        self._address = parse_address(config.link)
        self.rests_within = config.timeout + config.ramp + _POLL_LATE
        self._client: ModbusClient | None = None
        self._sample: Sample | None = None
        self._setup: Setup | None = None
        self._channels = Channels(0, 0)
        self._fault = 0
        self._nominal = 1400  # rpm of the motor, as the drive is told (nSP)
        self._turn = 0
        self._order = 0  # counts commands: a later one takes over from an earlier one
        self._silent_until = -math.inf  # the driver keeps silent, so that the drive's own watchdog stops it

    # -- connection ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep it connected and published until cancelled."""
        self._client = self.links.modbus(self._address, timeout=self.config.response)
        try:
            await poll_forever(self, self._poll, period=POLL, hint=_HINT, lost=self._forget)
        finally:
            client, self._client = self._client, None
            await client.aclose()
            self.set_health(Condition.OFFLINE, "not connected")

    async def identify(self) -> Identity:
        """Ask the drive for its name: FC43, or its device name registers."""
        client = self.links.modbus(self._address, timeout=self.config.response)
        try:
            told = await client.identify()
            words = await client.read_holding(r.PAN, 8)
            version = (await client.read_holding(r.VDP))[0]
        finally:
            await client.aclose()
        name = b"".join(word.to_bytes(2, "big") for word in words).decode("ascii", "replace").strip("\0 ")
        return Identity(
            vendor=told.get("vendor", "Schneider Electric"),
            model=told.get("product", "") or name,
            firmware=told.get("revision", "") or f"{version >> 8}.{version & 0xFF}",
            address=str(self._address),
        )

    def _forget(self) -> None:
        self._sample = self._setup = None
        self._turn = 0

    async def _poll(self) -> None:
        await clock.sleep(max(0.0, self._silent_until - clock.now()))
        sample = await self._look()
        if self._setup is None or self._turn % _SETUP_EVERY == 0:
            await self._read_setup()  # others may change it behind our back
        if self._turn % _SLOW_EVERY == 0:
            await self._poll_slow(self._turn // _SLOW_EVERY % 2 == 1)
        self._turn += 1
        if sample.state in (State.FAULT, State.REACTION):
            self._fault = (await self._bus.read_holding(r.LFT))[0]
        else:
            self._fault = 0
        self.publish("fault", r.trip_of(self._fault).code)
        self._judge(sample)

    async def _poll_slow(self, second: bool) -> None:
        if second:
            shown = (await self._bus.read_holding(r.HMIS))[0]
            self.publish("display", r.DISPLAY.get(shown, str(shown)))
            return
        words = await self._bus.read_holding(r.ETA, 9)
        self.publish("current", words[r.LCR - r.ETA] / 10, "A")
        self.publish("thermal", words[r.THD - r.ETA] / 100)
        self._channels = Channels(*reversed(await self._bus.read_holding(r.CRC, 2)))

    def _judge(self, sample: Sample) -> None:
        if clock.now() < self._silent_until:
            return  # it was read before the silence began
        assert self._setup is not None, "read before the first judgement"
        wanted = self._wanted()
        condition, text, hint = judge(
            sample, self._setup, wanted, self._channels, trip=self._fault, ramp=self.config.ramp
        )
        self.set_health(condition, text, hint)

    @property
    def _bus(self) -> ModbusClient:
        if self._client is None:
            raise NotReady("not connected", where=self.name, hint="The controller connects it when it runs")
        if clock.now() < self._silent_until:
            raise LinkDown(self.health.text, where=self.name, hint=self.health.hint)
        return self._client

    async def _look(self) -> Sample:
        """Read command, status and speed in one piece, and publish them."""
        sample = self._sample = Sample.of(await self._bus.read_holding(r.CMDD, 6))
        self.publish("running", sample.speed != 0)
        self.publish("speed", self._belt(sample.speed), "m/s")
        self.publish("reference", self._belt(sample.reference), "m/s")
        self.publish("state", sample.state.value)
        return sample

    def _belt(self, rpm: float) -> float:
        return rpm / 60 * self.config.travel_per_rev

    # -- settings -----------------------------------------------------------------------------------

    def _wanted(self) -> Setup:
        """What the cell file asks for, in the steps that the drive can hold."""
        unit = self._setup.ramp_unit if self._setup is not None else 0.1
        ramp = round(max(1, round(self.config.ramp / unit)) * unit, 2)
        return Setup(round(self.config.timeout * 10) / 10, r.ON_LOSS[self.config.on_loss], ramp, ramp, unit)

    async def _read_setup(self) -> None:
        timeout = (await self._bus.read_holding(r.TTO))[0]
        on_loss = (await self._bus.read_holding(r.SLL))[0]
        ramps = await self._bus.read_holding(r.ACC, 2)
        unit = r.RAMP_UNIT.get((await self._bus.read_holding(r.INR))[0], 0.1)
        self._nominal = (await self._bus.read_holding(r.NSP))[0] or self._nominal
        acceleration, deceleration = (round(count * unit, 2) for count in ramps)
        self._setup = Setup(timeout / 10, on_loss, acceleration, deceleration, unit)

    async def _write_setup(self) -> None:
        """Write what differs; the drive takes time-outs only at standstill."""
        wanted = self._wanted()
        assert self._setup is not None, "read when the drive was first reached"
        if self._setup.differences(wanted):
            counts = round(wanted.acceleration / wanted.ramp_unit)
            await self._bus.write(r.ACC, counts, counts)
            await self._bus.write(r.SLL, wanted.on_loss)
            await self._bus.write(r.TTO, round(wanted.timeout * 10))
            await self._read_setup()

    async def prepare(self, *, part_held: bool) -> None:
        """Reset a fault, and set time-out, reaction and ramps. Moves nothing; a turning belt is halted first."""
        sample = await self._look()
        await self._read_setup()
        if sample.state in (State.FAULT, State.REACTION):
            await self._reset_fault(sample)
        elif not sample.at_rest:
            await self.halt()
        if sample.command & r.FAULT_RESET:  # left at 1 by somebody: a drive that trips could not be reset
            await self._bus.write(r.CMDD, r.DISABLE_VOLTAGE)
        await self._write_setup()
        self._turn = 0
        await self._poll()
        if self.health.condition is not Condition.READY:
            raise NotReady(self.health.text, where=self.name, hint=self.health.hint)

    async def _reset_fault(self, sample: Sample) -> None:
        """Give the rising edge of bit 7, and never leave it at 1."""
        sample = await self._until(lambda s: s.state is not State.REACTION, self.config.settle) or sample
        try:
            if sample.command & r.FAULT_RESET:
                await self._bus.write(r.CMDD, r.DISABLE_VOLTAGE)
            await self._bus.write(r.CMDD, r.FAULT_RESET)
            cleared = await self._until(lambda s: s.state is not State.FAULT, _RESET_TIME)
        finally:
            await self._bus.write(r.CMDD, r.DISABLE_VOLTAGE)
        if cleared is None:
            fault = r.trip_of((await self._bus.read_holding(r.LFT))[0])
            raise NotReady(
                f"{fault.code} ({fault.text}) could not be reset: its cause is still there",
                where=self.name,
                hint=fault.hint,
            )

    async def _until(self, reached: Callable[[Sample], bool], within: float) -> Sample | None:
        """Look until ``reached``; None when that takes too long."""
        end = clock.now() + within
        while not reached(sample := await self._look()):
            if clock.now() >= end:
                return None
            await clock.sleep(_STEP)
        return sample

    # -- commands -----------------------------------------------------------------------------------

    async def advance(self, speed: Speed) -> None:
        """Run the belt at ``speed`` (m/s along it, negative backwards); see Conveyor.advance."""
        rpm = self._motor(speed)
        if rpm == 0:
            await self.halt()
            return
        self._check_ready()
        order = self._begin()
        end = clock.now() + self.config.settle + self._ramp_time(rpm)
        near = max(1.0, abs(rpm) * self.config.speed_tolerance)
        while True:
            sample = await self._confirmed_look("advance")
            self._still(order, "advance")
            if sample.state is State.ENABLED and sample.reference == rpm and abs(sample.speed - rpm) <= near:
                return
            if clock.now() >= end:
                fault = await self._not_reached(speed, sample)
                await self._write(r.SWITCH_ON, 0)
                raise fault
            await self._climb(sample, rpm)
            await clock.sleep(_STEP)

    async def _climb(self, sample: Sample, rpm: int) -> None:
        """Write the word that leads on from where the drive is."""
        state = sample.state
        if state in (State.FAULT, State.REACTION):
            fault = r.trip_of((await self._bus.read_holding(r.LFT))[0])
            raise NotReady(f"tripped: {fault.code}, {fault.text}", where=self.name, hint=f"{fault.hint}; then Reset")
        if state is State.QUICK_STOP:
            if sample.speed == 0:
                await self._write(r.DISABLE_VOLTAGE, 0)
        elif state is State.SWITCH_ON_DISABLED:
            await self._write(r.SHUTDOWN, 0)
        elif state is State.READY:
            await self._write(r.SWITCH_ON, 0)
        elif (sample.command, sample.reference) != (r.ENABLE, rpm):
            await self._write(r.ENABLE, rpm)

    async def halt(self) -> None:
        """Stop by ramp; see Conveyor.halt."""
        order = self._begin()
        await self._stop_by(r.SWITCH_ON, order)

    async def stop(self, *, fast: bool) -> None:
        """Stop by ramp, or by the drive's quick stop."""
        order = self._begin()
        await self._stop_by(r.QUICK_STOP if fast else r.SWITCH_ON, order)

    async def _stop_by(self, word: int, order: int) -> None:
        """Write a stopping word at once, without asking first, then see the belt stand.

        A stopping word may be repeated: it cannot do harm twice.
        """
        end = clock.now() + self.config.settle + self._ramp_time(0)
        tries = 0
        while True:
            self._still(order, "halt")
            try:
                await self._bus.write(r.CMDD, word, 0)
                if await self._until(lambda s: s.speed == 0, end - clock.now()):
                    return
            except _LOST as error:
                tries += 1
                if tries >= _STOP_TRIES:
                    self._keep_silent()
                    raise InDoubt(
                        f"nobody knows whether the drive took the stop: {error.message}",
                        where=self.name,
                        hint=self.health.hint,
                    ) from error
                continue
            raise await self._not_reached(0.0, await self._look())

    def _keep_silent(self) -> None:
        """Ask the drive nothing until its watchdog (TTO) has stopped the belt: each request winds that up again."""
        timeout = max(self.config.timeout, self._setup.timeout if self._setup is not None else 0.0)
        self._silent_until = clock.now() + timeout + self.config.ramp + _POLL_LATE
        self.set_health(
            Condition.OFFLINE,
            f"its stop is in doubt: it is asked nothing, so that it stops by itself in {show(timeout, 'time')} (ttO)",
            "Look whether the belt stands, then at the drive's RS-485 cable; then Reset",
        )

    async def _write(self, word: int, rpm: int) -> None:
        """Write control word and reference; a lost answer is settled by the next look at both."""
        try:
            await self._bus.write(r.CMDD, word, r.unsigned(rpm))
        except _LOST:
            await self._confirmed_look("command")

    async def _confirmed_look(self, doing: str) -> Sample:
        for last in (False, False, True):
            try:
                return await self._look()
            except _LOST as error:
                if last:
                    raise self._doubt(doing, error) from error
        raise AssertionError("the last try returns or raises")

    def _begin(self) -> int:
        self._order += 1
        return self._order

    def _still(self, order: int, doing: str) -> None:
        if order != self._order:
            raise NotReady(f"{doing} gave way to a later command", where=self.name)

    def _check_ready(self) -> None:
        if self.health.condition is not Condition.READY:
            raise NotReady(self.health.text, where=self.name, hint=self.health.hint)

    def _motor(self, speed: float) -> int:
        rpm = round(speed / self.config.travel_per_rev * 60)
        if abs(rpm) > 0x7FFF or (rpm == 0) != math.isclose(speed, 0.0, abs_tol=1e-9):
            raise DeviceFault(
                "not_reached",
                f"{show(speed, 'speed')} is {speed / self.config.travel_per_rev * 60:.3g} rpm of the motor; the drive"
                " takes whole rpm from 1 to 32767",
                where=self.name,
                hint="Choose another speed, or check travel_per_rev",
            )
        return rpm

    def _ramp_time(self, rpm: int) -> float:
        """How long the ramps take: ACC and DEC count from standstill to the motor's nominal speed."""
        now = self._sample.speed if self._sample is not None else 0
        ramp = self._setup.acceleration if self._setup is not None else self.config.ramp
        return ramp * (abs(rpm) + abs(now)) / self._nominal

    async def _not_reached(self, speed: float, sample: Sample) -> DeviceFault:
        hint = "Look at the drive's display and at the belt"
        try:
            display = (await self._bus.read_holding(r.HMIS))[0]
            high = (await self._bus.read_holding(r.HSP))[0] / 10
            hint = f"The drive shows {r.DISPLAY.get(display, display)}; its high speed (HSP) is {high:g} Hz"
            if display == r.Display.CURRENT_LIMIT:
                hint = "The drive is at its current limit (CLI): look for a jam on the belt"
        except LinkError:
            pass  # the speed was not reached all the same; only the hint stays general
        return DeviceFault(
            "not_reached",
            f"the belt runs at {show(self._belt(sample.speed), 'speed')} instead of {show(speed, 'speed')}"
            f" {show(self.config.settle, 'time')} after it should",
            where=self.name,
            hint=hint,
        )

    def _doubt(self, doing: str, error: LinkError) -> InDoubt:
        return InDoubt(
            f"nobody knows whether the drive took the {doing}: {error.message}",
            where=self.name,
            hint="Look whether the belt runs; Stop stops it",
        )
