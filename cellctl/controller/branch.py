"""One branch of a run: its cursor, the step that it is in, and how it makes way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from cellctl import clock
from cellctl.controller import answering, belts, retreating, steps
from cellctl.controller.cursor import Cursor
from cellctl.controller.desk import Desk
from cellctl.controller.holding import Pausing, cuts, enters_region, open_region, regions_of, round_of, way_of
from cellctl.controller.interrupts import Fault, Interrupted, race, until
from cellctl.events import StepChanged
from cellctl.recipe.expressions import Expr, Stale
from cellctl.recipe.program import Address, Do, Fork, Step, Wait

if TYPE_CHECKING:
    from cellctl.controller.sequencer import Sequencer

T = TypeVar("T")
HUNG_AFTER = 60.0  # s in one step, then a note names it and what it waits for


class Branch:
    """Runs the steps from its cursor on. One task; everything that can wait goes through ``race``."""

    def __init__(self, cursor: Cursor, desk: Desk, sequencer: Sequencer) -> None:
        self.cursor = cursor
        self.desk = desk
        self.sequencer = sequencer
        self.step: Step | None = None  # that it is in now
        self.since = clock.now()
        self.waits_for = ""
        self.parked = False
        self.belts_due = False  # it has been parked; its belts have been stopped
        self._stop: asyncio.Future[Exception] | None = None
        self._interrupted = False
        self._must_park = False

    @property
    def name(self) -> str:
        """The branch's name: ``main``, or its fork's address and a number."""
        return self.cursor.branch

    @property
    def leaf(self) -> bool:
        """Whether it runs steps itself; a fork waits for its branches."""
        return not isinstance(self.step, Fork)

    # -- the loop ----------------------------------------------------------------------------

    async def run(self) -> None:
        """Run to the end. Raises only what is a mistake in cellctl itself."""
        while (step := await self._next_step()) is not None:
            if self.sequencer.completing and self._may_leave(step):
                await self._leave(step)
                continue
            self.step, self.since = step, clock.now()
            hung = asyncio.get_running_loop().call_later(HUNG_AFTER, self._tell_hung, step)
            try:
                await self._go_on(step)
            except Interrupted:
                await self._cut_short(step)
            except Fault as fault:
                self.step = None
                answering.answer(self, step, fault)
            finally:
                hung.cancel()
        self.step = None
        self.sequencer.branch_ended(self)

    async def _next_step(self) -> Step | None:
        """The step at the cursor, once the branch may go on; None at its end (an answer may have led there)."""
        self.step, self.waits_for = None, ""
        if self.cursor.address is not None:
            await self._gate()
        return self.desk.program.steps[self.cursor.address] if self.cursor.address is not None else None

    async def _go_on(self, step: Step) -> None:
        """What comes first when the branch goes on after a pause; then the step."""
        if self.cursor.resume == "retreat":
            await retreating.retreat(self)
            return
        await belts.restart(self, step)
        if enters_region(self.desk.program, self.cursor):
            self.cursor.moved = False
        following = await steps.execute(self, step)
        self.advance(step, following)

    def advance(self, step: Step, following: Address | None) -> None:
        """The step is done: on to the next one."""
        self.desk.position.retries.pop(step.address, None)
        self.cursor.last, self.cursor.address, self.cursor.resume = step.address, following, "again"

    # -- making way --------------------------------------------------------------------------

    def pause(self, pausing: Pausing) -> None:
        """The cell is being paused: cut the step short where it does not run on."""
        if (
            self.step is not None
            and not isinstance(self.step, Fork)
            and not self.parked
            and (pausing.urgent or (self.cursor.resume != "retreat" and cuts(self.desk, self.step, pausing)))
        ):
            self._interrupt()

    def park_soon(self) -> None:
        """Do not begin another step before the cell has been paused and goes on."""
        self._must_park = True

    def leave_wait(self) -> None:
        """The cycle ends: a wait for the next part ends too."""
        if self.step is not None and not self.parked and self._may_leave(self.step):
            self._interrupt()

    def _interrupt(self) -> None:
        self._interrupted = True
        if self._stop is not None and not self._stop.done():
            self._stop.set_result(Interrupted())

    async def _cut_short(self, step: Step) -> None:
        """The step has made way: decide how it is taken up again, and get away where that is asked."""
        self.step = None
        pausing = self.sequencer.pausing
        if pausing is None:  # the end of the cycle, or the pause was over before the step had ended
            self._interrupted = False
            return
        self._must_park = True
        self.tell(step, "stopped", f"made way for {pausing.kind}")
        if self.cursor.resume == "retreat":
            return
        region = next(regions_of(self.desk.program, step.address), None)
        if isinstance(step, Do) and step.effect is not None:
            self.cursor.resume = "doubt"
        elif way_of(self.desk, region, pausing) == "retreat":
            self.cursor.resume = "retreat"
        if self.cursor.resume == "retreat" and not pausing.urgent:
            self._interrupted = False
            await self._get_away(step)

    async def _get_away(self, step: Step) -> None:
        self.step = step
        try:
            await retreating.retreat(self)
        except Interrupted:
            self.tell(step, "stopped", "the retreat was stopped")
        except Fault as fault:
            answering.answer(self, step, fault)
        self.step = None

    async def _gate(self) -> None:
        """Between two steps: park here while the cell is paused, unless a region is to be finished."""
        while True:
            pausing = self.sequencer.pausing
            if not self._must_park:
                if pausing is None or not self._parks_here(pausing):
                    break
                if self.cursor.resume == "retreat" and not pausing.urgent:
                    await self._get_away(self.desk.program.steps[self.cursor.address or ""])
            await self._park()
        self._interrupted = self._must_park = False

    def _parks_here(self, pausing: Pausing) -> bool:
        region = open_region(self.desk.program, self.cursor)
        if region is None or pausing.urgent:
            if region is not None and way_of(self.desk, region, pausing) == "retreat":
                self.cursor.resume = "retreat"
            return True
        way = way_of(self.desk, region, pausing)
        if way == "retreat":
            self.cursor.resume = "retreat"
        return way != "finish"

    async def _park(self) -> None:
        await belts.stop(self)
        self.parked, self.waits_for = True, "the cell to go on"
        self._interrupted, self.belts_due = False, True
        self.sequencer.branch_parked()
        try:
            await self.sequencer.goes_on.wait()  # without a pause: until the run is cancelled
        finally:
            self.parked = self._must_park = False

    # -- the end of the cycle ----------------------------------------------------------------

    def _may_leave(self, step: Step) -> bool:
        """A wait outside every region, with no part on its way: the next part is not waited for."""
        ledger = self.desk.ledger
        on_its_way = ledger.in_hand() or ledger.waiting()
        return (
            self.sequencer.completing and isinstance(step, Wait) and step.region is None and not on_its_way
            and round_of(self.desk.program, step.address) is not None
        )  # fmt: skip

    async def _leave(self, step: Step) -> None:
        self._interrupted = False
        await belts.stop(self)
        belts.forget(self)
        way_out = round_of(self.desk.program, step.address)
        self.go(way_out[1] if way_out is not None else None, step)

    def go(self, target: Address | None, step: Step) -> None:
        """Go on elsewhere (None: this branch ends): loops, retries and zones that the target is outside of are over."""
        position = self.desk.position
        stays = target if target is not None else self.cursor.branch.partition("#")[0]  # its fork's address

        def left(address: Address) -> bool:
            inside = f"{address}/"
            return step.address.startswith(inside) and not f"{stays}/".startswith(inside)

        for head in [head for head in position.loops if left(head)]:
            del position.loops[head]
        position.retries.pop(step.address, None)
        steps.leave_zones(self, step, target)
        self.cursor.last, self.cursor.address, self.cursor.resume = step.address, target, "again"

    # -- what executors use ------------------------------------------------------------------

    async def race(self, work: Coroutine[Any, Any, T], within: float | None = None) -> T:
        """Do ``work`` unless the branch has to make way. Raises Interrupted, TimeoutError, and what work raises."""
        if self._interrupted:
            work.close()
            raise Interrupted
        self._stop = stop = asyncio.get_running_loop().create_future()
        try:
            return await race(work, stop, within)
        finally:
            self._stop = None

    def cut(self, reason: Exception) -> None:
        """End what ``race`` runs now by raising ``reason`` there."""
        if self._stop is not None and not self._stop.done():
            self._stop.set_result(reason)

    async def know(self, expr: Expr, within: float | None = None) -> Any:
        """The value of an expression; while a signal in it is not good this waits for it."""
        lookup = self.desk.values.lookup
        try:
            return expr.evaluate(lookup)
        except Stale as stale:
            self.waits_for = stale.message

        def look() -> tuple[Any] | None:
            try:
                return (expr.evaluate(lookup),)
            except Stale:
                return None

        (value,) = await self.race(until(self.desk.board, self.desk.values.sources(expr), look), within)
        return value

    async def hope(self, expr: Expr, within: float | None = None) -> None:
        """Wait until a condition is true. Raises TimeoutError."""
        await self.race(until(self.desk.board, self.desk.values.sources(expr), lambda: self.true(expr) or None), within)

    def true(self, expr: Expr) -> bool:
        """Whether a condition is known to be true now."""
        try:
            return bool(expr.evaluate(self.desk.values.lookup))
        except Stale:
            return False

    def tell(self, step: Step, phase: str, detail: str = "", **more: Any) -> None:
        """Record what became of a step, with the position after it."""
        event = StepChanged(address=step.address, text=step.text, phase=phase, detail=detail, branch=self.name)
        self.desk.bulletin.tell(event, position=self.desk.position.to_json(), **more)

    def _tell_hung(self, step: Step) -> None:
        waited = f"{HUNG_AFTER:g} s in {step.address} ({step.text}), line {step.mark.line}"
        self.desk.bulletin.note("warning", f"{waited}: it waits for {self.waits_for or 'its end'}")
