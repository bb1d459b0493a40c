"""The box as any Modbus client meets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cellctl.emulation.physics import Plant
from cellctl.links import (
    Address,
    Listener,
    ModbusRefusal,
    Network,
    SerialAddress,
    Table,
    TcpAddress,
    parse_address,
    serve_modbus,
)
from io_box import Config
from io_box.driver import CHANNELS

_ADDRESS = 2  # Modbus exception: illegal data address


class IoBoxEmulator:
    """Inputs come from the plant, outputs go to it."""

    def __init__(self, name: str, config: Config, plant: Plant) -> None:
        self.name = name
        self.config = config
        self._plant = plant
        self._bits = {Table.DISCRETE: [0] * CHANNELS, Table.COILS: [0] * CHANNELS}
        self._listener: Listener | None = None

    async def serve(self, network: Network) -> Mapping[str, Any]:
        """Listen; returns the overlay that makes a device find it."""
        address = parse_address(self.config.link)
        unit = address.unit or 1
        if isinstance(address, SerialAddress):
            here: Address = replace(address, path="")
        else:
            here = TcpAddress("127.0.0.1", 0, unit)
        self._listener = await serve_modbus(network, here, {unit: self})
        self._plant.wire(self.name, self._set_input)
        reached = self._listener.address
        link = str(reached) if isinstance(reached, SerialAddress) else f"{reached} unit {unit}"
        return {"link": link, "emulated": True}

    async def aclose(self) -> None:
        """Stop serving."""
        if self._listener is not None:
            await self._listener.aclose()

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        """FC1 and FC2; there are no registers."""
        if table not in self._bits or address + count > CHANNELS:
            raise ModbusRefusal(_ADDRESS)
        return self._bits[table][address : address + count]

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """FC5 and FC15; all of them or none."""
        if table is not Table.COILS or address + len(values) > CHANNELS:
            raise ModbusRefusal(_ADDRESS)
        for number, value in enumerate(values, address):
            if self._bits[table][number] != value:
                self._bits[table][number] = value
                self._plant.output(self.name, number, bool(value))

    def _set_input(self, number: int, on: bool) -> None:
        self._bits[Table.DISCRETE][number] = int(on)
