"""Cognex In-Sight cameras, native mode over telnet."""

from cellctl.devices import Driver
from cellctl_drivers.cognex.config import Config

DRIVER = Driver(
    name="cognex",
    title="Cognex In-Sight camera (native mode)",
    capability="vision_station",
    config=Config,
    device="cellctl_drivers.cognex.driver:InSight",
    emulator="cellctl_drivers.cognex.emulator:InSightEmulator",
)
