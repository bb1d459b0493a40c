"""What a cell file says about an Altivar."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cellctl.devices import DeviceConfig
from cellctl.units import Length, Ratio, Time


class AltivarConfig(DeviceConfig):
    """An inverter that drives a belt through a gear: its motor's turns are the belt's travel.

    ``ramp`` is the time from standstill to the motor's nominal speed (ACC and DEC). ``timeout`` and
    ``on_loss`` are written into the drive by the driver: how long it waits for the next Modbus
    request (TTO), and how it stops the belt by itself when none comes (SLL).
    """

    travel_per_rev: Length = Field(gt=0)
    ramp: Time = Field(default=0.3, ge=0.01, le=100)
    timeout: Time = Field(default=1.0, ge=0.1, le=30)
    on_loss: Literal["ramp", "fast_stop", "freewheel"] = "ramp"
    response: Time = Field(default=0.3, ge=0.02, le=5)  # for one Modbus answer
    settle: Time = Field(default=5.0, gt=0, le=120)  # for a new speed to be confirmed, beside the ramp
    speed_tolerance: Ratio = Field(default=0.02, gt=0, lt=0.5)
