"""An ATV320 as any Modbus client meets it: its registers, its state chart, its Modbus watchdog.

Nothing ticks: the shaft is a formula, and one timer waits for the end of the silence that is allowed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cellctl import clock
from cellctl.emulation.physics import Plant, Ramp
from cellctl.links import (
    Listener,
    ModbusRefusal,
    Network,
    NoReply,
    SerialAddress,
    Table,
    TcpAddress,
    parse_address,
    serve_modbus,
)
from cellctl_drivers.altivar import registers as r
from cellctl_drivers.altivar.config import AltivarConfig
from cellctl_drivers.altivar.drivecom import Drivecom
from cellctl_drivers.altivar.registers import REGISTERS, Access, State
from cellctl_drivers.altivar.shaft import Shaft

IDENTITY = {0: "Schneider Electric", 1: "ATV320U07N4B", 2: "V1.3IE31"}
_FUNCTION, _ADDRESS, _VALUE, _FAILURE = 1, 2, 3, 4
_IGNORED, _MAINTAINED = (0,), (4, 5)  # reactions (SLL) that do not stop the motor
_MAINS_VOLTAGE = 3980  # 0.1 V


class AltivarEmulator:
    """The emulated drive. Faults are injected by its methods and by the attributes."""

    def __init__(self, name: str, config: AltivarConfig, plant: Plant) -> None:
        self.name = name
        self.config = config
        self._plant = plant
        self.power_up = 0.0  # s after serving began until it answers
        self.silent = False  # deaf on the bus, and running on
        self.deaf_writes = 0  # so many writes are not heard
        self.mute_writes = 0  # so many are obeyed and not answered
        self.settings = {address: register.default for address, register in REGISTERS.items()}
        self.drive = Drivecom(Shaft(self._turn), self.settings)
        self._powered_at = 0.0
        self._heard: float | None = None  # when the last request came; None while nobody is watched for
        self._watchdog: asyncio.TimerHandle | None = None
        self._listener: Listener | None = None

    async def serve(self, network: Network) -> Mapping[str, Any]:
        """Listen where the cell file says a serial line (or a gateway) is; returns the overlay."""
        address = parse_address(self.config.link)
        if isinstance(address, SerialAddress):
            unit = address.unit or 1
            here: SerialAddress | TcpAddress = replace(address, path="", format="8N1")
        else:
            unit = address.unit
            here = TcpAddress("127.0.0.1", 0, unit)
        self._powered_at = clock.now() + self.power_up
        self._listener = await serve_modbus(network, here, {unit: self}, identity=IDENTITY)
        reached = self._listener.address
        link = str(reached) if isinstance(reached, SerialAddress) else f"{reached} unit {unit}"
        return {"link": link, "emulated": True}

    async def aclose(self) -> None:
        """Stop serving."""
        self._stop_watchdog()
        if self._listener is not None:
            await self._listener.aclose()

    # -- faults to inject ---------------------------------------------------------------------------

    def trip(self, code: int, *, lasting: bool = False) -> None:
        """Fall into fault ``code`` (LFT's number); with ``lasting`` no reset helps until ``mend``."""
        if lasting:
            self.drive.lasting.add(code)
        self.drive.trip(code, r.ON_LOSS["freewheel"], clock.now())

    def mend(self) -> None:
        """Take away the causes of lasting faults."""
        self.drive.lasting.clear()

    def set_mains(self, on: bool) -> None:
        """Switch the mains; the control part keeps its own supply."""
        self.drive.set_mains(on, clock.now())

    def force_local(self, on: bool) -> None:
        """Somebody turns the local/remote key."""
        self.drive.force_local(on, clock.now())
        self.settings[r.CCC] = self.settings[r.CRC] = 1 if on else r.MODBUS_CHANNEL

    def power_cycle(self, off_for: float) -> None:
        """Everything off, and on again after ``off_for`` seconds; what was not saved is lost."""
        now = clock.now()
        self._stop_watchdog()
        self.drive.power_off(now)
        self.settings.update({address: register.default for address, register in REGISTERS.items()})
        self._powered_at = now + off_for

    def set_weak(self, above: float | None) -> None:
        """Put a load on the belt that the motor cannot turn faster than ``above`` rpm."""
        self.drive.weak_above = above
        self.drive.drive(clock.now())

    # -- the bus ------------------------------------------------------------------------------------

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        """Answer a read. Only function 3 reads this drive."""
        now = self._hear()
        if table is not Table.HOLDING:
            raise ModbusRefusal(_FUNCTION)
        if any(a not in REGISTERS for a in range(address, address + count)):
            raise ModbusRefusal(_ADDRESS)
        self.drive.settle(now)
        shown = self._shown(now)
        return [shown.get(a, self.settings[a]) & 0xFFFF for a in range(address, address + count)]

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """Take all of the values, or refuse and take none."""
        now = self._hear()
        if self.deaf_writes > 0:
            self.deaf_writes -= 1
            raise NoReply
        if table is not Table.HOLDING:
            raise ModbusRefusal(_FUNCTION)
        written = dict(enumerate(values, address))
        self._check(written, now)
        for a, value in written.items():
            if REGISTERS[a].access is Access.CONFIGURE and self.settings[a] != value:
                self._reconfigured()
            self.settings[a] = value
        self._obey(written, now)
        if r.TTO in written or r.SLL in written:
            self._stop_watchdog()
            self._hear()
        if self.mute_writes > 0:
            self.mute_writes -= 1
            raise NoReply

    def _check(self, written: Mapping[int, int], now: float) -> None:
        self.drive.settle(now)
        for a, value in written.items():
            register = REGISTERS.get(a)
            if register is None or register.access is Access.READ:
                raise ModbusRefusal(_ADDRESS)
            if not register.low <= value <= register.high:
                raise ModbusRefusal(_VALUE)
            busy = self.drive.state in (State.ENABLED, State.QUICK_STOP, State.REACTION)
            if register.access is Access.CONFIGURE and busy and self.settings[a] != value:
                raise ModbusRefusal(_FAILURE)

    def _reconfigured(self) -> None:
        if self.drive.state in (State.READY, State.SWITCHED_ON):
            self.drive.state = State.SWITCH_ON_DISABLED

    def _obey(self, written: Mapping[int, int], now: float) -> None:
        if r.LFR in written:
            self.drive.refer(round(r.signed(written[r.LFR]) * 6 / self.settings[r.PPN]), now)
        if r.LFRD in written:
            self.drive.refer(r.signed(written[r.LFRD]), now)
        for a in (r.CMD, r.CMDD):
            if a in written:
                self.drive.command(written[a], now)
        if any(REGISTERS[a].access is Access.ADJUST for a in written):
            self.drive.drive(now)

    def _shown(self, now: float) -> dict[int, int]:
        """The registers that are not settings."""
        drive, rpm = self.drive, self.drive.rpm(now)
        per_rpm = self.settings[r.PPN] / 6  # 0.1 Hz a rpm
        before_ramp = drive.target() if drive.state is State.ENABLED else 0.0
        status = drive.status(now)
        current = self._current(now)
        return {
            r.CMD: drive.word, r.CMDD: drive.word,
            r.LFR: round(drive.reference * per_rpm), r.LFRD: drive.reference,
            r.ETA: status, r.ETAD: status,
            r.RFR: round(rpm * per_rpm), r.RFRD: round(rpm),
            r.FRH: round(before_ramp * per_rpm), r.FRHD: round(before_ramp),
            r.ERRD: drive.error, r.LFT: drive.last_fault, r.HMIS: drive.display(now),
            r.LCR: current, r.OTR: current * 10,
            r.ULN: _MAINS_VOLTAGE if drive.mains else 0,
            r.UOP: min(400, round(abs(rpm) * per_rpm * 0.8)), r.THD: 31,
        }  # fmt: skip

    def _current(self, now: float) -> int:
        """Motor current in 0.1 A: magnetising, more while speeding up, the limit under too much load."""
        if self.drive.state not in (State.ENABLED, State.QUICK_STOP, State.REACTION):
            return 0
        if self.drive.limited():
            return 35
        return 9 if self.drive.shaft.on_target(now) else 16

    # -- the watchdog -------------------------------------------------------------------------------

    def _hear(self) -> float:
        """A request for this unit came: answers nothing without power, else starts the silence anew."""
        now = clock.now()
        if self.silent or now < self._powered_at:
            raise NoReply
        self._heard, self.drive.alarm = now, False
        if self._watchdog is None and self.settings[r.SLL] not in _IGNORED:
            self._watch(now + self.settings[r.TTO] / 10)
        return now

    def _watch(self, due: float) -> None:
        self._watchdog = asyncio.get_running_loop().call_at(due, self._look)

    def _look(self) -> None:
        self._watchdog = None
        now, allowed = clock.now(), self.settings[r.TTO] / 10
        assert self._heard is not None, "the watchdog runs from the first request on"
        if self._heard + allowed > now + 1e-6:
            self._watch(self._heard + allowed)
        elif self.settings[r.SLL] in _MAINTAINED:
            self.drive.alarm = True
        elif self.settings[r.SLL] not in _IGNORED and self.drive.state is not State.FAULT:
            self.drive.trip(r.SLF1, self.settings[r.SLL], now)

    def _stop_watchdog(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None

    def _turn(self, ramp: Ramp) -> None:
        self._plant.motor(self.name, ramp)
