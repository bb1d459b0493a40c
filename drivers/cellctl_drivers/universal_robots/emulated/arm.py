"""The arm itself: where each joint is at any time. Nothing ticks: motion is a path and a profile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from cellctl import clock
from cellctl.motion import Arm, Pose
from cellctl_drivers.universal_robots.emulated.paths import JointPath, Joints, LinePath, Path
from cellctl_drivers.universal_robots.emulated.profile import Profile, braking, trapezoid
from cellctl_drivers.universal_robots.urscript import ScriptError, ScriptThread
from cellctl_drivers.universal_robots.urscript.program import FRAME, Cancel, Wait

Tell = Callable[[Callable[[float], Pose], bool], None]
_HARD = 12.0  # rad/s², what the joints' own stop reaches
_HARD_LINE = 6.0  # m/s²
_STEADY = 0.5  # s at rest before is_steady() holds (URScript manual)


class EmulatedArm:
    """Joints, tool and motion. ``tell`` hears of every start and end of motion, with the flange's pose over time."""

    def __init__(self, model: str, joints: Joints, tell: Tell) -> None:
        self._model = model
        self._flange = Arm.named(model)
        self._kinematics = self._flange
        self._tell = tell
        self._path: Path = JointPath(self._flange, joints, (0.0,) * 6)
        self._profile: Profile = trapezoid(clock.now(), 0.0, 0.0, 1.0, 1.0)
        self._limits: tuple[float, float] = (1.0, 1.0)  # of the move under way: speed, acceleration
        self._goal = 0.0  # the way at which it will be over
        self._rest = joints
        self._owner: ScriptThread | None = None
        self._waiters: list[Callable[[], None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self.tool = Pose()

    # -- what is so --------------------------------------------------------------------------

    @property
    def moving(self) -> bool:
        """Whether any joint turns."""
        return self._timer is not None

    @property
    def steady(self) -> bool:
        """At rest for half a second."""
        return not self.moving and clock.now() >= self._profile.end + _STEADY

    def joints(self) -> Joints:
        """Joint angles now, rad."""
        if self._timer is None:
            return self._rest
        return self._path.joints(self._profile.at(clock.now())[0])

    def speeds(self) -> Joints:
        """Joint speeds now, rad/s."""
        if self._timer is None:
            return (0.0,) * 6
        way, speed = self._profile.at(clock.now())
        return tuple(speed * rate for rate in self._path.rates(way)) if speed else (0.0,) * 6

    def tool_pose(self) -> Pose:
        """The tool point in the base now."""
        return self._kinematics.forward(self.joints())

    def inverse(self, pose: Pose) -> Joints:
        """Joints at which the tool point is at ``pose``, nearest to now. Raises ScriptError."""
        found = self._kinematics.nearest(pose, self.joints())
        if found is None or not self._kinematics.within_limits(found):
            raise ScriptError("get_inverse_kin: unable to find an inverse kinematics solution")
        return found

    def forward(self, joints: Sequence[float]) -> Pose:
        """The tool point's pose at these joints."""
        return self._kinematics.forward(joints)

    # -- what programs do --------------------------------------------------------------------

    def set_tool(self, tool: Pose) -> None:
        """The tool point on the flange. Raises ScriptError while the arm moves."""
        if self.moving:
            raise ScriptError("set_tcp: the robot is moving")
        self._path = JointPath(self._flange, self.joints(), (0.0,) * 6)
        self._profile = trapezoid(clock.now(), 0.0, 0.0, 1.0, 1.0)
        self.tool = tool
        self._kinematics = Arm.named(self._model, tool)

    def move_joints(self, owner: ScriptThread, target: Sequence[float], speed: float, acceleration: float) -> Wait:
        """movej: the joint that turns most keeps to speed (rad/s) and acceleration (rad/s²)."""
        self._take(owner, speed, acceleration)
        if not self._kinematics.within_limits(target):
            raise ScriptError("movej: the target is outside the joint limits")
        start = self.joints()
        path = JointPath(self._flange, start, [b - a for a, b in zip(start, target, strict=True)])
        most = min(
            (limit / abs(rate) for limit, rate in zip(self._kinematics.joint_speeds, path.rates(0.0), strict=True)
             if rate), default=speed,
        )  # fmt: skip
        return self._go(owner, path, min(speed, most), acceleration)

    def move_line(self, owner: ScriptThread, target: Pose, speed: float, acceleration: float) -> Wait:
        """movel: the tool point on a straight line at speed (m/s) and acceleration (m/s²)."""
        self._take(owner, speed, acceleration)
        try:
            path = LinePath(self._kinematics, self.joints(), target)
        except ValueError:
            raise ScriptError("movel: unable to find an inverse kinematics solution on the line") from None
        return self._go(owner, path, min(speed, path.speed_limit(self._kinematics.joint_speeds)), acceleration)

    def stop(self, owner: ScriptThread, deceleration: float, *, straight: bool) -> Wait | None:
        """stopj (rad/s²) or stopl (m/s²): slow down on the path to rest, and forget the rest of it."""
        self._take(owner, deceleration, deceleration)
        if not self.moving:
            return None
        if straight != self._path.straight:  # the other unit: take what the joints can do
            deceleration = _HARD_LINE if self._path.straight else _HARD
        self._owner = owner
        self._waiters.clear()
        self._brake(deceleration)
        self._goal = self._profile.way
        return self._wait

    # -- what the controller does ------------------------------------------------------------

    def thread_ended(self, thread: ScriptThread) -> None:
        """A thread is over: where it was moving the arm and nobody takes over in this frame, the arm brakes."""
        if thread is self._owner:
            self._owner = None
            if self.moving:
                asyncio.get_running_loop().call_later(FRAME, self._orphaned)

    def halt(self) -> None:
        """Brake hard and forget the target."""
        self._owner = None
        self._waiters.clear()
        self._paused = False
        if self.moving:
            self._brake(_HARD_LINE if self._path.straight else _HARD)

    def pause(self) -> None:
        """Brake on the path and keep the target."""
        if not self._paused and self._owner is not None and self.moving:
            self._paused = True
            self._brake(_HARD_LINE if self._path.straight else _HARD)

    def resume(self) -> None:
        """Go on to the target where ``pause`` stopped the arm."""
        if self._paused:
            self._paused = False
            way = self._profile.at(clock.now())[0]
            self._follow(self._path, trapezoid(clock.now(), way, self._goal, *self._limits))

    def close(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def tell(self) -> None:
        """Tell where the flange is and goes."""
        path, profile, tool = self._path, self._profile, self.tool.inverse()
        if path.straight:
            self._tell(lambda time: path.pose(profile.at(time)[0]) @ tool, self.moving)
        else:
            self._tell(lambda time: path.pose(profile.at(time)[0]), self.moving)

    # -- inside ------------------------------------------------------------------------------

    def _take(self, owner: ScriptThread, speed: float, acceleration: float) -> None:
        if speed <= 0 or acceleration <= 0:
            raise ScriptError("The velocity and the acceleration must be above zero")
        if self._owner is not None and self._owner is not owner and self.moving:
            raise ScriptError("Another thread is already controlling the robot")

    def _go(self, owner: ScriptThread, path: Path, speed: float, acceleration: float) -> Wait:
        if self.moving:
            raise ScriptError("The robot is still moving")
        self._owner = owner
        self._waiters.clear()
        self._limits, self._goal = (speed, acceleration), path.length
        self._follow(path, trapezoid(clock.now(), 0.0, path.length, speed, acceleration))
        return self._wait

    def _wait(self, callback: Callable[[], None]) -> Cancel:
        self._waiters.append(callback)
        return lambda: self._waiters.remove(callback) if callback in self._waiters else None

    def _brake(self, deceleration: float) -> None:
        way, speed = self._profile.at(clock.now())
        profile = braking(clock.now(), way, speed, deceleration)
        if profile.way < self._path.length:  # else it comes to rest at the end of the path sooner
            self._follow(self._path, profile)

    def _follow(self, path: Path, profile: Profile) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._path, self._profile = path, profile
        self._timer = asyncio.get_running_loop().call_at(profile.end, self._arrived)
        self.tell()

    def _arrived(self) -> None:
        self._timer = None
        self._rest = self._path.joints(self._profile.way)
        self.tell()
        if self._paused and self._profile.way < self._goal:
            return  # braked on the way: whoever waits for the end of the path goes on waiting
        self._owner = None
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter()

    def _orphaned(self) -> None:
        if self._owner is None and self.moving:
            self.halt()
