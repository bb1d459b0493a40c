"""The journal through its door: order, durability, and what a failing disk does to it."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cellctl.errors import JournalError
from cellctl.journal import Filter, JournalReader, MemoryStore, Record, SqliteStore, open_journal
from cellctl.journal.sqlite_store import APPLICATION_ID


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(main, 30))


class FailingStore:
    """A store whose writes fail while ``error`` is set: the seam that fault injection uses."""

    blocks = False

    def __init__(self, inner: MemoryStore) -> None:
        self.inner = inner
        self.error: OSError | None = None

    def open(self) -> int:
        return self.inner.open()

    def write(self, records: Sequence[Record]) -> None:
        if self.error is not None:
            raise self.error
        self.inner.write(records)

    def last_run(self) -> Iterator[Record]:
        return self.inner.last_run()

    def close(self) -> None:
        self.inner.close()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MemoryStore | SqliteStore:
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "journal.db")


def test_orders_count_from_one_in_the_order_of_the_calls(store: MemoryStore | SqliteStore) -> None:
    async def main() -> None:
        journal = await open_journal(store)
        journal.post("first", {})
        orders = await asyncio.gather(*(journal.append("step", {"n": n}) for n in range(20)))
        journal.post("last", {})
        await journal.flush()
        assert orders == list(range(2, 22))
        await journal.aclose()

    run(main())


def test_the_file_goes_on_where_it_was(tmp_path: Path) -> None:
    async def main() -> None:
        for expected in (1, 2, 3):
            journal = await open_journal(SqliteStore(tmp_path / "journal.db"))
            assert await journal.append("note", {}) == expected
            await journal.aclose()

    run(main())


def test_the_last_posts_are_written_when_it_closes(tmp_path: Path) -> None:
    async def main() -> None:
        journal = await open_journal(SqliteStore(tmp_path / "journal.db"))
        journal.post("note", {"text": "last word"})
        await journal.aclose()

    run(main())
    assert [record.fields() for record in JournalReader(tmp_path / "journal.db").records()] == [{"text": "last word"}]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Path("/x"), {1, 2}, object()])
def test_a_record_is_never_refused_for_what_is_in_it(value: object) -> None:
    async def main() -> Record:
        store = MemoryStore()
        journal = await open_journal(store)
        await journal.append("note", {"value": value, "plain": 1})
        await journal.aclose()
        return store.records[0]

    assert run(main()).fields()["plain"] == 1


# -- failures -----------------------------------------------------------------------------------


def test_a_failing_disk_fails_appends_and_keeps_posts_in_order() -> None:
    async def main() -> None:
        store = FailingStore(MemoryStore())
        journal = await open_journal(store)
        told: list[str] = []
        journal.on_failure = lambda error: told.append(str(error))
        journal.on_recovery = lambda: told.append("well")
        await journal.append("before", {})
        store.error = OSError(errno.EIO, "Input/output error")
        journal.post("a", {})
        with pytest.raises(JournalError, match="Input/output error"):
            await journal.append("intent", {})
        journal.post("b", {})
        with pytest.raises(JournalError):
            await journal.flush()
        assert journal.failed is not None
        assert len(told) == 1
        store.error = None
        assert await journal.append("after", {}) == 4
        assert journal.failed is None
        assert told[1:] == ["well"]
        await journal.aclose()
        assert [record.kind for record in store.inner.records] == ["before", "a", "b", "after"]
        assert [record.order for record in store.inner.records] == [1, 2, 3, 4]

    run(main())


def test_posts_are_retried_without_anybody_asking() -> None:
    async def main() -> None:
        store = FailingStore(MemoryStore())
        journal = await open_journal(store)
        well = asyncio.Event()
        journal.on_recovery = well.set
        store.error = OSError(errno.EIO, "Input/output error")
        journal.post("stop", {})
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert journal.failed is not None
        store.error = None
        await well.wait()
        assert [record.kind for record in store.inner.records] == ["stop"]
        await journal.aclose()

    run(main())


def test_what_could_not_be_written_is_counted_and_can_be_told_when_it_closes() -> None:
    async def main() -> None:
        store = FailingStore(MemoryStore())
        journal = await open_journal(store)
        store.error = OSError(errno.ENOSPC, "No space left on device")
        journal.post("stop", {"by": "kim"})
        with pytest.raises(JournalError, match="1 records could not be written"):
            await journal.aclose()
        assert journal.pending[0]["data"] == '{"by":"kim"}'

    run(main())


def test_a_full_disk_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """SQLite's own bound on the file stands for the full disk."""

    async def main() -> int:
        journal = await open_journal(SqliteStore(tmp_path / "journal.db", max_pages=20))
        acknowledged = 0
        with pytest.raises(JournalError, match="full") as caught:
            while acknowledged < 1000:
                acknowledged = await journal.append("step", {"text": "x" * 2000})
        assert "Free space" in caught.value.hint
        journal.post("stop", {"text": "x" * 5000})
        with pytest.raises(JournalError):
            await journal.flush()
        with pytest.raises(JournalError):
            await journal.aclose()
        return acknowledged

    acknowledged = run(main())
    assert acknowledged > 3
    assert [r.order for r in JournalReader(tmp_path / "journal.db").records()] == list(range(1, acknowledged + 1))


@pytest.mark.parametrize("content", [b"\x00\xff not a database" * 100, b"cell: x\n" * 20])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalError, match="cannot be used"):
        run(open_journal(SqliteStore(path)))
    assert path.read_bytes() == content


_OTHERS = {
    "newer": f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version=99",
    "foreign": "CREATE TABLE bread (x)",
    "foreign, of a version": "PRAGMA user_version=1; CREATE TABLE bread (x)",
}


