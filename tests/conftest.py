"""Nothing may be left behind by any test: no thread, process, file, socket or port (tasks: see the runners)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cellctl.testing.leaks import no_leaks


@pytest.fixture(autouse=True)
def leak_free() -> Iterator[None]:
    """Fail a test that leaves something running or open."""
    with no_leaks():
        yield
