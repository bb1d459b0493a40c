"""Driver of Universal Robots e-Series arms.

State comes over Modbus, power and safety go over the dashboard, motion is done by a program of ours
that takes its commands from registers (mailbox.py). Connecting reads only.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Sequence
from functools import cached_property
from typing import Any

from cellctl import clock
from cellctl.devices import Condition, DeviceConfig, Identity, Joints, Quality, Robot, Target
from cellctl.errors import CellError, DeviceFault, LinkDown, NotReady, UsageError
from cellctl.links import Links, TcpAddress, parse_address
from cellctl.motion import Arm, Pose
from cellctl.units import show
from cellctl_drivers.universal_robots import Config
from cellctl_drivers.universal_robots.dashboard import Dashboard
from cellctl_drivers.universal_robots.health import safety_verdict, verdict
from cellctl_drivers.universal_robots.mailbox import Command, Opcode
from cellctl_drivers.universal_robots.registers import ArmState, SafetyMode, mode_name
from cellctl_drivers.universal_robots.secondary import Secondary
from cellctl_drivers.universal_robots.session import Session
from cellctl_drivers.universal_robots.startup import Startup
from cellctl_drivers.universal_robots.wire import Wire

_DASHBOARD_PERIOD = 0.5
_BACK_OFF = (0.2, 5.0)
_MODBUS_TIMEOUT = 0.5
_IN_FLIGHT = 4  # a stop does not wait for the answer to a poll
_CONFIRM = 0.25  # s between two confirmations of joints that do not change
_INPUTS = tuple(f"di{number}" for number in range(8))
_JOINT_FIELDS = tuple(f"joints.{index}" for index in range(6))
_BRAKING = 0.7  # s: from the highest speed by the program's own stop, and its reaction
_AT_TARGET = 0.005  # rad; the registers tell 0.001
_POSE_FIELDS = ("pose.x", "pose.y", "pose.z", "pose.rx", "pose.ry", "pose.rz")


class UniversalRobot(Robot):
    """An arm with a control box of the e-Series."""

    config: Config

    def __init__(self, name: str, config: DeviceConfig, links: Links) -> None:
        assert isinstance(config, Config), "the registry makes it with this driver's own"
        super().__init__(name, config, links)
        address = parse_address(config.link)
        if not isinstance(address, TcpAddress):
            raise UsageError(f"{config.link!r} is no TCP address", where=name, hint="Write it like tcp 192.168.0.10")
        self._modbus = address.at(config.modbus_port)
        self._dashboard_address = TcpAddress(address.host, config.dashboard_port)
        self._dashboard = Dashboard(links, self._dashboard_address)
        self._secondary = Secondary(links, TcpAddress(address.host, config.secondary_port))
        self._session = Session(name)
        self._startup = Startup(name, config, self._session, self._dashboard, self._secondary)
        self.rests_within = config.watchdog + _BRAKING
        self._remote: bool | None = None
        self._asked = False  # whether the dashboard has been asked since the connection
        self._paused = asyncio.Event()  # the safety system has just paused our program
        self._to_end = 0  # the session whose paused program is to end, 0 for none
        self._safe = True
        self._told = -math.inf
        self._joints: Joints | None = None
        self._pose: Pose | None = None

    @cached_property
    def arm(self) -> Arm:
        """The arm's kinematics with its tool."""
        return Arm.named(self.config.model, self.config.tool)

    # -- keeping up the connection -----------------------------------------------------------

    async def run(self) -> None:
        """Poll and watch until cancelled; the arm's own program stops it once nobody beats any more."""
        delay = _BACK_OFF[0]
        try:
            while True:
                began = clock.now()
                error = await self._connected()
                if clock.now() > began + 1.0:
                    delay = _BACK_OFF[0]
                self._lost(error)
                await clock.sleep(delay)
                delay = min(delay * 2, _BACK_OFF[1])
        finally:
            self.set_health(Condition.OFFLINE, "its driver has ended", "Start the controller again")
            await self._dashboard.aclose()

    async def _connected(self) -> CellError:
        """One connection's life; returns what ended it."""
        client = self.links.modbus(self._modbus, timeout=_MODBUS_TIMEOUT, in_flight=_IN_FLIGHT)
        wire = Wire(client, self._take)
        failure: CellError = LinkDown("the connection was closed", where=str(self._modbus))
        try:
            await wire.read()
            await self._session.connected(wire)
            failure = await _first_failure(
                wire.poll(lambda: bool(self._session.current)),
                self._session.beat(wire, min(self.config.watchdog / 4, 0.1)),
                self._watch_dashboard(),
                self._secondary.run(),
            )
        except CellError as error:
            failure = error
        finally:
            self._asked = False
            self._session.lost()
            wire.lose(failure)
            await client.aclose()
        return failure

    async def _watch_dashboard(self) -> None:
        while True:
            self._paused.clear()
            try:
                self._remote = await self._dashboard.remote()
                if self._remote:
                    await self._end_paused()
            except NotReady:
                self._remote = False
            except CellError:
                self._remote = None
            self._asked = True
            known = Quality.BAD if self._remote is None else Quality.GOOD
            self.publish("remote_control", self._remote, quality=known)
            self._judge()
            try:
                async with asyncio.timeout(_DASHBOARD_PERIOD):
                    await self._paused.wait()
            except TimeoutError:
                continue

    async def _end_paused(self) -> None:
        """A paused program would go on by itself when a safeguard closes: ours is to end instead.

        Demanded until the dashboard answers, another program has begun, or the permit is given anew.
        """
        number, self._to_end = self._to_end, 0
        if number and number == self._session.number:
            try:
                await self._dashboard.ask("stop")
            except BaseException:
                self._to_end = number
                raise

    def _lost(self, error: CellError) -> None:
        hint = error.hint or f"Look at the network cable, the address {self._modbus} and whether the arm is on"
        self.set_health(Condition.OFFLINE, error.message, hint)
        self._told = -math.inf

    def _take(self, state: ArmState, inputs: int) -> None:
        self._session.take(state)
        safe = safety_verdict(state) is None
        if self._safe and not safe and self._session.number:
            self._to_end = self._session.number
            self._paused.set()
        self._safe = safe
        self._take_joints(state.joints)
        for number, name in enumerate(_INPUTS):
            self.publish(name, bool(inputs >> number & 1))
        self.publish("moving", state.turning or bool(self._session.current))
        self.publish("powered", state.powered)
        self.publish("protective_stop", state.protective_stopped)
        self.publish("emergency_stop", state.emergency_stopped)
        self.publish("safeguard_stop", state.safety_mode == SafetyMode.SAFEGUARD_STOP)
        self.publish("permit", self._session.permit)
        self.publish("mode", mode_name(state.robot_mode))
        self._judge()

    def _take_joints(self, joints: Joints) -> None:
        """At rest they are only confirmed now and then: forward kinematics and twelve signals a poll cost time."""
        if joints == self._joints and clock.now() < self._told + _CONFIRM:
            return
        self._told = clock.now()
        self._joints, self._pose = joints, self.arm.forward(joints)
        for name, angle in zip(_JOINT_FIELDS, joints, strict=True):
            self.publish(name, angle, "rad")
        for name, value in zip(_POSE_FIELDS, self._pose, strict=True):
            self.publish(name, value, "m" if len(name) == 6 else "rad")

    def _judge(self) -> None:
        state = self._session.state
        if state is None or self._session.wire is None or not self._asked:
            return
        found = verdict(state, remote=self._remote, program=self._startup.trouble())
        self.set_health(found.condition, found.text, found.hint)

    async def identify(self) -> Identity:
        """Ask over the dashboard, on a connection of its own."""
        dashboard = Dashboard(self.links, self._dashboard_address)
        try:
            model = await dashboard.ask("get robot model")
            serial = await dashboard.ask("get serial number")
            firmware = await dashboard.ask("PolyscopeVersion")
        finally:
            await dashboard.aclose()
        return Identity("Universal Robots", model, serial, firmware, str(self._modbus))

    # -- commands ----------------------------------------------------------------------------

    async def prepare(self, *, part_held: bool) -> None:
        """Unlock a protective stop, power, brakes, and a new program: moves nothing, so a part may be held."""
        await self._startup.prepare()
        self._judge()

    async def set_permit(self, allowed: bool) -> None:
        """Give or withdraw the motion permit. Raises LinkError, NotReady: there is none before the program runs."""
        await self._session.set_permit(allowed)
        if allowed:
            self._to_end = 0

    async def move(self, to: Target, speed: float = 1.05, acceleration: float = 2.4) -> None:
        """Joint move; speed (rad/s) and acceleration (rad/s²) are those of the joint that turns most."""
        fastest = min(self.config.joint_speed, max(self.arm.joint_speeds))
        self._check("speed", speed, fastest, "angular_speed")
        self._check("acceleration", acceleration, self.config.joint_acceleration, "angular_acceleration")
        opcode = Opcode.JOINTS_TO_POSE if isinstance(to, Pose) else Opcode.JOINTS
        await self._go(Command(opcode, to, speed, acceleration))

    async def move_linear(self, to: Target, speed: float = 0.25, acceleration: float = 1.2) -> None:
        """Straight line of the tool point; speed in m/s, acceleration in m/s²."""
        self._check("speed", speed, 3.0, "speed")
        self._check("acceleration", acceleration, 30.0, "acceleration")
        opcode = Opcode.LINE if isinstance(to, Pose) else Opcode.LINE_TO_JOINTS
        await self._go(Command(opcode, to, speed, acceleration))

    async def stop(self, *, fast: bool) -> None:
        """Stop on the path. Where our program does not run, the dashboard stops whatever program does.

        Returns once it stands. Raises LinkError, NotReady where it moves all the same.
        """
        if not await self._session.stop(fast=fast):
            reply = await self._dashboard.ask("stop")
            if not await self._session.rests():
                text = f"it moves still, and its dashboard says to stop: {reply}"
                raise NotReady(text, where=self.name, hint="Press its emergency stop")

    def joints(self) -> Joints:
        """The last confirmed joint angles in rad (mrad resolution)."""
        if self._joints is None:
            raise NotReady("its joints were never read", where=self.name)
        return self._joints

    def pose(self) -> Pose:
        """The tool point by the joints that were read last."""
        if self._pose is None:
            raise NotReady("its joints were never read", where=self.name)
        return self._pose

    # -- inside ------------------------------------------------------------------------------

    async def _go(self, command: Command) -> None:
        if self.health.condition is not Condition.READY:
            raise NotReady(self.health.text, where=self.name, hint=self.health.hint)
        if not self._session.permit:
            raise NotReady("it has no motion permit", where=self.name, hint="Clear what withdrew it, then Reset")
        self._check_reach(command.target)
        state = await self._session.execute(command)
        if not isinstance(command.target, Pose):
            off = max(abs(a - b) for a, b in zip(state.joints, command.target, strict=True))
            if off > _AT_TARGET:
                text = f"it came to rest {show(off, 'angle')} from its target (limit {show(_AT_TARGET, 'angle')})"
                raise DeviceFault("stopped", text, where=self.name)

    def _check_reach(self, target: Sequence[float]) -> None:
        if isinstance(target, Pose):
            joints = self.arm.nearest(target, self.joints())
            if joints is None or not self.arm.within_limits(joints):
                place = ", ".join(show(value, "length") for value in target[:3])
                text = f"({place}) is out of its reach of {show(self.arm.reach, 'length')} or its joint limits"
                raise DeviceFault("unreachable", text, where=self.name)
        elif len(target) != 6 or not all(math.isfinite(angle) for angle in target):
            raise UsageError(f"{len(target)} joint angles for six joints", where=self.name)
        elif not self.arm.within_limits(target):
            angles = ", ".join(show(angle, "angle") for angle in target)
            raise DeviceFault("unreachable", f"({angles}) is outside its joint limits", where=self.name)

    def _check(self, what: str, value: float, limit: float, kind: str) -> None:
        if not 0 < value <= limit * (1 + 1e-9):
            text = f"the {what} of {show(value, kind)} is not in 0 … {show(limit, kind)}"
            raise UsageError(text, where=self.name, hint="Give one within the limit")


async def _first_failure(*works: Coroutine[Any, Any, None]) -> CellError:
    """Run all until one fails, end the others, and return its error; one that is no CellError is raised.

    Not a TaskGroup: before Python 3.13 that forgets a cancellation which comes as a task fails.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, CellError):
            return result
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result
    raise AssertionError("none of them ends by itself")
