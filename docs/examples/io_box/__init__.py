"""A Modbus I/O box: inputs are discrete inputs 0 to 7, outputs are coils 0 to 7."""

from pydantic import Field

from cellctl.devices import DeviceConfig, Driver
from cellctl.units import Time


class Config(DeviceConfig):
    """What a cell file says about the box, beside ``driver`` and ``link``."""

    poll: Time = Field(default=0.05, ge=0.01, le=1.0)


DRIVER = Driver(
    name="io_box",
    title="I/O box with 8 inputs and 8 outputs (Modbus)",
    capability="digital_io",
    config=Config,
    device="io_box.driver:IoBox",
    emulator="io_box.emulator:IoBoxEmulator",
    signals=(*(f"di{number}" for number in range(8)), *(f"do{number}" for number in range(8))),
)
