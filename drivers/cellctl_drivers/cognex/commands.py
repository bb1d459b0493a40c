"""Native-mode commands against an emulated camera: what is done, and what is answered."""

from __future__ import annotations

import asyncio
from enum import IntEnum

from cellctl_drivers.cognex import registers as r
from cellctl_drivers.cognex.camera import Camera

SOFT_EVENTS = 8  # SE0–SE7; 8 acquires an image
_KINDS: dict[str, type] = {"SI": int, "SF": float, "SS": str}
_INFO = (
    "Model: In-Sight 7802",
    "Serial Number: 1A2233XN000001",
    "Firmware Version: 5.09.02",
    "MAC Address: 00-D0-24-00-00-01",
    "Job Size: 128K",
)


class Access(IntEnum):
    """What a user may do: everything; set values and trigger; only look."""

    LOCKED = 0
    PROTECTED = 1
    FULL = 2


class Restart(Exception):
    """The camera resets: every session ends."""


class Interpreter:
    """Carries out commands with one user's access. Answers end with the terminator."""

    def __init__(self, camera: Camera, access: Access, *, modern: bool) -> None:
        self._camera = camera
        self._access = access
        self._modern = modern

    async def answer(self, command: str) -> str:
        """What the camera says to one command line. Raises Restart."""
        verb, rest = command[:2].upper(), command[2:]
        match verb:
            case "GO" | "GF" | "GI" if rest:
                return _status(r.UNKNOWN)
            case "GO":
                return _status(int(self._camera.online))
            case "GF":
                return _value(self._camera.job) if self._camera.job is not None else _status(r.NOT_EXECUTED)
            case "GI":
                return _status(r.OK) + "".join(f"{line}{r.TERMINATOR}" for line in _INFO)
            case "GV":
                status, value = self._camera.sheet.get(rest.strip())
                return _value(value) if status == r.OK else _status(status)
            case "SI" | "SF" | "SS":
                return _status(self._put(_KINDS[verb], rest))
            case "SO" | "LF" | "RT":
                return _status(await self._administer(verb, rest.strip()))
            case "SE" | "SW":
                return await self._event(verb, rest.strip())
            case _:
                return _status(r.UNKNOWN)

    async def _administer(self, verb: str, rest: str) -> int:
        if self._access < Access.FULL:
            return r.NO_ACCESS
        if verb == "RT":
            raise Restart
        if verb == "LF":
            return await self._camera.load(rest)
        return self._camera.set_online(rest == "1") if rest in ("0", "1") else r.BAD_ARGUMENT

    def _put(self, kind: type, rest: str) -> int:
        if self._access < Access.PROTECTED:
            return r.NO_ACCESS
        if r.parse_cell(rest[:4]) is not None:
            return self._camera.sheet.put(rest[:4], kind, rest[4:].lstrip(" ") if kind is not str else rest[4:])
        tag, _, value = rest.partition(" ")
        return self._camera.sheet.put(tag, kind, value)

    async def _event(self, verb: str, rest: str) -> str:
        if not rest.isascii() or not rest.isdigit() or int(rest) > SOFT_EVENTS:
            return _status(r.BAD_ARGUMENT)
        if self._access < Access.PROTECTED:
            return _status(r.NO_ACCESS)
        if int(rest) < SOFT_EVENTS:
            return _status(r.OK if self._camera.online or verb == "SE" else r.NOT_EXECUTED)
        inspecting = self._camera.trigger()
        if inspecting is None:
            return _status(r.NOT_EXECUTED)
        if verb == "SW":
            return _status(await asyncio.shield(inspecting))
        await self._camera.acquired()
        if not self._modern:
            return _status(r.OK)
        report = f"<Acquisition><Count>{self._camera.exposures}</Count></Acquisition>"
        return f"{_status(r.OK)}{len(report)}{r.TERMINATOR}{report}{r.TERMINATOR}"


def _status(status: int) -> str:
    return f"{status}{r.TERMINATOR}"


def _value(text: str) -> str:
    return f"{r.OK}{r.TERMINATOR}{text}{r.TERMINATOR}"
