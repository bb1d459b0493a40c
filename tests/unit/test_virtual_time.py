"""Virtual time: exact, deterministic, honest about helpers, loud when nothing can happen."""

from __future__ import annotations

import asyncio
import random
import socket
import threading

import pytest

from cellctl import clock
from cellctl.emulation.virtual_time import START, VirtualLoop, run_virtual


def test_time_jumps_and_is_exact() -> None:
    async def main() -> list[float]:
        times = []
        for seconds in (0.1, 3600.0, 86400.0 * 3, 1e-9):
            due = clock.now() + seconds
            await clock.sleep(seconds)
            times.append(clock.now() - due)
        return times

    assert run_virtual(main()) == [0.0, 0.0, 0.0, 0.0]


def test_timers_fire_in_order_of_time() -> None:
    async def main() -> list[int]:
        order: list[int] = []

        async def wait(number: int, seconds: float) -> None:
            await clock.sleep(seconds)
            order.append(number)

        delays = list(range(50))
        random.Random(7).shuffle(delays)
        await asyncio.gather(*(wait(delay, delay * 0.001) for delay in delays))
        return order

    assert run_virtual(main()) == list(range(50))


def test_waiting_for_a_deadline_never_spins() -> None:
    async def main() -> int:
        turns = 0
        for seed in range(200):
            deadline = clock.now() + random.Random(seed).random() * 10 ** random.Random(seed + 1).uniform(-12, 3)
            while clock.now() < deadline:
                await clock.sleep(deadline - clock.now())
                turns += 1
        return turns

    assert run_virtual(main(), patience=1000) <= 400


def test_time_starts_away_from_zero_as_a_real_clock_does() -> None:
    async def main() -> float:
        return clock.now()

    assert run_virtual(main()) == START > 0


def test_clock_stands_still_while_a_worker_owes_an_answer() -> None:
    release = threading.Event()

    async def main() -> tuple[float, list[str]]:
        worker = clock.Worker("owing")
        order: list[str] = []

        async def timer() -> None:
            await clock.sleep(5)
            order.append("timer")

        waiting = asyncio.create_task(timer())
        started = clock.now()
        threading.Timer(0.05, release.set).start()
        await worker.call(release.wait)
        order.append("worker")
        took = clock.now() - started
        await waiting
        worker.close()
        return took, order

    assert run_virtual(main()) == (0.0, ["worker", "timer"])


def test_other_threads_are_waited_for_too() -> None:
    async def main() -> int:
        return await asyncio.get_running_loop().run_in_executor(None, lambda: 42)

    before = threading.active_count()
    assert run_virtual(main()) == 42
    assert threading.active_count() == before


def test_helper_that_fails_lets_time_go_on() -> None:
    async def main() -> float:
        worker = clock.Worker("failing")
        with pytest.raises(ZeroDivisionError):
            await worker.call(lambda: 1 // 0)
        await clock.sleep(1)
        worker.close()
        return clock.now()

    assert run_virtual(main()) == START + 1


def test_nothing_will_ever_happen_names_who_waits() -> None:
    async def waits_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        await asyncio.create_task(waits_for_ever(), name="the stuck one")

    with pytest.raises(RuntimeError, match="nothing will ever happen") as caught:
        run_virtual(main())
    assert "the stuck one" in str(caught.value)
    assert "waits_for_ever" in str(caught.value)


def test_busy_loop_is_told() -> None:
    async def main() -> None:
        while True:
            await clock.sleep(0)

    with pytest.raises(RuntimeError, match="a task spins"):
        run_virtual(main(), patience=1000)


def test_task_left_pending_fails_and_is_cancelled() -> None:
    ended: list[str] = []

    async def stays() -> None:
        try:
            await clock.sleep(3600)
        finally:
            ended.append("cancelled")

    async def main() -> asyncio.Task[None]:
        task = asyncio.create_task(stays(), name="left over")
        await clock.sleep(1)
        return task

    with pytest.raises(AssertionError, match="left over"):
        run_virtual(main())
    assert ended == ["cancelled"]


def test_task_that_only_needs_a_turn_to_end_is_no_leftover() -> None:
    async def main() -> set[asyncio.Task[None]]:
        kept = {asyncio.create_task(clock.sleep(60))}
        await clock.sleep(1)
        for task in kept:
            task.cancel()
        return kept

    run_virtual(main())


def test_what_main_raises_comes_out_and_leftovers_are_noted() -> None:
    async def main() -> None:
        kept = asyncio.create_task(clock.sleep(60), name="bystander")
        await clock.sleep(1)
        raise ValueError(f"mine {kept.get_name()}")

    with pytest.raises(ValueError, match="mine") as caught:
        run_virtual(main())
    assert any("bystander" in note for note in caught.value.__notes__)


def test_real_files_are_served_before_time_passes() -> None:
    async def main() -> tuple[bytes, float]:
        left, right = socket.socketpair()
        with left, right:
            right.setblocking(False)
            left.send(b"now")
            data = await asyncio.get_running_loop().sock_recv(right, 10)
        return data, clock.now()

    assert run_virtual(main()) == (b"now", START)


def test_two_runs_are_the_same() -> None:
    async def main(seed: int) -> list[tuple[float, int]]:
        chance = random.Random(seed)
        seen: list[tuple[float, int]] = []

        async def one(number: int) -> None:
            for _ in range(20):
                await clock.sleep(chance.choice([0.1, 0.2, 0.3]))
                seen.append((clock.now(), number))

        await asyncio.gather(*(one(number) for number in range(5)))
        return seen

    assert run_virtual(main(3)) == run_virtual(main(3))


def test_timeout_and_cancel_work() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                await clock.sleep(10)
        return clock.now()

    assert run_virtual(main()) == START + 2.5


def test_the_loop_is_an_owing_loop() -> None:
    loop = VirtualLoop()
    assert isinstance(loop, clock.OwingLoop)
    loop.close()
