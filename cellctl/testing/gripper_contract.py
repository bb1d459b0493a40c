"""What a gripper's driver promises beside the contract: nothing that it does by itself lets go of a part."""

from __future__ import annotations

import contextlib
from typing import ClassVar, cast

import pytest

from cellctl import clock
from cellctl.devices import Gripper
from cellctl.errors import CellError, DeviceFault, NotReady
from cellctl.testing.contract import FAULTS, DriverContract
from cellctl.testing.faults import Fault
from cellctl.testing.rig import NAME, Rig
from cellctl.testing.work import confirmed


class GripperContract(DriverContract):
    """``width``: of the part that is gripped, in m."""

    width: ClassVar[float] = 0.038

    def test_grips_and_confirms_holding_and_width(self) -> None:
        """Once grip() returns, the device feels a part of that width."""

        async def story(made: Rig) -> None:
            hand = await self._grip(made)
            assert confirmed(hand, "holding") is True
            assert abs(confirmed(hand, "width") - self.width) <= 0.002

        self._play(story)

    def test_missed_and_wrong_size_are_told_apart(self) -> None:
        """Nothing between the fingers is ``missed``; a part of another width is ``wrong_size``."""

        async def story(made: Rig) -> None:
            hand = await self._ready(made)
            for width, fault in ((None, "missed"), (self.width - 0.01, "wrong_size")):
                made.plant.width = width
                with pytest.raises(DeviceFault) as caught:
                    await hand.grip(self.width)
                assert caught.value.fault == fault
                await hand.release()

        self._play(story)

    def test_preparing_with_a_part_in_the_hand_keeps_it(self) -> None:
        """prepare(part_held=True) does nothing that could drop the part, or is refused."""

        async def story(made: Rig) -> None:
            hand = await self._grip(made)
            with contextlib.suppress(NotReady):
                await hand.prepare(part_held=True)
            self._still_held(made)

        self._play(story)

    def test_stopping_keeps_the_part(self) -> None:
        """stop(), controlled or fast, never opens."""

        async def story(made: Rig) -> None:
            hand = await self._grip(made)
            for fast in (False, True):
                await hand.stop(fast=fast)
                await clock.sleep(2.0)
                self._still_held(made)

        self._play(story)

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_lost_wire_and_its_return_keep_the_part(self, fault: Fault) -> None:
        """Silence, and the connection after it, open nothing; the part is known of again."""

        async def story(made: Rig) -> None:
            hand = await self._grip(made)
            made.network.fault = fault
            await made.lost(self.lost_within)
            await clock.sleep(10.0)
            self._still_held(made)
            made.network.fault = "none"
            await made.connected(self.back_within)
            await clock.sleep(1.0)
            self._still_held(made)
            with contextlib.suppress(CellError):
                await hand.prepare(part_held=True)
            self._still_held(made)
            assert confirmed(hand, "width") < 2 * self.width

        self._play(story)

    async def _ready(self, made: Rig) -> Gripper:
        await made.connected()
        hand = cast(Gripper, made.device)
        await hand.prepare(part_held=False)
        await hand.release()
        return hand

    async def _grip(self, made: Rig) -> Gripper:
        hand = await self._ready(made)
        made.plant.width = self.width
        await hand.grip(self.width)
        return hand

    def _still_held(self, made: Rig) -> None:
        width = made.plant.fingers_at[NAME]
        assert width <= self.width + 0.001, f"the fingers went to {width * 1000:.1f} mm and let go"
