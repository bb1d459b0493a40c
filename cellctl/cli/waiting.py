"""Waiting, as a client, for the cell to come to rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cellctl.door.client import Client

#: States that do not end by themselves (packml.md), and Execute, which is where starting leads.
LASTING = frozenset({"stopped", "idle", "suspended", "aborted", "held", "complete", "execute"})
#: Where a command leads when nothing comes between; a short run is complete before anybody looks.
LEADS_TO = {
    "hold": frozenset({"held"}),
    "unhold": frozenset({"execute", "complete"}),
    "suspend": frozenset({"suspended"}),
    "unsuspend": frozenset({"execute", "complete"}),
    "stop": frozenset({"stopped"}),
    "abort": frozenset({"aborted"}),
    "clear": frozenset({"stopped"}),
    "reset": frozenset({"idle"}),
    "start": frozenset({"execute", "complete"}),
    "complete": frozenset({"complete"}),
}
#: Nobody's answer is needed on the way to these.
_UNASKED = frozenset({"holding", "stopping", "aborting"})


class Rest(NamedTuple):
    """Where the waiting has ended: the state, whether it was wanted, and the questions that are open."""

    state: str
    wanted: bool
    questions: tuple[Mapping[str, Any], ...]


def wait_for_rest(client: Client, command: str, answered: str) -> Rest:
    """Follow the events (subscribed to already) until the cell rests, or a question keeps it from that.

    ``answered`` is the state that the command was answered with: Reset where the cell waits leads nowhere.
    Raises NoController where the controller ends.
    """
    wanted = LEADS_TO[command] | ({answered.lower()} & LASTING)
    status = client.refresh()
    state, questions = str(status["state"]), status["questions"]
    while state.lower() not in LASTING and not (questions and state.lower() not in _UNASKED):
        event = client.event()
        if event is not None and event["event"] == "state":
            state = str(event["state"])
        elif event is not None and event["event"] == "question":
            questions = client.call("status")["questions"]
    if state.lower() in LASTING:
        questions = client.call("status")["questions"]
    return Rest(state, state.lower() in wanted, tuple(questions))
