"""Universal Robots e-Series arms: state over Modbus, motion by a program of ours, power over the dashboard."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from cellctl.devices import DeviceConfig, Driver
from cellctl.motion.pose import Pose
from cellctl.units import AngularAcceleration, AngularSpeed, Mass, Time


class Config(DeviceConfig):
    """What a cell file says of the arm. ``link`` names the host; each service has its own port."""

    model: Literal["ur3e", "ur5e", "ur10e", "ur16e", "ur20"]
    watchdog: Annotated[Time, Field(ge=0.1, le=5.0)] = 0.3  # the arm stops by itself after so long without heartbeat
    tool: Annotated[Pose, "tool"] = Pose()  # the tool point on the flange
    payload: Annotated[Mass, Field(ge=0.0, le=50.0)] = 0.0
    joint_speed: Annotated[AngularSpeed, Field(gt=0.0)] = math.pi  # no joint is told to be faster
    joint_acceleration: Annotated[AngularAcceleration, Field(gt=0.0)] = 14.0
    modbus_port: Annotated[int, Field(gt=0, lt=65536)] = 502
    dashboard_port: Annotated[int, Field(gt=0, lt=65536)] = 29999
    secondary_port: Annotated[int, Field(gt=0, lt=65536)] = 30002


DRIVER = Driver(
    name="universal_robots",
    title="Universal Robots e-Series arm",
    capability="robot",
    config=Config,
    device="cellctl_drivers.universal_robots.driver:UniversalRobot",
    emulator="cellctl_drivers.universal_robots.emulator:UniversalRobotEmulator",
    signals=(
        *(f"di{number}" for number in range(8)),
        *(f"joints.{index}" for index in range(6)),
        *(f"pose.{axis}" for axis in ("x", "y", "z", "rx", "ry", "rz")),
        "mode",
    ),
)
