"""What the controller's process answers beside the controller: about devices, the program and the plant."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from cellctl.devices import Device
from cellctl.door.emulator_process import EmulatorProcess
from cellctl.door.ending import end
from cellctl.door.examination import about, examine
from cellctl.door.server import Query, Served
from cellctl.errors import UsageError
from cellctl.recipe.program import Do, Program


class Queries:
    """Answers of one host. Each takes (arguments, by) and gives a JSON object."""

    def __init__(
        self, controller: Served, program: Program, devices: Mapping[str, Device], emulator: EmulatorProcess | None
    ) -> None:
        self._controller = controller
        self._program, self._devices, self._emulator = program, devices, emulator

    def by_name(self) -> dict[str, Query]:
        """Every query by the name that clients use."""
        return {
            "program": self.program,
            "doctor": self.doctor,
            "report": self.report,
            "plant": self.plant,
            "shutdown": self.shutdown,
        }

    async def program(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        """The recipe, and what it moves: every device with the actions that move it."""
        moves: dict[str, list[str]] = {}
        for step in self._program.steps.values():
            if isinstance(step, Do) and step.moves and step.action not in moves.setdefault(step.device, []):
                moves[step.device].append(step.action)
        program = self._program
        return {
            "recipe": program.recipe,
            "version": program.version,
            "digest": program.digest,
            "parameters": dict(program.parameters),
            "devices": [about(device) for device in self._devices.values()],
            "moves": [
                {**about(self._devices[name]), "actions": actions}
                for name, actions in moves.items()
                if name in self._devices
            ],
        }

    async def doctor(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Every device's health, and who it says it is."""
        return {"devices": await asyncio.gather(*(examine(device) for device in self._devices.values()))}

    async def report(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        """What the plant behind the emulated devices says. Raises UsageError where none is emulated."""
        return await self._plant().ask("report")

    async def plant(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Do something to the plant: ``{"set": "guard", "value": false}``. Raises UsageError where none is emulated."""
        return await self._plant().ask(arguments)

    async def shutdown(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Stop the cell, then end the controller."""
        await end(self._controller, by)
        return {}

    def _plant(self) -> EmulatorProcess:
        if self._emulator is None:
            raise UsageError("no device of this cell is emulated, so there is no plant to ask")
        return self._emulator
