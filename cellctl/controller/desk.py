"""What the parts of a run share: one object instead of eight arguments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from cellctl.controller.board import Board
from cellctl.controller.bulletin import Bulletin
from cellctl.controller.cursor import Position
from cellctl.controller.ledger import Ledger
from cellctl.controller.questions import Questions
from cellctl.controller.values import RunValues
from cellctl.devices import Device
from cellctl.events import Stopped
from cellctl.recipe.cell import Cell
from cellctl.recipe.program import Program


@dataclass(frozen=True, slots=True)
class Desk:
    """``react`` carries out hold, suspend, stop or abort for a cause; ``spawn`` starts an owned task."""

    cell: Cell
    program: Program
    devices: Mapping[str, Device]
    ledger: Ledger
    position: Position
    values: RunValues
    board: Board
    bulletin: Bulletin
    questions: Questions
    react: Callable[[str, Stopped], None]
    spawn: Callable[[str, Coroutine[Any, Any, None]], asyncio.Task[None]]
