"""The pytest plugin: fixtures for those who write drivers. It changes nothing that does not ask for it.

    leak_check        fails the test if it leaves a thread, a process or a descriptor behind
    virtual           runs a coroutine in virtual time: ``virtual(main())``

``cellctl_leak_check = true`` in the ini file checks every test of the project.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

pytest.register_assert_rewrite("cellctl.testing.contract", "cellctl.testing.rig", "cellctl.testing.work")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini option."""
    parser.addini("cellctl_leak_check", "check every test for threads, processes and files left behind", "bool", False)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give every test the leak check, in projects that want it."""
    if config.getini("cellctl_leak_check"):
        for item in items:
            if isinstance(item, pytest.Function) and "leak_check" not in item.fixturenames:
                item.fixturenames.insert(0, "leak_check")


@pytest.fixture
def leak_check() -> Iterator[None]:
    """Fail the test if it leaves a thread, a process or a file descriptor behind."""
    from cellctl.testing.leaks import no_leaks

    with no_leaks():
        yield


@pytest.fixture
def virtual() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine in virtual time and return its result; a task left pending is an error."""
    from cellctl.testing.running import run_virtual

    return run_virtual
