"""Nothing may be left behind by any test: no thread, process, file, socket or port (tasks: see the runners)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from cellctl.testing.leaks import no_leaks

# The same examples in every run: a change fails for what it does, not for the dice.
settings.register_profile("cellctl", derandomize=True, deadline=None, database=None)
settings.load_profile("cellctl")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes by the clock on the wall, so that nothing waits for it in the end."""
    items.sort(key=lambda item: item.path.name != "test_real_wires.py")


@pytest.fixture(autouse=True)
def leak_free() -> Iterator[None]:
    """Fail a test that leaves something running or open."""
    with no_leaks():
        yield
