"""Robotiq 2F-85: a two-finger gripper over Modbus RTU, with object detection and width."""

from cellctl.devices import Driver
from cellctl_drivers.robotiq.config import RobotiqConfig

DRIVER = Driver(
    name="robotiq",
    title="Robotiq 2F-85 gripper (Modbus RTU)",
    capability="gripper",
    config=RobotiqConfig,
    device="cellctl_drivers.robotiq.driver:Robotiq",
    emulator="cellctl_drivers.robotiq.emulator:RobotiqEmulator",
)

__all__ = ["DRIVER", "RobotiqConfig"]
