"""Every error that cellctl raises on purpose.

CellError                      what happened, where, and what to do next
├── FileError                  a cell or recipe file is wrong (carries every diagnostic of the run)
├── UsageError                 the caller asked for something that does not exist or does not fit
├── CommandRefused             the controller will not do that now (the reason, and what is legal)
├── NoController               no controller runs that cell
├── JournalError               a decision could not be made durable
├── LinkError                  the wire
│   ├── LinkDown               cannot be opened, or closed under us: nothing more will come
│   ├── NoAnswer               asked, and the deadline passed: a write is in doubt
│   ├── BadAnswer              an answer came that does not belong to the question
│   └── Refused                the device itself answered no (Modbus exception, negative status)
└── DeviceError                the device
    ├── NotReady               it cannot take commands now (Local mode, not activated, wrong job)
    ├── DeviceFault            a fault that its capability declares; the recipe has an answer to it
    └── InDoubt                nobody knows whether it was done; ask the device or a person
"""

from __future__ import annotations


class CellError(Exception):
    """What happened, where, and what to do next.

    ``message`` says what happened with value, unit and limit; ``where`` names the device,
    the step or the file position; ``hint`` is the next step of the person who reads it.
    """

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}. {self.hint}" if self.hint else text


class FileError(CellError):
    """A cell or recipe file is wrong. Raised with every diagnostic found in one run."""


class UsageError(CellError):
    """The caller asked for something that does not exist or does not fit."""


class CommandRefused(CellError):
    """The controller will not do that now."""

    def __init__(self, message: str, *, legal: tuple[str, ...] = (), where: str = "", hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.legal = legal


class NoController(CellError):
    """No controller runs that cell, or it has ended."""


class JournalError(CellError):
    """A decision could not be made durable (disk full, I/O error)."""


class LinkError(CellError):
    """Something is wrong on the wire."""


class LinkDown(LinkError):
    """The link cannot be opened, or was closed under us."""


class NoAnswer(LinkError):
    """A request went out and no answer came in time. What a write did is not known."""


class BadAnswer(LinkError):
    """An answer came that does not belong to the question, or breaks the protocol."""


class Refused(LinkError):
    """The device answered, and the answer is no. ``code`` is the protocol's own number."""

    def __init__(self, message: str, *, code: int, where: str = "", hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.code = code


class DeviceError(CellError):
    """Something is wrong with a device."""


class NotReady(DeviceError):
    """The device cannot take this command now."""


class DeviceFault(DeviceError):
    """A fault that the device's capability declares, by ``fault``: the recipe answers it."""

    def __init__(self, fault: str, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.fault = fault


class InDoubt(DeviceError):
    """Nobody knows whether the command was carried out."""