def test_a_newer_journal_and_a_foreign_database_are_refused_and_left_alone(tmp_path: Path) -> None:
    made: list[str] = []
    for name, statement in _OTHERS.items():
        connection = sqlite3.connect(tmp_path / name)
        connection.executescript(statement)
        connection.commit()
        connection.close()
        before = (tmp_path / name).read_bytes()
        with pytest.raises(JournalError, match=r"newer cellctl|something else"):
            run(open_journal(SqliteStore(tmp_path / name)))
        assert (tmp_path / name).read_bytes() == before, "it has been changed"
        assert sorted(found.name for found in tmp_path.iterdir()) == sorted({name, *made})
        made.append(name)


_KILLED = """
import asyncio, sys
from pathlib import Path
from cellctl.journal import SqliteStore, open_journal

async def main():
    journal = await open_journal(SqliteStore(Path(sys.argv[1])))
    while True:
        print(await journal.append("step", {"text": "x" * 100}), flush=True)

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    seen = [int(process.stdout.readline()) for _ in range(25)]
    os.kill(process.pid, signal.SIGKILL)
    rest = process.stdout.read()
    process.stdout.close()
    process.wait()
    acknowledged = int(rest.split(b"\n")[-2]) if rest.count(b"\n") else seen[-1]
    orders = [record.order for record in JournalReader(path).records()]
    assert orders[:acknowledged] == list(range(1, acknowledged + 1))
    assert len(orders) <= acknowledged + 1


# -- what a crash leaves --------------------------------------------------------------------------


def test_an_unfinished_run_and_its_steps_in_doubt(store: MemoryStore | SqliteStore) -> None:
    async def main() -> None:
        journal = await open_journal(store)
        assert await journal.unfinished() is None
        await journal.append("run", {"result": "", "recipe": "old"}, run="r1")
        await journal.append("run", {"result": "complete", "recipe": "old"}, run="r1")
        assert await journal.unfinished() is None
        await journal.append("run", {"result": "", "recipe": "sort"}, run="r2")
        for address, phases in {"sort/1": ("intent", "done"), "sort/2": ("intent", "waiting")}.items():
            for phase in phases:
                await journal.append("step", {"address": address, "branch": "main", "phase": phase}, run="r2")
        unfinished = await journal.unfinished()
        assert unfinished is not None
        assert (unfinished["run"], unfinished["recipe"]) == ("r2", "sort")
        assert [step["address"] for step in unfinished["in_doubt"]] == ["sort/2"]
        await journal.append("run", {"result": "stopped"}, run="r2")
        assert await journal.unfinished() is None
        await journal.aclose()

    run(main())


def test_every_store_gives_the_same_of_the_last_run(store: MemoryStore | SqliteStore) -> None:
    store.open()
    told = iter(range(1, 100))

    def write(kind: str, **data: Any) -> None:
        store.write([Record(next(told), "2026-01-01", 0.0, "r", kind, json.dumps(data))])

    def given() -> list[str]:
        return [record.kind for record in store.last_run()]

    try:
        assert given() == []
        write("run", result="")
        write("run", result="complete")
        write("note", text="after the end")
        assert given() == []
        write("run", result="")
        for kind in ("state", "step", "signal", "part", "cause", "step", "note"):
            write(kind)
        assert given() == ["run", "step", "part", "step"]
    finally:
        store.close()


def test_an_unfinished_run_tells_what_was_in_the_hand(store: MemoryStore | SqliteStore) -> None:
    async def main() -> None:
        journal = await open_journal(store)
        await journal.append("run", {"result": ""}, run="r1")
        for part, fate in ((1, "held"), (2, "seen"), (1, "placed"), (2, "held")):
            await journal.append("part", {"part": part, "place": "hand", "fate": fate}, run="r1")
        unfinished = await journal.unfinished()
        assert unfinished is not None
        assert unfinished["in_hand"] == [{"part": 2, "place": "hand"}]
        await journal.aclose()

    run(main())


# -- reading --------------------------------------------------------------------------------------


def test_the_reader_filters_beside_the_writer(tmp_path: Path) -> None:
    async def main() -> None:
        journal = await open_journal(SqliteStore(tmp_path / "journal.db"))
        reader = JournalReader(tmp_path / "journal.db")
        for number in range(6):
            kind = "cause" if number % 2 else "step"
            await journal.append(kind, {"n": number, "text": f"Word{number}"}, run=f"r{number // 3}")

        def numbers(wanted: Filter) -> list[int]:
            return [record.fields()["n"] for record in reader.records(wanted)]

        assert numbers(Filter(kinds=("cause",))) == [1, 3, 5]
        assert numbers(Filter(run="r1", kinds=("step", "cause"))) == [3, 4, 5]
        assert numbers(Filter(last=2)) == [4, 5]
        assert numbers(Filter(after=4)) == [4, 5]
        assert numbers(Filter(text="word2")) == [2]
        assert numbers(Filter(since="2000", until="9999")) == list(range(6))
        assert numbers(Filter(until="2000")) == []
        await journal.append("step", {"n": 6})
        assert numbers(Filter(last=1)) == [6]
        await journal.aclose()

    run(main())


def test_a_journal_that_is_missing_or_foreign_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no journal yet"):
        JournalReader(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("hello " * 400)
    with pytest.raises(JournalError, match="cannot be read"):
        list(JournalReader(tmp_path / "text.db").records())


def test_records_print_as_json() -> None:
    record = Record(1, "2026-01-01T00:00:00.000+00:00", 0.5, "r1", "note", '{"text":"é"}')
    assert json.loads(json.dumps(record.to_json()))["data"] == {"text": "é"}
