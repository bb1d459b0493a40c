"""A small world for the controller's tests: fake devices at capability level, a cell and a program by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from cellctl import clock
from cellctl.controller import Controller
from cellctl.devices import Condition, Conveyor, DeviceConfig, Gripper, Health, Identity, Robot, VisionStation
from cellctl.errors import DeviceFault, NotReady
from cellctl.events import Event
from cellctl.journal import MemoryStore, open_journal
from cellctl.motion.pose import Pose
from cellctl.recipe.cell import Cell, CellSignal, Interlock, Position, Retreat, Station
from cellctl.recipe.expressions import Expr, parse
from cellctl.recipe.program import (
    Answer,
    Choose,
    Do,
    Mark,
    PartEffect,
    PartSpec,
    Program,
    Region,
    Repeat,
    Step,
    Wait,
)  # fmt: skip

MARK = Mark("recipe.yaml", 1, 1)
READY = (0.0, -1.0, 1.0, 0.0, 0.0, 0.0)


class World:
    """What physically is: one belt with parts on it, fingers, places."""

    def __init__(self) -> None:
        self.on_belt = 100  # parts still to come
        self.at_eye = False
        self.in_fingers = False
        self.put: list[Pose] = []
        self.dropped = 0
        self.qualities: list[bool] = []  # of the parts to come, default good


class _Fake:
    """What every fake device does: be there, record what it is asked."""

    name: str
    log: list[str]

    def __init__(self, name: str, world: World, log: list[str]) -> None:
        super().__init__(name, DeviceConfig(driver="fake", link="tcp fake", frame=None), None)  # type: ignore[call-arg]
        self.world = world
        self.log = log
        self.stops: list[bool] = []
        self.prepared: list[bool] = []
        self.first: dict[str, Any] = {}
        self.online = asyncio.Event()
        self.online.set()
        self.fail_prepare: Exception | None = None
        self.prepare_takes = 0.1

    async def run(self) -> None:
        for name, value in self.first.items():
            self.publish(name, value)  # type: ignore[attr-defined]
        self.set_health(Condition.READY)  # type: ignore[attr-defined]
        self.broken = asyncio.get_running_loop().create_future()
        await self.broken
        raise ValueError("a mistake in the driver")

    async def identify(self) -> Identity:
        return Identity("fake", self.name)

    async def prepare(self, *, part_held: bool) -> None:
        self.prepared.append(part_held)
        self.log.append(f"{self.name}.prepare")
        await clock.sleep(self.prepare_takes)
        if self.fail_prepare is not None:
            raise self.fail_prepare
        if self.health.condition is not Condition.OFFLINE:  # type: ignore[attr-defined]
            self.set_health(Condition.READY)  # type: ignore[attr-defined]

    def lose(self) -> None:
        self.set_health(Condition.OFFLINE, "the link is down", "Plug it in")  # type: ignore[attr-defined]

    def find(self) -> None:
        for name, signal in self.signals.items():  # type: ignore[attr-defined]
            self.publish(name, signal.value)  # type: ignore[attr-defined]
        self.set_health(Condition.READY)  # type: ignore[attr-defined]


class Arm(_Fake, Robot):
    """Moves take a second. Its pose follows from the target only: z of the last pose it was sent to."""

    def __init__(self, name: str, world: World, log: list[str]) -> None:
        super().__init__(name, world, log)
        self.at: Any = READY
        self.angles = list(READY)
        self.permitted = False
        self.moving: asyncio.Future[str] | None = None  # why it stopped: not an exception, which nobody may fetch
        self.permits: list[bool] = []
        self.moves: list[Any] = []
        self.hang = False
        self.fault: DeviceFault | None = None
        self.first = {
            "di0": False, "di1": True, "di2": True, "permit": False, "emergency_stop": False, "protective_stop": False,
            "moving": False,
        }  # fmt: skip

    async def run(self) -> None:
        await super().run()

    async def move(self, to: Any, speed: float = 1.0, acceleration: float = 2.4) -> None:
        await self._go("move", to)

    async def move_linear(self, to: Any, speed: float = 0.25, acceleration: float = 1.2) -> None:
        await self._go("move_linear", to)

    async def _go(self, how: str, to: Any) -> None:
        if not self.permitted:
            raise DeviceFault("stopped", "the permit is withdrawn", where=self.name)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.log.append(f"{self.name}.{how} {_told(to)}")
        self.moves.append(to)
        self.moving = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(1.0 if not self.hang else None):
                why = await self.moving
        except TimeoutError:
            self.at = to
            self.angles[0] += 0.1
        else:
            raise DeviceFault("stopped", why, where=self.name)
        finally:
            self.moving = None

    def halt_motion(self, why: str) -> None:
        if self.moving is not None and not self.moving.done():
            self.angles[0] += 0.05
            self.moving.set_result(why)

    async def stop(self, *, fast: bool) -> None:
        self.stops.append(fast)
        self.log.append(f"{self.name}.stop{' fast' if fast else ''}")
        self.halt_motion("stopped by command")

    async def set_permit(self, allowed: bool) -> None:
        self.permits.append(allowed)
        self.permitted = allowed
        self.publish("permit", allowed)
        if not allowed:
            self.halt_motion("permit withdrawn")

    def joints(self) -> tuple[float, ...]:
        return tuple(self.angles)

    def pose(self) -> Pose:
        return self.at if isinstance(self.at, Pose) else Pose(0.45, 0.0, 0.4)


class Belt(_Fake, Conveyor):
    def __init__(self, name: str, world: World, log: list[str], arm: Arm) -> None:
        super().__init__(name, world, log)
        self.arm = arm
        self.timer: asyncio.TimerHandle | None = None
        self.first = {"running": False, "speed": 0.0}

    async def advance(self, speed: float) -> None:
        self.log.append(f"{self.name}.advance")
        self.publish("running", True)
        if self.world.on_belt and self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(2.0, self.arrive)

    def arrive(self) -> None:
        self.timer = None
        self.world.on_belt -= 1
        self.world.at_eye = True
        self.arm.publish("di0", True)

    async def halt(self) -> None:
        self.log.append(f"{self.name}.halt")
        self._stand()

    async def stop(self, *, fast: bool) -> None:
        self.stops.append(fast)
        self.log.append(f"{self.name}.stop")
        self._stand()

    def _stand(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.publish("running", False)


class Hand(_Fake, Gripper):
    def __init__(self, name: str, world: World, log: list[str], arm: Arm) -> None:
        super().__init__(name, world, log)
        self.arm = arm
        self.first = {"holding": False, "width": 0.085, "activated": True}

    async def grip(self, width: float, tolerance: float = 0.002, force: float = 60.0, speed: float = 0.1) -> None:
        self.log.append(f"{self.name}.grip")
        await clock.sleep(0.3)
        if not self.world.at_eye and not self.world.in_fingers:
            raise DeviceFault("missed", "nothing between the fingers", where=self.name)
        if self.world.at_eye:
            self.world.at_eye, self.world.in_fingers = False, True
            self.arm.publish("di0", False)
        asyncio.get_running_loop().call_later(0.05, self.publish, "holding", True)

    async def release(self, width: float = 0.085, speed: float = 0.1) -> None:
        self.log.append(f"{self.name}.release")
        await clock.sleep(0.2)
        if self.world.in_fingers:
            self.world.in_fingers = False
            self.world.put.append(self.arm.at)
        asyncio.get_running_loop().call_later(0.05, self.publish, "holding", False)

    def lose_part(self) -> None:
        self.world.in_fingers = False
        self.world.dropped += 1
        self.publish("holding", False)

    async def stop(self, *, fast: bool) -> None:
        self.stops.append(fast)
        self.log.append(f"{self.name}.stop")


class Camera(_Fake, VisionStation):
    def __init__(self, name: str, world: World, log: list[str]) -> None:
        super().__init__(name, world, log)
        self.count = 0
        self.first = {"online": True}

    async def inspect(self) -> dict[str, Any]:
        self.log.append(f"{self.name}.inspect")
        await clock.sleep(0.1)
        if not self.world.at_eye:
            raise DeviceFault("nothing_seen", "no part in view", where=self.name)
        good = self.world.qualities.pop(0) if self.world.qualities else True
        self.count += 1
        pose = Pose.from_rpy(0.45, -0.05, 0.02, 3.14159, 0.0, 0.1)
        return {"found": 1, "pose": pose, "good": good, "readable": True, "code": f"c{self.count}"}

    async def stop(self, *, fast: bool) -> None:
        self.stops.append(fast)


def _told(to: Any) -> str:
    return f"z={to.z:.3f} x={to.x:.2f}" if isinstance(to, Pose) else "joints"


# -- the cell and the program --------------------------------------------------------------------


def make_cell(**changes: Any) -> Cell:
    slots = tuple(Pose.from_rpy(0.15, 0.35 + 0.07 * i, 0.02, 3.14159, 0.0, 0.0) for i in range(4))
    rejects = tuple(Pose.from_rpy(0.15, -0.45, 0.02, 3.14159, 0.0, 0.0)._replace(x=0.15 + 0.07 * i) for i in range(2))
    fields: dict[str, Any] = {
        "signals": {
            "guard": CellSignal("guard", "arm", "di1", "-S3", "guard door closed"),
            "part_eye": CellSignal("part_eye", "arm", "di0", "-B1"),
            "protective": CellSignal("protective", "arm", "protective_stop", "arm"),
        },
        "positions": {"ready": Position("ready", joints=READY)},
        "stations": {
            "infeed": Station("infeed", on="belt", present="part_eye"),
            "good": Station("good", slots=slots, when_full="suspend"),
            "reject": Station("reject", slots=rejects, when_full="hold"),
        },
        "retreats": (
            Retreat(box=((0.3, 0.6), (-0.3, 0.1), (-1.0, 2.0)), moves=(0.12, "ready")),
            Retreat(box=None, ask_to_jog=True),
        ),
        "interlocks": (
            Interlock("guard_open", parse("not guard"), "hold", ("arm",), "Close the guard door -S3"),
            Interlock("protective_stop", parse("protective"), "abort", ("arm",), "Free the arm"),
        ),
        "on_lost": {"arm": "abort", "belt": "hold", "camera": "hold", "hand": "hold"},
    }
    return Cell("test_cell", "0" * 64, {}, **{**fields, **changes})


HOLD = Answer(then="hold")
NEXT = Answer(then="goto", target="sort")
CAPABILITY = {"arm": "robot", "hand": "gripper", "belt": "conveyor", "camera": "vision_station"}


def do(address: str, what: str, following: str | None, *, effect: PartEffect | None = None, **more: Any) -> Do:
    device, action = what.split(".")
    step_fields = {"within", "verify", "watch", "answers", "region", "result"}
    arguments = {name: parse(text) for name, text in more.items() if name not in step_fields}
    rest = {name: value for name, value in more.items() if name in step_fields}
    moves = action not in {"inspect", "halt"}
    return Do(
        address=address, text=what, mark=MARK, next=following, role=device, device=device, effect=effect,
        capability=CAPABILITY[device], action=action, arguments=arguments, moves=moves, **rest,
    )  # fmt: skip


DROPPED = Answer(then="ask", choices={"gone": Answer(then="goto", target="sort", part="part", outcome="dropped")})


def _place(at: str) -> list[Step]:
    region = f"sort/place/{at}"
    watch = {"dropped": parse("not hand.holding")}
    answers = {"dropped": DROPPED, "stopped": HOLD}
    return [
        do(f"{region}/above", "arm.move", f"{region}/down", to=f"above({at}.slot, 80 mm)", region=region, watch=watch,
           answers=answers),
        do(f"{region}/down", "arm.move_linear", f"{region}/open", to=f"{at}.slot", region=region, watch=watch,
           answers=answers),
        do(f"{region}/open", "hand.release", f"{region}/up", region=region, verify=parse("not hand.holding"),
           effect=PartEffect(verb="places", part="part", station=at)),
        do(f"{region}/up", "arm.move_linear", "sort", to=f"above({at}.slot_used, 80 mm)", region=region,
           answers={"stopped": HOLD}),
    ]  # fmt: skip


def make_program(batch: int = 2, **changes: Any) -> Program:
    pick = "sort/pick"
    answers = {"stopped": HOLD, "unreachable": HOLD}
    steps: list[Step] = [
        do("approach", "arm.move", "sort", to="ready", answers=answers),
        Repeat(address="sort", text="repeat", mark=MARK, next="clear", body="sort/feed",
               until=parse("handled >= batch")),
        Choose(address="sort/feed", text="choose", mark=MARK, branches=((parse("not infeed.present"), "sort/feed/1"),),
               otherwise="sort/look"),
        do("sort/feed/1", "belt.advance", "sort/feed/2", speed="150 mm/s"),
        Wait(address="sort/feed/2", text="wait infeed.present", mark=MARK, next="sort/feed/3", within=60.0,
             until=parse("infeed.present"), answers={"timeout": Answer(then="suspend")}),
        do("sort/feed/3", "belt.halt", "sort/look"),
        do("sort/look", "camera.inspect", f"{pick}/open",
           effect=PartEffect(verb="takes", part="part", station="infeed"), answers={"nothing_seen": NEXT}),
        do(f"{pick}/open", "hand.release", f"{pick}/above", region=pick),
        do(f"{pick}/above", "arm.move", f"{pick}/down", to="above(part.pose, 80 mm)", region=pick, answers=answers),
        do(f"{pick}/down", "arm.move_linear", f"{pick}/grip", to="part.pose", region=pick, answers=answers),
        do(f"{pick}/grip", "hand.grip", f"{pick}/lift", width="part.width", tolerance="part.tolerance", region=pick,
           verify=parse("hand.holding"), effect=PartEffect(verb="holds", part="part"),
           answers={"missed": Answer(then="goto", target="sort", part="part", outcome="missed")}),
        do(f"{pick}/lift", "arm.move_linear", "sort/place", to="above(part.pose, 80 mm)", region=pick,
           watch={"dropped": parse("not hand.holding")}, answers={"dropped": DROPPED, **answers}),
        Choose(address="sort/place", text="choose", mark=MARK, otherwise="sort/place/reject/above",
               branches=((parse("part.good and part.readable"), "sort/place/good/above"),)),
        *_place("good"),
        *_place("reject"),
        do("clear", "arm.move", None, to="ready", answers=answers),
    ]  # fmt: skip
    regions = {
        pick: Region(pick, "sort/look", "retreat", "finish"),
        "sort/place/good": Region("sort/place/good", "sort/place/good/above", "finish", "finish"),
        "sort/place/reject": Region("sort/place/reject", "sort/place/reject/above", "finish", "finish"),
    }
    fields: dict[str, Any] = {
        "first": "approach",
        "steps": {step.address: step for step in steps},
        "regions": regions,
        "parameters": {"batch": batch},
        "bindings": {name: name for name in ("arm", "hand", "camera", "belt", "infeed", "good", "reject", "ready")},
        "part": PartSpec(0.25, 0.038, 0.002),
    }
    return Program("vision_sort", 1, "d" * 64, **{**fields, **changes})


def small_program(*steps: Step, regions: Mapping[str, Region] | None = None, **changes: Any) -> Program:
    return make_program(
        first=steps[0].address, steps={step.address: step for step in steps}, regions=regions or {}, **changes
    )


def wait(
    address: str, following: str | None, until: str | None = None, seconds: str | None = None, **more: Any
) -> Wait:
    def read(text: str | None) -> Expr | None:
        return parse(text) if text is not None else None

    return Wait(
        address=address, text=f"wait {until or seconds}", mark=MARK, next=following, until=read(until),
        seconds=read(seconds), **more,
    )  # fmt: skip


# -- the bench -----------------------------------------------------------------------------------


class Bench:
    """A controller at work on fakes, with what it told."""

    def __init__(self, cell: Cell, program: Program | None, store: Any) -> None:
        self.cell, self.program, self.store = cell, program, store
        self.world = World()
        self.log: list[str] = []
        self.events: list[Event] = []
        self.arm = Arm("arm", self.world, self.log)
        self.hand = Hand("hand", self.world, self.log, self.arm)
        self.belt = Belt("belt", self.world, self.log, self.arm)
        self.camera = Camera("camera", self.world, self.log)
        self.devices = {"arm": self.arm, "belt": self.belt, "camera": self.camera, "hand": self.hand}
        self.controller: Controller

    async def give(self, *names: str, **arguments: Any) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name in names:
            result = await self.controller.command(name, arguments, "kim")
        return result

    async def until(self, look: Callable[[], bool], within: float = 300.0) -> None:
        """Wait in steps of 10 ms of virtual time."""
        try:
            async with asyncio.timeout(within):
                while not look():
                    await clock.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"not within {within} s: {self.tell()}") from None

    async def state(self, *names: str, within: float = 300.0) -> None:
        await self.until(lambda: self.controller.status().state in names, within)

    async def step(self, address: str, within: float = 300.0) -> None:
        """Until a branch is in that step."""
        await self.until(lambda: any(s["address"] == address for s in self.controller.status().steps), within)

    async def start(self) -> None:
        await self.give("reset")
        await self.state("Idle")
        await self.give("start")
        await self.until(lambda: any(event.state == "Execute" for event in self.of("state")))

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.kind == kind]

    def tell(self) -> str:
        status = self.controller.status()
        return f"{status.state} {status.steps} {status.cause} {status.questions} {status.trips} {self.log[-8:]}"

    def conserved(self) -> None:
        counts = self.controller.status().counts
        ends = ("placed", "rejected", "dropped", "missed", "removed", "in_hand", "waiting")
        assert counts["seen"] == sum(counts[end] for end in ends), counts
        assert len(self.world.put) == counts["placed"] + counts["rejected"], (self.world.put, counts)
        assert self.world.dropped == counts["dropped"]


@asynccontextmanager
async def bench(cell: Cell | None = None, program: Program | None = None, *, store: Any = None, batch: int = 2) -> Any:
    """A running controller; shut down at the end."""
    made = Bench(cell or make_cell(), program or make_program(batch), store or MemoryStore())
    journal = await open_journal(made.store)
    made.controller = Controller(made.cell, made.program, made.devices, journal)
    made.controller.subscribe(made.events.append)
    runner = asyncio.create_task(made.controller.run(), name="controller")
    await clock.sleep(0.1)
    try:
        yield made
    finally:
        await made.controller.command("shutdown", {}, "test")
        await runner
        await journal.aclose()


Story = Callable[[Bench], Awaitable[None]]
__all__ = ["Health", "NotReady"]
