"""Following a controller: its events to the progress, the person's signals to the controller."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from cellctl.cli.interrupts import Interrupts
from cellctl.cli.progress import Progress
from cellctl.door.client import Client
from cellctl.errors import CommandRefused

REDRAW_EVERY = 0.1  # s, where events come at all
LOOK_EVERY = 1.0  # s between looks at the status where no events come
MOST_AT_ONCE = 50  # events between two redraws
RESTING = frozenset({"stopped", "aborted", "complete"})


class Follower:
    """What ``run`` and ``attach`` share. ``ended`` is the run's last event once it has a result."""

    def __init__(self, client: Client, interrupts: Interrupts, progress: Progress) -> None:
        self.client = client
        self.interrupts = interrupts
        self.progress = progress
        self.state = ""
        self.ended: dict[str, Any] | None = None
        self.signals: list[signal.Signals] = []
        self.take_status(client.subscribe())

    def follow(self, done: Callable[[], bool], on_signal: Callable[[signal.Signals], bool]) -> None:
        """Show what happens until ``done``, or until ``on_signal`` says that it is enough.

        Raises NoController where the controller ends.
        """
        while self.client.waiting or not done():
            came = self.client.waiting or self.interrupts.wait(self.client, LOOK_EVERY)
            while (number := self.interrupts.take()) is not None:
                self.signals.append(number)
                if on_signal(number):
                    return
            if came:
                self._take_events()
            self.take_status(self.client.call("status"))

    def take_status(self, status: dict[str, Any]) -> None:
        """Show the status, and remember its state."""
        self.state = str(status["state"]).lower()
        self.progress.status(status)

    def _take_events(self) -> None:
        for _ in range(MOST_AT_ONCE):
            event = self.client.event(REDRAW_EVERY)
            if event is None:
                return
            self.progress.event(event)
            if event["event"] == "run" and event.get("result"):
                self.ended = event
            if event["event"] in ("run", "state"):
                return


def stop_on_signal(follower: Follower) -> Callable[[signal.Signals], bool]:
    """Ctrl-C, SIGTERM and SIGHUP are Stop; a second one is Abort."""

    def on_signal(number: signal.Signals) -> bool:
        command = "stop" if len(follower.signals) == 1 else "abort"
        try:
            follower.client.call(command)
        except CommandRefused as refused:
            follower.progress.say(f"{number.name}: {refused}")
        else:
            does = "stopping; Ctrl-C again aborts" if command == "stop" else "abort"
            follower.progress.say(f"{number.name}: {does}")
        return False

    return on_signal
