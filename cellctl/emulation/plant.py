"""The world behind the emulated devices of one cell: it knows what physically happens, and nothing of protocols."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cellctl import clock
from cellctl.emulation import contact
from cellctl.emulation.hands import Hands
from cellctl.emulation.infeed import Infeed
from cellctl.emulation.no_infeed import NoInfeed
from cellctl.emulation.parts import Part, PartMaker, Place
from cellctl.emulation.physics import Found, Ramp
from cellctl.emulation.plant_file import PlantData, load_plant
from cellctl.errors import UsageError
from cellctl.motion.pose import Pose

FALL = 0.015  # m: let go higher than this, a part falls over
_FATES: tuple[str, ...] = ("placed_good", "placed_reject", "wrong", "dropped", "missed", "taken", "remaining")


class Happening(NamedTuple):
    """Something that physically happened: made, gripped, placed, dropped, missed, taken, collision, input."""

    time: float
    kind: str
    part: int  # 0: none
    text: str


class SortingPlant:
    """Parts on a belt, a camera, a hand on an arm, trays. Implements ``physics.Plant``.

    Made within a running loop; event-driven and in closed form, so it costs nothing while nothing happens.
    The same seed brings the same parts at the same gaps. ``aclose`` stops it.
    """

    def __init__(self, data: PlantData, seed: int = 1) -> None:
        self.data = data
        self.seed = seed
        self.events: list[Happening] = []
        self.outputs: dict[tuple[str, int], bool] = {}
        self.contacts = {"guard": True, "auto": True}
        wired = [each for wiring in data.inputs.values() for each in wiring.values()]
        self.contacts.update({each.name: all(other.on for other in wired if other.name == each.name) for each in wired})
        self._eye = "" if data.eye is None else "eye"  # the contact that no person switches
        if self._eye:
            self.contacts[self._eye] = False
        self.parts: dict[int, Part] = {}
        self._looks = random.Random(f"{seed}/looks")
        self._hands = Hands(data.hands, self)
        self._wires: dict[str, Callable[[int, bool], None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._infeed: Infeed | NoInfeed = NoInfeed()
        if data.belt is not None and data.eye is not None and data.parts is not None:
            self._infeed = Infeed(data.belt, data.eye.at, PartMaker(data.parts, seed), clock.now(), self._tell)
        self._go_on()

    @classmethod
    def load(cls, path: Path, seed: int = 1) -> SortingPlant:
        """The plant of a file. Raises FileError."""
        return cls(load_plant(path), seed)

    # -- what devices make true and sense (physics.Plant) --------------------------------------

    def motor(self, device: str, ramp: Ramp) -> None:
        """The drive's motor runs by this ramp from its start on."""
        if self.data.belt is not None and device == self.data.belt.motor:
            self._settle(ramp.start)
            self._infeed.run(ramp)
            self._go_on()

    def arm(self, device: str, pose_at: Callable[[float], Pose], moving: bool) -> None:
        """From now on the arm's flange follows ``pose_at(time)``."""
        self._hands.arm(device, pose_at, moving)

    def object_width(self, device: str) -> float | None:
        """The width of what is between the gripper's fingers now, None for nothing."""
        return None if self._meets_nothing(device) else self._hands.width(device)

    def fingers(self, device: str, width: float, *, closed_on_object: bool) -> None:
        """The fingers came to rest, or began to leave a part."""
        if not self._meets_nothing(device):
            self._hands.fingers(device, width, closed_on_object=closed_on_object)

    def look(self, device: str) -> list[Found]:
        """What the camera sees at this instant, the part furthest along the belt first."""
        now = self._settle()
        if self.data.belt is None:
            return []
        if (camera := self.data.cameras.get(device)) is None:
            raise UsageError(f"the plant file has no camera {device!r}", hint="Add it under cameras:")
        back, seen = camera.pose.inverse(), list[tuple[float, Found]]()
        for part in self._infeed.parts:
            pose = back @ self._infeed.pose(part, now)
            if abs(pose.x) <= camera.view[0] / 2 and abs(pose.y) <= camera.view[1] / 2:
                found = Found(self._measured(pose, camera.position_noise, camera.angle_noise), part.good, part.code)
                seen.append((self._infeed.along(part, now), found))
        return [found for _, found in sorted(seen, key=lambda each: -each[0])]

    def wire(self, device: str, set_input: Callable[[int, bool], None]) -> None:
        """Connect the device's digital inputs, and tell what is on now."""
        self._wires[device] = set_input
        for number, wired in self.data.inputs.get(device, {}).items():
            if self.contacts[wired.name]:
                set_input(number, True)

    def output(self, device: str, number: int, on: bool) -> None:
        """The device switched a digital output."""
        self.outputs[device, number] = on

    # -- what people do (stories, demonstrations) ----------------------------------------------

    def set(self, name: str, value: bool) -> None:
        """Set a contact (guard, auto, …), or ``supply``: whether parts come. Raises UsageError."""
        if name == "supply" and self.data.belt is not None:
            self._settle()
            self._infeed.supply = value
            self._go_on()
        elif name in self.contacts and name != self._eye:
            self._contact(clock.now(), name, value)
        else:
            names = sorted({*self.contacts, *(["supply"] if self.data.belt else [])} - {self._eye})
            raise UsageError(f"the plant has no contact {name!r}", hint=f"There are {', '.join(names)}")

    def open_guard(self) -> None:
        """A person opens the guard door."""
        self.set("guard", False)

    def close_guard(self) -> None:
        """A person closes the guard door."""
        self.set("guard", True)

    def take_part(self, number: int | None = None) -> int:
        """A person takes a part out: by its number, or the one in the hand. Gives the number. Raises UsageError."""
        now = self._settle()
        held = next(iter(self._hands.held()), None)
        part = held if number is None else self.parts.get(number)
        if part is None or part.place not in (Place.BELT, Place.HAND, Place.TRAY):
            raise UsageError(f"no part {number} is there to be taken" if number else "no part is in a hand")
        self._infeed.remove(part)
        self._hands.lose(part)
        part.place = Place.TAKEN
        self._tell(now, "taken", part)
        self._go_on()
        return part.id

    def empty(self, tray: str) -> int:
        """A person takes the tray away and brings an empty one; gives how many parts lay in it. Raises UsageError."""
        if tray not in self.data.trays:
            raise UsageError(f"there is no tray {tray!r}", hint=f"There are {', '.join(self.data.trays)}")
        carried = [part for part in self.parts.values() if part.place is Place.TRAY and part.tray == tray]
        for part in carried:
            part.place = Place.CARRIED
        return len(carried)

    def report(self) -> dict[str, Any]:
        """What physically happened so far: counts of parts by where they are, and of collisions.

        made = placed_good + placed_reject + wrong + dropped + missed + taken + remaining

        Without a belt there are no parts, so none are counted.
        """
        self._settle()
        collisions = [event.text for event in self.events if event.kind == "collision"]
        touched = {"collisions": len(collisions), "collided": collisions[:20]}
        if self.data.belt is None:
            return {"plant": self.data.plant, "seed": self.seed, **touched}
        counts = dict.fromkeys(_FATES, 0)
        for part in self.parts.values():
            counts[self._fate(part)] += 1
        places = [part.place for part in self.parts.values()]
        return {
            "plant": self.data.plant,
            "seed": self.seed,
            "made": len(self.parts),
            **counts,
            "on_belt": places.count(Place.BELT),
            "held": places.count(Place.HAND),
            **touched,
        }

    async def aclose(self) -> None:
        """Stop: no timer is left."""
        self._closed = True
        self._hands.close()
        if self._timer is not None:
            self._timer.cancel()

    # -- what hands are told and tell (hands.World) ---------------------------------------------

    def lying(self) -> Iterator[tuple[Part, Pose]]:
        """Every part that lies about now, with its pose in the base."""
        now = self._settle()
        for part in self._infeed.parts:
            yield part, self._infeed.pose(part, now)
        for part in self.parts.values():
            if part.place is Place.TRAY and part.pose is not None:
                yield part, part.pose

    def surface(self, pose: Pose) -> float:
        """The height of what is below (m): the belt, or the table."""
        return self._infeed.top if self._infeed.carries(pose.x, pose.y) else 0.0

    def taken(self, part: Part, in_tool: Pose) -> None:
        """The part is in a hand now."""
        self._infeed.remove(part)
        part.place, part.pose, part.tray = Place.HAND, in_tool, ""
        self._tell(clock.now(), "gripped", part)
        self._go_on()

    def let_go(self, part: Part, pose: Pose) -> None:
        """The part has left a hand: it stands where it belongs or not, or falls."""
        now, surface = self._settle(), self.surface(pose)
        upright = Pose.from_rpy(*pose[:3], math.pi, 0.0, pose.rpy()[2])
        tray = next((name for name, each in self.data.trays.items() if each.covers(pose.x, pose.y)), None)
        if pose.z - surface > FALL or pose.distance(upright)[1] > contact.UPRIGHT:
            self._drop(part, f"fell {1000 * (pose.z - surface):.0f} mm")
        elif any(contact.part_box(part, pose).overlaps(contact.part_box(*each)) for each in self.lying()):
            self._drop(part, "fell off another part")
        elif self._infeed.carries(pose.x, pose.y):
            self._infeed.put(part, pose, now)
            self._tell(now, "put back", part)
        elif tray is not None:
            part.place, part.tray, part.pose = Place.TRAY, tray, pose._replace(z=surface)
            self._tell(now, "placed", part, f"part {part.id} placed in {tray}")
        else:
            self._drop(part, f"lies at x {pose.x:.3f} m, y {pose.y:.3f} m, where nothing belongs")
        self._go_on()

    def collided(self, what: contact.Touch) -> None:
        """Something has run into something."""
        self.events.append(Happening(clock.now(), "collision", 0, f"{what.what} ran into {what.met}"))

    def _meets_nothing(self, device: str) -> bool:
        """Whether the gripper is one that the file says nothing of, where there are no parts to grip."""
        return self.data.belt is None and device not in self.data.hands

    def _drop(self, part: Part, how: str) -> None:
        part.place = Place.DROPPED
        self._tell(clock.now(), "dropped", part, f"part {part.id} {how}")

    # -- time --------------------------------------------------------------------------------

    def _settle(self, now: float | None = None) -> float:
        """Let everything happen on the belt that is due, edges of the light barrier included."""
        now = clock.now() if now is None else now
        for time in self._infeed.settle(now):
            self._contact(time, "eye", self._infeed.blocked())
        return now

    def _go_on(self) -> None:
        """Settle, and set the timer for what comes next on the belt."""
        self._settle()
        if self._timer is not None:
            self._timer.cancel()
        when = self._infeed.next_change()
        loop = asyncio.get_running_loop()
        self._timer = None if when is None or self._closed else loop.call_at(when, self._go_on)

    def _contact(self, time: float, name: str, on: bool) -> None:
        if self.contacts[name] == on:
            return
        self.contacts[name] = on
        self.events.append(Happening(time, "input", 0, f"{name} {'on' if on else 'off'}"))
        for device, set_input in self._wires.items():
            for number, wired in self.data.inputs.get(device, {}).items():
                if wired.name == name:
                    set_input(number, on)

    # -- bookkeeping -------------------------------------------------------------------------

    def _tell(self, time: float, kind: str, part: Part, text: str = "") -> None:
        self.parts[part.id] = part
        self.events.append(Happening(time, kind, part.id, text or f"part {part.id} {kind}"))

    def _fate(self, part: Part) -> str:
        if part.place in (Place.TRAY, Place.CARRIED):
            takes = self.data.trays[part.tray].takes
            return f"placed_{takes}" if part.accepted == (takes == "good") else "wrong"
        if part.place in (Place.MISSED, Place.DROPPED, Place.TAKEN):
            return part.place.value
        return "remaining"

    def _measured(self, pose: Pose, noise: float, angle_noise: float) -> Pose:
        w, _, _, z = pose.quaternion()
        angle = math.remainder(2 * math.atan2(z, w) + self._looks.gauss(0, angle_noise), math.pi)
        return Pose(pose.x + self._looks.gauss(0, noise), pose.y + self._looks.gauss(0, noise), 0.0, 0.0, 0.0, angle)
