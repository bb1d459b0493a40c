"""One run as ``cellctl run`` sees it: begin, follow, result."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Mapping
from typing import Any

from cellctl.cli import exits
from cellctl.cli.follow import LOOK_EVERY, RESTING, Follower, stop_on_signal
from cellctl.cli.output import give_up_stdout, say, tell, tell_json
from cellctl.cli.start import END_WITHIN
from cellctl.cli.waiting import LASTING
from cellctl.cli.words import clock_time, counts_text, plant_text, seconds_text
from cellctl.errors import CellError, NoAnswer, NoController

_PLANT_MUST_BE_ZERO = ("wrong", "dropped", "missed")


class Session:
    """A run that this process has begun, or an unfinished one that a person must look at."""

    def __init__(self, follower: Follower, ready: Mapping[str, Any], *, as_json: bool) -> None:
        self._follower = follower
        self._client = follower.client
        self._ready = ready
        self._json = as_json
        self._on_signal = stop_on_signal(follower)
        self._started = False

    def start_and_leave(self) -> int:
        """Begin the run, and leave it to its controller; 3 where a person must look at an unfinished one first.

        Where it is neither, the controller is to be ended.
        """
        code = self._begin()
        self._follower.progress.close()
        if code != exits.OK:
            return code
        cell, waits = self._ready["cell"], bool(self._ready["unfinished"])
        does = "nothing runs, and the controller waits for that" if waits else "runs on"
        say(f"{does}; cellctl attach --cell {cell} shows it, cellctl shutdown --cell {cell} ends it")
        if self._json:
            tell_json({"cell": cell, "pid": self._ready["pid"], "state": self._follower.state})
        else:
            tell(f"{cell} {self._ready['pid']}")
        return exits.REFUSED if waits else exits.OK

    def run_to_its_end(self) -> int:
        """Begin, follow until the run has a result and the cell rests, print the result; the exit code."""
        try:
            code = self._begin()
            if code != exits.OK:
                return code
            self._follower.follow(self._is_over, self._on_signal)
        except NoController as gone:
            say(f"cellctl: {gone}")
            return exits.NO_CONTROLLER
        finally:
            self._follower.progress.close()
        return self._conclude()

    @property
    def hung_up(self) -> bool:
        """Whether the terminal has gone (SIGHUP)."""
        return signal.SIGHUP in self._follower.signals

    def end_controller(self) -> None:
        """Stop what runs, and end the controller. It is being stopped, so a signal meanwhile is Abort.

        Raises NoAnswer where the controller is silent.
        """
        interrupts, silent = self._follower.interrupts, 0.0
        with contextlib.suppress(NoController):  # it has ended
            asked = self._client.send("shutdown")
            while self._client.poll(asked) is None:
                if not interrupts.wait(self._client, LOOK_EVERY):
                    silent += LOOK_EVERY
                if silent > END_WITHIN:
                    raise NoAnswer(f"the controller has not ended after {END_WITHIN:g} s", where=self._client.name)
                while (number := interrupts.take()) is not None:
                    say(f"{number.name}: abort")
                    self._client.send("abort")

    def _begin(self) -> int:
        """Reset and Start as a person's, unless a crash left a run behind."""
        if self._ready["unfinished"]:
            self._follower.progress.say(unfinished_text(self._ready["unfinished"], self._ready["cell"]))
            return exits.OK
        for command, leads_to in (("reset", "idle"), ("start", "")):
            self._client.call(command)
            self._follower.take_status(self._client.call("status"))
            self._follower.follow(self._has_settled, self._on_signal)
            if self._follower.signals:
                return exits.OK  # it stops, which is followed like any other stop
            if leads_to and self._follower.state != leads_to:
                self._say_why_not(command, leads_to)
                return exits.FAILED
        return exits.OK

    def _say_why_not(self, command: str, wanted: str) -> None:
        say(f"cellctl: {command} has led to {self._follower.state}, not to {wanted}")
        for device in self._client.call("status")["devices"]:
            if device["condition"] != "ready":
                say(f"  {device['name']} is {device['condition']}: {device['text']}")
                say(f"    {device['hint']}")

    def _has_settled(self) -> bool:
        return self._follower.state in LASTING

    def _is_over(self) -> bool:
        follower = self._follower
        return follower.state in RESTING and (follower.ended is not None or bool(follower.signals))

    def _conclude(self) -> int:
        ended = self._follower.ended or {"result": "stopped", "counts": {}, "cycle_time": None}
        plant = self._plant_report()
        try:
            self._print(ended, plant)
        except OSError:  # nobody reads any more: the run has its exit code all the same
            give_up_stdout()
        if self._follower.signals:
            return exits.SIGNALLED + self._follower.signals[0]
        return exits.OK if ended["result"] == "complete" and _agrees(plant) else exits.FAILED

    def _plant_report(self) -> dict[str, Any] | None:
        if not any(device["emulated"] for device in self._ready["devices"]):
            return None
        try:
            return self._client.call("report")
        except CellError as error:
            say(f"cellctl: the plant cannot be asked: {error}")
            return None

    def _told(self, ended: Mapping[str, Any]) -> dict[str, Any]:
        about = {key: self._ready[key] for key in ("cell", "recipe", "version", "digest", "parameters")}
        return {**about, **{key: ended.get(key) for key in ("run", "result", "counts", "cycle_time")}}

    def _print(self, ended: Mapping[str, Any], plant: Mapping[str, Any] | None) -> None:
        if self._json:
            tell_json({**self._told(ended), "plant": plant})
            return
        but = "" if _agrees(plant) else ", but parts were lost: see what the plant says"
        tell(f"{self._ready['recipe']} v{self._ready['version']}: {ended['result']}{but}")
        tell(f"  parts  {counts_text(ended['counts'])}")
        tell(f"  cycle  {seconds_text(ended.get('cycle_time'))} (median)")
        if plant is not None:
            tell(f"  plant  {plant_text(plant)}")


def _agrees(plant: Mapping[str, Any] | None) -> bool:
    """Whether what happened to the emulated parts is what should have."""
    return plant is None or not any(plant.get(key) for key in _PLANT_MUST_BE_ZERO)


def unfinished_text(unfinished: Mapping[str, Any], cell: str) -> str:
    """What a crash left behind, and the way on where its controller stays."""
    return f"{_left_text(unfinished)} Then, from another terminal:\n" + "\n".join(
        (
            f"  cellctl reset --cell {cell}    acknowledges it and gets the devices ready",
            f"  cellctl start --cell {cell}    starts a new run",
        )
    )


def unattended_text(unfinished: Mapping[str, Any]) -> str:
    """What a crash left behind, and the way on where nobody is there to see it."""
    way = "run it again from a terminal, or with --detach, which leaves the controller waiting for a person"
    return f"{_left_text(unfinished)}\nNothing runs: {way}"


def _left_text(unfinished: Mapping[str, Any]) -> str:
    lines = [
        f"The run {unfinished['run']} of {unfinished.get('recipe', '')} (begun {clock_time(unfinished.get('at', ''))}, "
        f"last heard of {clock_time(unfinished.get('last', ''))}) never ended. Nothing has been moved.",
    ]
    lines += [f"  in doubt: {step.get('address')}  {step.get('text')}" for step in unfinished.get("in_doubt", ())]
    lines.append("Look at the cell: is a part in the gripper, is the way clear?")
    return "\n".join(lines)
