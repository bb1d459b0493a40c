"""Durable journal appends: ours, with its writer thread, beside bare sqlite3 in the same folder."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from pathlib import Path

from benchmarks.report import Row, lower_is_better, median
from cellctl.journal import SqliteStore, open_journal

APPENDS = 300
DATA = {"address": "sort/pick/grip", "text": "hand.grip", "arguments": {"width": 0.038, "tolerance": 0.002}}


async def _ours(path: Path) -> list[float]:
    journal = await open_journal(SqliteStore(path))
    samples = []
    for _ in range(APPENDS):
        start = time.perf_counter()
        await journal.append("intent", DATA, run="bench")
        samples.append(time.perf_counter() - start)
    await journal.aclose()
    return samples


def _peer(path: Path) -> list[float]:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE records (id INTEGER PRIMARY KEY, at TEXT, run TEXT, kind TEXT, data TEXT)")
    samples = []
    for _ in range(APPENDS):
        start = time.perf_counter()
        database.execute(
            "INSERT INTO records (at, run, kind, data) VALUES (?, ?, ?, ?)",
            ("2026-01-01T00:00:00.000+00:00", "bench", "intent", json.dumps(DATA)),
        )
        samples.append(time.perf_counter() - start)
    database.close()
    return samples


def rows() -> list[Row]:
    """One append at a time, each durable when it returns."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        peer = _peer(Path(folder, "peer.db"))
        ours = asyncio.run(_ours(Path(folder, "ours.db")))
    return [lower_is_better("journal append, durable", "ms", median(ours) * 1e3, "sqlite3", median(peer) * 1e3)]
