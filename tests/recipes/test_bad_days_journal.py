"""A disk that is full in mid-run, and commands that mean nothing: the cell holds, says so, and loses nothing."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import pytest
from bad_day import ABOVE, AWAIT, PLACE_ABOVE, bad_day

from cellctl import clock
from cellctl.emulation.virtual_time import run_virtual
from cellctl.errors import CommandRefused
from cellctl.journal.record import Record
from cellctl.journal.store import MemoryStore

NO_SPACE = OSError(errno.ENOSPC, "No space left on device")
IO_ERROR = OSError(errno.EIO, "Input/output error")


class FailingStore(MemoryStore):
    """Fails with ``error`` while that is set."""

    def __init__(self) -> None:
        super().__init__()
        self.error: OSError | None = None

    def write(self, records: Sequence[Record]) -> None:
        """Keep them, unless the disk fails."""
        if self.error is not None:
            raise self.error
        super().write(records)


def _states(store: MemoryStore) -> list[str]:
    return [str(record.fields()["state"]) for record in store.records if record.kind == "state"]


@pytest.mark.parametrize(
    ("error", "hint", "address", "after"),
    [
        (NO_SPACE, "Free space on the journal's disk", PLACE_ABOVE, 0.4),
        (IO_ERROR, "dmesg", AWAIT, 1.0),
    ],
)
def test_a_failing_disk_holds_the_cell_and_everything_is_written_once_it_is_well_again(
    error: OSError, hint: str, address: str, after: float
) -> None:
    async def story() -> None:
        store = FailingStore()
        async with bad_day(batch=1, store=store) as d:
            await d.cell.start()
            await d.at(address, after)
            store.error = error
            acknowledged = len(store.records)
            await d.ends_in("Held")
            assert d.cause["what"].startswith("the journal cannot be written: ") and str(error) in d.cause["what"]
            assert d.cause["sensor"] == "journal" and hint in d.cause["action"]
            await d.stands()
            refusal = await d.refused("unhold", "the journal cannot be written")
            assert hint in refusal.hint
            store.error = None
            await d.stands()
            assert "everything that waited is on disk" in " ".join(d.notes())
            assert len(store.records) > acknowledged
            await d.goes_on()
            d.done(1)
        assert [record.order for record in store.records] == list(range(1, len(store.records) + 1))
        told = _states(store)
        whole = ["Execute", "Holding", "Held", "Unholding", "Execute", "Completing", "Complete"]
        first = told.index("Execute")
        assert told[first : first + len(whole)] == whole

    run_virtual(story())


def test_stop_and_abort_do_not_wait_for_a_full_disk() -> None:
    async def story() -> None:
        store = FailingStore()
        async with bad_day(batch=1, store=store) as d:
            await d.cell.start()
            await d.at(ABOVE, 0.2)
            store.error = NO_SPACE
            before = clock.now()
            await d.give("stop")
            await d.cell.reaches("Stopped", within=5.0)
            assert clock.now() - before < 1.0
            await d.stands()
            await d.refused("reset", "the journal cannot be written")
            store.error = None
            await clock.sleep(2.0)
            assert _states(store)[-2:] == ["Stopping", "Stopped"]

    run_virtual(story())


def test_commands_that_mean_nothing_are_refused_with_what_was_meant() -> None:
    async def story() -> None:
        async with bad_day(batch=1) as d:
            await d.cell.start()
            await d.at(PLACE_ABOVE, 0.3)
            assert (await d.refused("unholdd", "there is no command 'unholdd'")).hint == "Did you mean unhold?"
            assert (await d.refused("start", "start is not legal in Execute")).legal
            await d.refused("unhold", "unhold is not legal in Execute")
            with pytest.raises(CommandRefused, match="no mode 'manul'"):
                await d.give("mode", mode="manul")
            with pytest.raises(CommandRefused, match="does not change in Execute"):
                await d.give("mode", mode="manual")
            with pytest.raises(CommandRefused, match="no open question 1"):
                await d.give("answer", id=1, choice="gone")
            d.plant.take_part()
            await d.ends_in("Held")
            with pytest.raises(CommandRefused, match="'gon' is no answer to question 1") as wrong:
                await d.give("answer", id=1, choice="gon")
            assert wrong.value.hint == "Did you mean 'gone'?"
            await d.give("answer", id=1, choice="gone")
            with pytest.raises(CommandRefused, match="no open question 1"):  # a second person was slower
                await d.give("answer", id=1, choice="gone")
            assert d.counts["dropped"] == 1
            await d.goes_on()
            await d.refused("unhold", "unhold is not legal in Complete")
            d.done(1, taken=1)

    run_virtual(story())
