"""The leak check and the runners find what is left behind, and nothing else."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading

import pytest

from cellctl.testing.leaks import no_leaks
from cellctl.testing.running import run_real

pytest_plugins = ["pytester"]


def test_nothing_left() -> None:
    with no_leaks():
        with socket.socket():
            pass
        thread = threading.Thread(target=lambda: None)
        thread.start()
        subprocess.run([sys.executable, "-c", ""], check=True)


def test_an_open_socket() -> None:
    with pytest.raises(AssertionError, match=r"file descriptor .* socket:"), no_leaks():
        left = socket.socket()
    left.close()


def test_an_open_pty() -> None:
    with pytest.raises(AssertionError, match=r"ptmx.*pts|pts.*ptmx"), no_leaks():
        ends = os.openpty()
    for end in ends:
        os.close(end)


def test_a_running_thread() -> None:
    go = threading.Event()
    with pytest.raises(AssertionError, match="thread 'left' is running"), no_leaks():
        threading.Thread(target=go.wait, name="left", daemon=True).start()
    go.set()
    for thread in threading.enumerate():
        if thread.name == "left":
            thread.join()


def test_a_running_process_and_one_that_nobody_waited_for() -> None:
    for code in ("input()", ""):
        with pytest.raises(AssertionError, match=r"process .* was not ended"), no_leaks():
            left = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
            if not code:
                os.waitid(os.P_PID, left.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is not reaped
        left.communicate()


def test_an_error_of_the_body_is_not_hidden() -> None:
    with pytest.raises(KeyError), no_leaks():
        raise KeyError


def test_run_real_tells_of_a_task_left_and_of_a_failed_callback() -> None:
    async def leaves() -> int:
        leaves.task = asyncio.create_task(asyncio.Event().wait(), name="left over")  # type: ignore[attr-defined]
        return 1

    async def fails() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        for _ in range(3):
            await asyncio.sleep(0)

    async def fine() -> int:
        task = asyncio.create_task(asyncio.sleep(0))
        await task
        return 2

    with pytest.raises(AssertionError, match="left over"):
        run_real(leaves())
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        run_real(fails())
    with pytest.raises(TimeoutError):
        run_real(asyncio.Event().wait(), deadline=0.01)
    assert run_real(fine()) == 2


TESTS = """
    import socket
    left = []
    def test_leaks():
        left.append(socket.socket())
    def test_closes():
        left.pop().close()
"""


@pytest.mark.parametrize(("ini", "failed"), [("", 0), ("cellctl_leak_check = true", 1)])
def test_the_plugin_changes_nothing_unless_it_is_asked(pytester: pytest.Pytester, ini: str, failed: int) -> None:
    pytester.makeini(f"[pytest]\n{ini}\n")
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=failed)


def test_the_plugin_is_light() -> None:
    code = (
        "import pytest, sys; before = set(sys.modules); import cellctl.testing.plugin;"
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('cellctl.testing')))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "['cellctl']"


def test_fixtures(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from cellctl import clock

        def test_virtual(virtual, leak_check):
            async def main():
                await clock.sleep(86_400)
                return 3
            assert virtual(main()) == 3
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
