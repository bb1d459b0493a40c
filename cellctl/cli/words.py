"""Events, causes and results as people read them: one line, or a few."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

#: What a cause says where the cell asks (controller/causes.py).
_ANSWER_IT = "Answer the question"
#: The commands at the end of what a cause says to do: "…, then Reset, then Start".
_COMMANDS_AFTER = re.compile(
    r"(?:(?:^|[,;.]) *(?:then |and )?(?:Clear|Reset where that is offered|Reset|Start|Unhold))+\.?$"
)
FATES = ("placed", "rejected", "dropped", "missed", "removed")


def event_line(event: Mapping[str, Any]) -> str | None:
    """An event as one line with the local time; None for kinds that are not for people."""
    words = _WORDS.get(str(event.get("event")))
    text = words(event) if words is not None else None
    return None if text is None else f"{clock_time(event.get('at', ''))}  {event['event']:<8} {text}"


def clock_time(at: str) -> str:
    """The local time of day of a UTC stamp."""
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S.%f")[:-5]
    except ValueError:
        return "--:--:--.-"


def cause_lines(cause: Mapping[str, Any], questions: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    """The first-out cause in the technician's order: what stopped it, which sensor, where the part is, what to do.

    ``questions`` are the open ones: what answers them is told where the cause wants an answer.
    """
    parts = (("what", "what"), ("sensor", "sensor"), ("part", "part"), ("do", "action"))
    how = " | ".join(command for question in questions for command, _ in _answers(question))
    action = str(cause.get("action") or "").replace(_ANSWER_IT, f"{_ANSWER_IT} ({how or 'cellctl answer lists it'})")
    told = {**cause, "action": action}
    return [f"  {label:<7} {told[key]}" for label, key in parts if told.get(key)]


def run_again(cause: Mapping[str, Any], command: str) -> dict[str, Any]:
    """The cause of a run whose controller ends with it: no Reset and no Start is left to give, ``command`` is."""
    before = _COMMANDS_AFTER.sub("", str(cause.get("action") or "")).strip()
    return {**cause, "action": f"{before}, then run it again: {command}" if before else f"Run it again: {command}"}


def counts_text(counts: Mapping[str, int]) -> str:
    """The parts of a run: ``20 seen: 18 placed, 2 rejected, 0 dropped, 0 missed``."""
    told = [f"{counts.get(fate, 0)} {fate}" for fate in FATES if fate != "removed" or counts.get(fate)]
    in_hand = f", {counts['in_hand']} in hand" if counts.get("in_hand") else ""
    return f"{counts.get('seen', 0)} seen: {', '.join(told)}{in_hand}"


def seconds_text(seconds: float | None) -> str:
    """A cycle time."""
    return "-" if seconds is None else f"{seconds:.2f} s"


def plant_text(report: Mapping[str, Any]) -> str:
    """What physically happened, as the plant behind emulated devices says."""
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in report.items() if isinstance(value, int))


def question_lines(question: Mapping[str, Any]) -> list[str]:
    """An open question, and for each choice the command that takes it."""
    return [str(question.get("text")), *(f"  {command}    {choice}" for command, choice in _answers(question))]


def _answers(question: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The command that takes each choice, and the choice."""
    choices = enumerate(question.get("choices", ()), 1)
    return [(f"cellctl answer {question.get('id')} {number}", choice) for number, choice in choices]


def _state(event: Mapping[str, Any]) -> str:
    cause, by = str(event.get("cause", "")), str(event.get("by", ""))
    return str(event["state"]) + (f" ({cause})" if cause else "") + (f" by {by}" if by and by not in cause else "")


def _part(event: Mapping[str, Any]) -> str:
    code = f" {event['code']}" if event.get("code") else ""
    return f"part {event['part']}{code} {event['fate']} ({event['place']})"


def _question(event: Mapping[str, Any]) -> str:
    if event.get("answer") is not None:
        return f"{event['id']} answered {event['answer']!r} by {event.get('by')}"
    return "\n".join(question_lines(event))


def _device(event: Mapping[str, Any]) -> str:
    kind = " (emulated)" if event.get("emulated") else ""
    how = f"{event['device']}{kind} {event['condition']}"
    return ": ".join(filter(None, (how, event.get("text"), event.get("hint"))))


def _signal(event: Mapping[str, Any]) -> str:
    tag = f" {event['tag']}" if event.get("tag") else ""
    quality = "" if event.get("quality") == "good" else f" ({event.get('quality')})"
    return f"{event['name']}{tag} = {event['value']}{quality}"


def _step(event: Mapping[str, Any]) -> str:
    detail = f": {event['detail']}" if event.get("detail") else ""
    return f"{event['phase']:<8} {event['address']}  {event['text']}{detail}"


def _run(event: Mapping[str, Any]) -> str:
    what = f"{event['recipe']} v{event['version']} {event['run']}"
    if not event.get("result"):
        return f"{what} begins"
    cycle = seconds_text(event.get("cycle_time"))
    return f"{what} {event['result']}; {counts_text(event.get('counts', {}))}; cycle {cycle}"


def _cause(event: Mapping[str, Any]) -> str:
    return "\n".join([str(event.get("reaction") or "stop"), *cause_lines(event)])


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "state": _state,
    "step": _step,
    "part": _part,
    "device": _device,
    "signal": _signal,
    "cause": _cause,
    "question": _question,
    "run": _run,
    "note": lambda event: f"{event['level']}: {event['text']}",
    "lost": lambda event: f"{event['count']} events were lost: this client reads too slowly",
}
