"""The contract that every driver must pass. Subclass it; pytest collects the tests.

    class TestMyDriver(DriverContract):
        driver = DRIVER
        entry = {"link": "rtu /dev/ttyUSB0 unit 9 115200 8N1"}

``entry`` is the device's part of a cell file, quantities in SI. Everything runs in memory and in
virtual time, against the driver's own emulator.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar

import pytest

from cellctl import clock
from cellctl.devices import CAPABILITIES, Condition, Device, Driver, Quality
from cellctl.devices.registry import load_object
from cellctl.errors import CellError
from cellctl.links import Address, Links, MemoryNetwork
from cellctl.testing.faults import Fault, FaultyNetwork
from cellctl.testing.plant import FakePlant
from cellctl.testing.rig import NAME, Rig, rig
from cellctl.testing.running import run_virtual
from cellctl.testing.wire import modbus_writes
from cellctl.testing.work import command_and_confirm

FAULTS: tuple[Fault, ...] = ("refused", "silent", "garbage")
_KIND: Mapping[str, type | tuple[type, ...]] = {"bool": bool, "text": str, "count": int}


async def _result(task: asyncio.Task[Any]) -> Any:
    return await task


class DriverContract:
    """What a driver promises, as tests. ``driver`` and ``entry`` must be given; the rest may be."""

    driver: ClassVar[Driver]
    entry: ClassVar[Mapping[str, Any]]
    #: s; from the fault on the wire until health says offline, and from its end until it is not.
    lost_within: ClassVar[float] = 15.0
    back_within: ClassVar[float] = 20.0
    #: s; an action that cannot be carried out must say so, and a stop must return.
    action_within: ClassVar[float] = 30.0
    stop_within: ClassVar[float] = 5.0

    def make_plant(self) -> FakePlant:
        """The plant behind the emulator."""
        return FakePlant()

    def writes(self, address: Address, data: bytes) -> bool:
        """Whether what was sent at once is a command that changes something. As given: for Modbus."""
        return bool(modbus_writes(address, data))

    async def work(self, device: Device) -> str:
        """Make the device ready, do one action, check its confirmation; what was done in words."""
        return await command_and_confirm(device, motion=True)

    # -- before any wire -----------------------------------------------------------------------

    def test_belongs_to_a_known_capability(self) -> None:
        """The device is a subclass of the capability that its Driver names."""
        capability = CAPABILITIES[self.driver.capability]
        made = load_object(self.driver.device)
        assert isinstance(made, type)
        assert issubclass(made, capability)

    def test_is_made_without_touching_the_wire(self) -> None:
        """Making a device opens nothing; until it runs it is offline and knows nothing."""

        async def main() -> None:
            network = FaultyNetwork(MemoryNetwork())
            config = self.driver.config.model_validate({"driver": self.driver.name, **self.entry})
            device = self.driver.make(NAME, config, Links(network))
            await clock.sleep(1.0)
            assert network.attempts == 0
            assert device.health.condition is Condition.OFFLINE
            assert not device.emulated
            assert all(device.signal(name).quality is Quality.BAD for name in device.fields)

        run_virtual(main())

    # -- connecting ----------------------------------------------------------------------------

    def test_connecting_only_reads(self) -> None:
        """Connecting moves nothing and writes nothing."""

        async def story(made: Rig) -> None:
            await made.connected()
            await clock.sleep(3.0)
            made.check_running()
            assert made.plant.moves == []
            written = [data.hex(" ") for address, data in made.network.sent if self.writes(address, data)]
            assert not written, f"written while connecting: {written[:5]}"

        self._play(story)

    def test_publishes_its_fields(self) -> None:
        """Every field of the capability is published, fresh, and of its kind."""

        async def story(made: Rig) -> None:
            await made.connected()
            await clock.sleep(1.0)
            for name, kind in made.device.fields.items():
                signal = made.device.signal(name)
                assert signal.quality is Quality.GOOD, f"{name} is {signal.quality}"
                expected = _KIND.get(kind, (int, float))
                assert isinstance(signal.value, expected), f"{name} = {signal.value!r} is no {kind}"
                assert clock.now() - signal.time <= 1.0, f"{name} was confirmed {clock.now() - signal.time:.2f} s ago"

        self._play(story)

    def test_says_that_it_is_emulated(self) -> None:
        """The emulator's overlay says so, and the device with it."""

        async def story(made: Rig) -> None:
            assert made.device.emulated
            assert made.device.config.emulated

        self._play(story)

    def test_identifies_itself_with_and_without_a_connection(self) -> None:
        """identify() works beside run() and without it, and closes what it opened."""

        async def story(made: Rig) -> None:
            alone = await made.device.identify()
            assert alone.vendor
            assert alone.model
            assert not made.network.open_streams
            await made.connected()
            assert await made.device.identify() == alone
            assert made.plant.moves == []

        self._play(story)

    def test_identify_fails_with_a_cell_error(self) -> None:
        """identify() on a bad wire raises a CellError in bounded time."""

        async def story(made: Rig) -> None:
            for fault in FAULTS:
                made.network.fault = fault
                with pytest.raises(CellError) as caught:
                    await self._bounded(made.device.identify(), self.action_within)
                assert str(caught.value)

        self._play(story)

    # -- faults of the wire --------------------------------------------------------------------

    @pytest.mark.parametrize("fault", FAULTS)
    def test_survives_a_fault_from_the_start(self, fault: Fault) -> None:
        """run() lives on, tries again with back-off, and connects once the wire is good."""

        async def story(made: Rig) -> None:
            made.network.fault = fault
            made.start()
            await clock.sleep(self.lost_within)
            made.check_running()
            self._offline_with_hint(made)
            tries = max(made.network.attempts, len(made.network.sent))  # a serial port stays open
            assert 1 < tries <= 40 * self.lost_within, f"{tries} tries in {self.lost_within:g} s"
            made.network.fault = "none"
            await made.connected(self.back_within)

        self._play(story)

    @pytest.mark.parametrize("fault", FAULTS)
    def test_survives_a_fault_and_returns(self, fault: Fault) -> None:
        """A lost device is offline with a hint, its signals stale; it returns by itself, and moves nothing."""

        async def story(made: Rig) -> None:
            await made.connected()
            await clock.sleep(1.0)
            made.network.fault = fault
            await made.lost(self.lost_within)
            self._offline_with_hint(made)
            assert len(made.stale()) == len(made.device.signals)
            await clock.sleep(5.0)
            made.network.fault = "none"
            await made.connected(self.back_within)
            await clock.sleep(1.0)
            assert not [name for name in made.stale() if name in made.device.fields]
            assert made.plant.moves == []

        self._play(story)

    def test_survives_a_reset_in_mid_request(self) -> None:
        """A connection reset between question and answer is made anew."""

        async def story(made: Rig) -> None:
            for _ in range(3):
                await made.connected()
                await clock.sleep(1.0)
                attempts = made.network.attempts
                made.network.cut_in_mid_request()
                await made.wait_for(lambda before=attempts: made.network.attempts > before, 5.0, "a new connection")
                await made.connected(self.back_within)

        self._play(story)

    # -- actions and stops ---------------------------------------------------------------------

    def test_an_action_is_confirmed_when_it_returns(self) -> None:
        """What the device confirms fits the command, the moment that the action returns."""

        async def story(made: Rig) -> None:
            await made.connected()
            assert await self._bounded(self.work(made.device), 3 * self.action_within)

        self._play(story)

    def test_an_action_without_a_connection_is_refused(self) -> None:
        """No action before run() has connected: a CellError, and nothing moves."""

        async def story(made: Rig) -> None:
            with pytest.raises(CellError):
                await self._bounded(self.work(made.device), self.action_within)
            assert made.plant.moves == []

        self._play(story)

    @pytest.mark.parametrize("after", (0.0, 0.03, 0.3, 1.1))
    @pytest.mark.parametrize("fault", FAULTS)
    def test_an_action_ends_when_the_wire_fails(self, fault: Fault, after: float) -> None:
        """An action that loses its wire ends with a CellError in bounded time; run() lives on."""

        async def story(made: Rig) -> None:
            await made.connected()
            working = asyncio.create_task(self.work(made.device), name="work")
            await clock.sleep(after)
            made.network.fault = fault
            with contextlib.suppress(CellError):  # or it was done before the fault
                await self._bounded(_result(working), self.action_within)
            made.check_running()
            made.network.fault = "none"
            await made.connected(self.back_within)

        self._play(story)

    @pytest.mark.parametrize("after", (0.0, 0.01, 0.1, 0.4, 1.3))
    def test_a_cancelled_action_leaves_the_next_one_unharmed(self, after: float) -> None:
        """Cancel, stop, and the next action works as the first."""

        async def story(made: Rig) -> None:
            await made.connected()
            working = asyncio.create_task(self.work(made.device), name="work")
            await clock.sleep(after)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await self._bounded(made.device.stop(fast=False), self.stop_within)
            made.check_running()
            assert await self._bounded(self.work(made.device), 3 * self.action_within)

        self._play(story)

    @pytest.mark.parametrize("fast", (False, True))
    def test_stop_is_bounded_whatever_the_wire_does(self, fast: bool) -> None:
        """stop() returns, or raises a CellError, in bounded time."""

        async def story(made: Rig) -> None:
            await self._stop(made, fast)
            await made.connected()
            await self._stop(made, fast)
            for fault in FAULTS:
                made.network.fault = fault
                await self._stop(made, fast)
                made.network.fault = "none"
                await made.connected(self.back_within)

        self._play(story)

    # -- the end -------------------------------------------------------------------------------

    @pytest.mark.parametrize("fault", ("none", *FAULTS))
    def test_everything_is_closed_at_the_end(self, fault: Fault) -> None:
        """Cancelling run() ends it and closes what it opened; then the device is offline."""

        async def story(made: Rig) -> None:
            await made.connected()
            made.network.fault = fault
            await clock.sleep(1.234)
            await made.end()
            assert not made.network.open_streams
            assert made.device.health.condition is Condition.OFFLINE
            assert len(made.stale()) == len(made.device.signals)

        self._play(story)

    # -- how it is played ----------------------------------------------------------------------

    def _rig(self) -> AbstractAsyncContextManager[Rig]:
        return rig(self.driver, self.entry, self.make_plant())

    def _play(self, story: Callable[[Rig], Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            async with self._rig() as made:
                await story(made)

        run_virtual(main())

    async def _bounded(self, work: Coroutine[Any, Any, Any], seconds: float) -> Any:
        task = asyncio.create_task(work, name="bounded")
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            pytest.fail(f"did not return within {seconds:g} s")
        return task.result()

    async def _stop(self, made: Rig, fast: bool) -> None:
        try:
            await self._bounded(made.device.stop(fast=fast), self.stop_within)
        except CellError as error:
            assert str(error)
        made.check_running()

    def _offline_with_hint(self, made: Rig) -> None:
        health = made.device.health
        assert health.condition is Condition.OFFLINE, str(health)
        assert health.text, "offline, and no word why"
        assert health.hint, f"offline ({health.text}), and no word what to do"
