"""A 2F-85 as any Modbus client meets it: activation, motion, object detection, faults, the 1 s watchdog."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cellctl import clock
from cellctl.emulation.physics import Plant
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
from cellctl_drivers.robotiq import registers as r
from cellctl_drivers.robotiq.config import RobotiqConfig
from cellctl_drivers.robotiq.fingers import Fingers
from cellctl_drivers.robotiq.registers import Activation, Object, Request, Status

_FUNCTION, _ADDRESS = 1, 2
_REACTION = 0.010  # s from a new request to motion: until then gOBJ is still that of the last one
_ACTIVATION_SPEED = 0.075  # m/s
_RELEASE_SPEED = 0.020  # m/s, automatic release is slow
_ALLOWED_SILENCE = 1.0  # s
_MOVING_CURRENT = 0.16  # A, the manual's example


class RobotiqEmulator:
    """The emulated gripper. Faults are injected by its attributes and by ``jam``, ``trip``, ``power_cycle``.

    Silence for more than 1 s is told as fault 9 in the next answer and changes nothing else: a grip holds.
    """

    def __init__(self, name: str, config: RobotiqConfig, plant: Plant) -> None:
        self.name = name
        self.config = config
        self._plant = plant
        self.silent = False
        self.deaf_writes = 0  # so many writes are not heard
        self.mute_writes = 0  # so many are obeyed and not answered
        self.slippery = False  # the fingers feel nothing and close past every part
        self.fingers = Fingers(self, config.stroke)
        self._request = Request()
        self._block = [0] * r.BLOCK
        self._activation = Activation.RESET
        self._fault = 0
        self._object = Object.MOVING  # what gOBJ shows until the next move begins
        self._pending: asyncio.TimerHandle | None = None
        self._heard: float | None = None
        self._powered_at = 0.0
        self._listener: Listener | None = None

    async def serve(self, network: Network) -> Mapping[str, Any]:
        """Listen where the cell file says a serial line (or a gateway) is; returns the overlay."""
        address = parse_address(self.config.link)
        if isinstance(address, SerialAddress):
            unit = address.unit or 9
            here: SerialAddress | TcpAddress = replace(address, path="", format="8N1")
        else:
            unit = address.unit
            here = TcpAddress("127.0.0.1", 0, unit)
        self._listener = await serve_modbus(network, here, {unit: self})
        reached = self._listener.address
        link = str(reached) if isinstance(reached, SerialAddress) else f"{reached} unit {unit}"
        return {"link": link, "emulated": True}

    async def aclose(self) -> None:
        """Stop serving."""
        self._forget_pending()
        self.fingers.close()
        if self._listener is not None:
            await self._listener.aclose()

    # -- faults to inject ---------------------------------------------------------------------------

    def trip(self, fault: int) -> None:
        """Fall into a fault of gFLT; the fingers stop where they are."""
        self._fault = fault
        self._forget_pending()
        self.fingers.halt()

    def jam(self, width: float | None) -> None:
        """Put something outside the fingers, so that they cannot open beyond ``width``."""
        self.fingers.jam = width

    def power_cycle(self, off_for: float) -> None:
        """No power for ``off_for`` seconds: the fingers stay (they lock themselves), activation is lost."""
        self._forget_pending()
        self.fingers.halt()
        self._request, self._block = Request(), [0] * r.BLOCK
        self._activation, self._fault, self._object = Activation.RESET, 0, Object.MOVING
        self._heard, self._powered_at = None, clock.now() + off_for

    # -- the bus ------------------------------------------------------------------------------------

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        """Functions 3 and 4 read both blocks alike."""
        silence = self._hear()
        if table.bits:
            raise ModbusRefusal(_FUNCTION)
        if address >= r.OUTPUT and address + count <= r.OUTPUT + r.BLOCK:
            return self._block[address - r.OUTPUT : address - r.OUTPUT + count]
        if address < r.INPUT or address + count > r.INPUT + r.BLOCK:
            raise ModbusRefusal(_ADDRESS)
        block = [*self._status(silence).words(), *[0] * (r.BLOCK - r.WORDS)]
        return block[address - r.INPUT : address - r.INPUT + count]

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """Take a request, whole or in part."""
        self._hear()
        if self.deaf_writes > 0:
            self.deaf_writes -= 1
            raise NoReply
        if table is not Table.HOLDING:
            raise ModbusRefusal(_FUNCTION)
        first = address - r.OUTPUT
        if first < 0 or first + len(values) > r.BLOCK:
            raise ModbusRefusal(_ADDRESS)
        self._block[first : first + len(values)] = values
        self._take(Request.of(self._block))
        if self.mute_writes > 0:
            self.mute_writes -= 1
            raise NoReply

    def _hear(self) -> bool:
        """Whether the line was silent for too long before this request."""
        now = clock.now()
        if self.silent or now < self._powered_at:
            raise NoReply
        silence = self._heard is not None and now - self._heard > _ALLOWED_SILENCE
        self._heard = now
        return silence

    def _status(self, silence: bool) -> Status:
        self.fingers.feel()
        request, active = self._request, self._activation is Activation.ACTIVE
        going = request.go and active
        return Status(
            activated=request.activate,
            going=going,
            activation=self._activation,
            object=self._shown_object() if going else Object.MOVING,
            fault=self._fault or (r.SILENCE if silence else 0),
            requested=request.position,
            position=self.config.count(self.fingers.width),
            current=_MOVING_CURRENT if self.fingers.moving else 0.0,
        )

    def _shown_object(self) -> Object:
        if self._pending is not None:
            return self._object
        if self.fingers.moving:
            return Object.MOVING
        return self.fingers.contact or Object.AT_POSITION

    # -- what a request does --------------------------------------------------------------------------

    def _take(self, request: Request) -> None:
        last, self._request = self._request, request
        if not request.activate:
            self._reset(request)
        elif not last.activate:
            self._activate()
        elif request.release:
            self._release(request.closing, begun=last.release)
        elif request != last and self._fault < 0x0A:
            self._move(request)

    def _reset(self, request: Request) -> None:
        self._forget_pending()
        self.fingers.halt()
        self._activation = Activation.RESET
        self._fault = r.NOT_ACTIVATED if request.go else 0

    def _activate(self) -> None:
        """Open, close and open again, to find both ends."""
        self._activation, self._fault = Activation.ACTIVATING, 0
        self.fingers.go(self.config.stroke, _ACTIVATION_SPEED, self._close_once)

    def _close_once(self) -> None:
        self.fingers.go(0.0, _ACTIVATION_SPEED, self._open_again)

    def _open_again(self) -> None:
        if self.fingers.contact is not None:
            self._fault, self._activation = 0x0D, Activation.RESET
        else:
            self.fingers.go(self.config.stroke, _ACTIVATION_SPEED, self._activated)

    def _activated(self) -> None:
        self._activation, self._fault = Activation.ACTIVE, 0
        if self._request.go:
            self._move(self._request)

    def _release(self, closing: bool, *, begun: bool) -> None:
        if not begun:
            self._forget_pending()
            self._fault, self._activation = 0x0B, Activation.RESET
            self.fingers.go(0.0 if closing else self.config.stroke, _RELEASE_SPEED, self._released)

    def _released(self) -> None:
        self._fault = 0x0F

    def _move(self, request: Request) -> None:
        if self._activation is not Activation.ACTIVE:
            self._fault = r.ACTION_DELAYED if request.go else self._fault
            return
        if not request.go:
            self._forget_pending()
            self.fingers.halt()
            return
        shown = self._shown_object()
        self._forget_pending()
        self._object = shown
        self._pending = asyncio.get_running_loop().call_at(clock.now() + _REACTION, self._begin)

    def _begin(self) -> None:
        self._pending = None
        count = min(max(self._request.position, self.config.open_count), self.config.closed_count)
        self.fingers.go(self.config.width(count), r.speed_of(self._request.speed))

    def _forget_pending(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None

    # -- the world ------------------------------------------------------------------------------------

    def between(self) -> float | None:
        """What is between the fingers; nothing, where they slip."""
        return None if self.slippery else self._plant.object_width(self.name)

    def rest(self, width: float, closed_on_object: bool) -> None:
        """Tell the plant."""
        self._plant.fingers(self.name, width, closed_on_object=closed_on_object)
