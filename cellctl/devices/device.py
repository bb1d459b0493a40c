"""The base of every device: a link that is kept up, signals that are published, a way to stop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from cellctl import clock
from cellctl.devices.signal import Quality, Signal, Value
from cellctl.errors import UsageError
from cellctl.links import Links

Watcher = Callable[[Signal], None]


class Condition(StrEnum):
    """Whether the device answers and can work."""

    OFFLINE = "offline"  # not reached yet, or lost
    READY = "ready"
    NOT_READY = "not ready"  # answers, and cannot take commands (the text says why)
    FAULT = "fault"  # answers, and reports a fault of its own


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the device can work, why not, and what to do about it."""

    condition: Condition
    text: str = ""
    hint: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers at the address, as the device itself says."""

    vendor: str
    model: str
    serial: str = ""
    firmware: str = ""
    address: str = ""


class DeviceConfig(BaseModel):
    """What every device in a cell file may say; drivers add their own fields.

    Quantities arrive as SI floats: annotate them with ``cellctl.units`` (``Time``, ``Length``, …)
    and the loader converts ``300 ms`` before validation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    driver: str
    link: str
    emulated: bool = False
    frame: str | None = None


class Device(ABC):
    """One device. Made without touching the wire; ``run`` keeps it connected until cancelled."""

    #: Fields that an expression may read, by name -> kind; each is a signal of the same name.
    fields: ClassVar[Mapping[str, str]] = {}

    #: Seconds after which it stands by itself once its link is lost: its watchdog, and the way to rest.
    rests_within: float = 0.0

    def __init__(self, name: str, config: DeviceConfig, links: Links) -> None:
        self.name = name
        self.config = config
        self.links = links
        self.emulated = config.emulated
        self.signals: dict[str, Signal] = {}
        self.health = Health(Condition.OFFLINE, "not connected yet")
        self._watchers: list[Watcher] = []
        self._confirmed: dict[str, float] = {}  # when a signal's value was confirmed last, where that is later

    @abstractmethod
    async def run(self) -> None:
        """Connect (reading only), poll, publish, and reconnect with back-off, until cancelled.

        Never raises for what the wire or the device does: that goes into ``health``.
        Whatever it opened is closed when it ends.
        """

    @abstractmethod
    async def identify(self) -> Identity:
        """Ask the device who it is, on a connection of its own if need be. Moves nothing."""

    async def prepare(self, *, part_held: bool) -> None:  # noqa: B027 - some have nothing to prepare
        """Make it ready for work on a person's Reset: power, brakes, activation, fault reset.

        With ``part_held`` nothing that could drop the part is done: NotReady is raised instead.
        """

    @abstractmethod
    async def stop(self, *, fast: bool) -> None:
        """Stop what moves now: controlled, or as fast as the device can. Never lets go of a part."""

    # -- what drivers call -------------------------------------------------------------------

    def publish(self, name: str, value: Value, unit: str = "", quality: Quality = Quality.GOOD) -> None:
        """Tell a signal's value as the device has just confirmed it; BAD where it says that it is not valid."""
        now = clock.now()
        old = self.signals.get(name)
        if old is not None and old.value == value and old.quality is quality and old.unit == unit:
            self._confirmed[name] = now  # most values of most polls: ``signal`` adds the time for who asks
            return
        self.signals[name] = signal = Signal(name, value, unit, now, quality)
        if old is None or old.value != value or old.quality is not quality:
            self._tell(signal)

    def set_health(self, condition: Condition, text: str = "", hint: str = "") -> None:
        """Tell how the device is; once offline, every signal is stale."""
        if (condition, text) != (self.health.condition, self.health.text):
            self.health = Health(condition, text, hint, clock.now())
            if condition is Condition.OFFLINE:
                self._age()
            self._tell(Signal("health", condition.value, time=clock.now()))

    # -- what the controller calls -----------------------------------------------------------

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher`` with each signal that changes (and ``health``); returns the way to stop that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def signal(self, name: str) -> Signal:
        """The signal, BAD if it was never read. Raises UsageError for a name that no driver gives."""
        if (signal := self.signals.get(name)) is not None:
            confirmed = self._confirmed.get(name, signal.time)
            if confirmed > signal.time:
                self.signals[name] = signal = signal._replace(time=confirmed)
            return signal
        if name in self.fields:
            return Signal(name, None, quality=Quality.BAD)
        raise UsageError(f"{self.name} has no signal {name!r}")

    def _age(self) -> None:
        for name in self.signals:
            self.signals[name] = self.signal(name)._replace(quality=Quality.STALE)
        for signal in list(self.signals.values()):
            self._tell(signal)

    def _tell(self, signal: Signal) -> None:
        for watcher in list(self._watchers):
            watcher(signal)
