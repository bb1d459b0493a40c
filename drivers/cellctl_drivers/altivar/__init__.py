"""Schneider Electric Altivar ATV320: a belt's inverter, CiA 402 (DRIVECOM) over Modbus RTU."""

from cellctl.devices import Driver
from cellctl_drivers.altivar.config import AltivarConfig

DRIVER = Driver(
    name="altivar",
    title="Schneider Electric Altivar ATV320 inverter (Modbus RTU)",
    capability="conveyor",
    config=AltivarConfig,
    device="cellctl_drivers.altivar.driver:Altivar",
    emulator="cellctl_drivers.altivar.emulator:AltivarEmulator",
)

__all__ = ["DRIVER", "AltivarConfig"]
