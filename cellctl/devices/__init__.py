"""Devices: capabilities, signals, health, and the registry of drivers."""

from cellctl.devices.actions import Action, Parameter, action, actions_of
from cellctl.devices.capabilities import (
    CAPABILITIES,
    Conveyor,
    DigitalIO,
    EnergyMeter,
    Gripper,
    Joints,
    Robot,
    Target,
    VisionStation,
)
from cellctl.devices.device import Condition, Device, DeviceConfig, Health, Identity
from cellctl.devices.registry import Driver, driver_names, find_driver
from cellctl.devices.signal import Quality, Signal, Value

__all__ = [
    "CAPABILITIES",
    "Action",
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
