"""The Modbus side of the arm: reads its state, and lets others wait for the next reading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cellctl import clock
from cellctl.errors import CellError, NoAnswer, Refused
from cellctl.links import ModbusClient
from cellctl_drivers.universal_robots import registers
from cellctl_drivers.universal_robots.registers import ArmState, read_block, read_state

MOVING_PERIOD = 0.02
RESTING_PERIOD = 0.05
_ILLEGAL_ADDRESS = 2


class Wire:
    """One connection. ``take`` hears of every state and the digital inputs (register 0)."""

    def __init__(self, client: ModbusClient, take: Callable[[ArmState, int], None]) -> None:
        self._client = client
        self._take = take
        self._waiting: list[asyncio.Future[ArmState]] = []
        self._pause: asyncio.Future[None] | None = None  # between two polls
        self._in_parts = False
        self._lost: CellError | None = None

    async def write(self, address: int, *values: int) -> None:
        """Write registers. Raises LinkError."""
        await self._client.write(address, *values)

    async def register(self, address: int) -> int:
        """One holding register. Raises LinkError."""
        return (await self._client.read_holding(address, 1))[0]

    async def read(self) -> ArmState:
        """Ask for the state now. Raises LinkError."""
        inputs = await self.register(registers.INPUTS)
        state = await self._state()
        self._take(state, inputs)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(state)
        return state

    async def next(self) -> ArmState:
        """Wait for the next reading. Raises LinkError once the connection is lost."""
        if self._lost is not None:
            raise self._lost
        future: asyncio.Future[ArmState] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return await future

    def hurry(self) -> None:
        """Poll at once, and fast from now on if something is under way."""
        if self._pause is not None:
            _over(self._pause)

    async def poll(self, busy: Callable[[], bool]) -> None:
        """Read again and again, faster while a joint turns or ``busy()``. Raises LinkError."""
        while True:
            started = clock.now()
            try:
                state = await self.read()
            except NoAnswer:
                state = await self.read()  # one reading may be lost
            period = MOVING_PERIOD if state.turning or busy() else RESTING_PERIOD
            await self._rest(started + period)

    async def _rest(self, until: float) -> None:
        """Wait until then, or until ``hurry``. A timer and no timeout: nothing has failed, and it comes often."""
        loop = asyncio.get_running_loop()
        self._pause = loop.create_future()
        timer = loop.call_at(until, _over, self._pause)
        try:
            await self._pause
        finally:
            timer.cancel()
            self._pause = None

    def lose(self, error: CellError) -> None:
        """The connection is over: tell everybody who waits."""
        self._lost = error
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_exception(error)

    async def _state(self) -> ArmState:
        if not self._in_parts:
            start, count = registers.BLOCK
            try:
                words = await self._client.read_holding(start, count)
            except Refused as error:
                if error.code != _ILLEGAL_ADDRESS:
                    raise
                self._in_parts = True  # it does not read across registers that it does not have
            else:
                return read_block(words)
        found: dict[int, int] = {}
        for start, count in registers.PARTS:
            found.update(enumerate(await self._client.read_holding(start, count), start))
        return read_state(found)


def _over(pause: asyncio.Future[None]) -> None:
    if not pause.done():
        pause.set_result(None)
