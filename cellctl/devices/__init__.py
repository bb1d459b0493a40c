"""Devices: capabilities, signals, health, and the registry of drivers."""

from cellctl.devices.actions import Action, Parameter, action, actions_of
from cellctl.devices.capabilities import (
    CAPABILITIES,
    Conveyor,
    DigitalIO,
    EnergyMeter,
    Gripper,
    Robot,
    VisionStation,
)
from cellctl.devices.device import Condition, Device, DeviceConfig, Health, Identity
from cellctl.devices.registry import Driver, driver_names, find_driver
from cellctl.devices.signal import Quality, Signal, Value
from cellctl.devices.targets import ByJoints, Joints, Leg, Legs, Target

__all__ = [
    "CAPABILITIES",
    "Action",
    "ByJoints",
    "Condition",
    "Conveyor",
    "Device",
    "DeviceConfig",
    "DigitalIO",
    "Driver",
    "EnergyMeter",
    "Gripper",
    "Health",
    "Identity",
    "Joints",
    "Leg",
    "Legs",
    "Parameter",
    "Quality",
    "Robot",
    "Signal",
    "Target",
    "Value",
    "VisionStation",
    "action",
    "actions_of",
    "driver_names",
    "find_driver",
]
