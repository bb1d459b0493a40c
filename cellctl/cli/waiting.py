"""Waiting, as a client, for the cell to come to rest."""

from __future__ import annotations

from cellctl.door.client import Client

#: States that do not end by themselves (packml.md), and Execute, which is where starting leads.
LASTING = frozenset({"stopped", "idle", "suspended", "aborted", "held", "complete", "execute"})


def wait_for_rest(client: Client, wanted: frozenset[str] = LASTING) -> str:
    """Follow the events (subscribed to already) until a state of ``wanted`` has been entered; that state.

    A command that was just given may not have moved the machine yet, so the status is asked once more.
    Raises NoController where the controller ends.
    """
    state = str(client.refresh()["state"])
    while state.lower() not in wanted:
        event = client.event()
        if event is not None and event["event"] == "state":
            state = str(event["state"])
    return state
