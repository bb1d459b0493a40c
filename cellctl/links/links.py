"""All lines of one cell: opened when needed, shared by address, closed together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cellctl.errors import LinkDown, UsageError
from cellctl.links.address import Address, SerialAddress, TcpAddress
from cellctl.links.modbus_client import ModbusClient
from cellctl.links.modbus_rtu import RtuLine
from cellctl.links.modbus_tcp import TcpLine
from cellctl.links.stream import ByteStream, Network

MODBUS_PORT = 502
_LAST_UNIT = 247  # Modbus over Serial Line V1.02, 2.2


@dataclass(slots=True)
class _Shared:
    line: TcpLine | RtuLine
    clients: int = 0


class Links:
    """Where drivers get their lines from. ``network`` is the system's, one in memory, or a wrapped one."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._lines: dict[Address, _Shared] = {}
        self._closed = False

    async def connect(self, address: Address) -> ByteStream:
        """A byte line of the caller's own. Raises LinkDown."""
        if self._closed:
            raise LinkDown("the links are closed", where=str(address))
        return await self.network.connect(address)

    def modbus(
        self, address: Address, *, port: int = MODBUS_PORT, timeout: float = 1.0, in_flight: int = 1
    ) -> ModbusClient:
        """A client for the unit at ``address``; nothing is opened before its first request.

        ``port``: the driver's TCP port unless the address names one. ``timeout`` (s): how long the
        device may take to answer. ``in_flight``: how many requests the device (or gateway) takes at once on TCP; the
        first client of an address sets it. All clients of one address share one line.
        """
        if self._closed:
            raise LinkDown("the links are closed", where=str(address))
        key: Address
        if isinstance(address, TcpAddress):
            address = address.at(port)
            unit, key = address.unit, replace(address, unit=0)
        else:
            unit, key = address.unit or 0, replace(address, unit=None)
            if not 1 <= unit <= _LAST_UNIT:
                raise UsageError(f"unit {unit} on a serial line; 1 to {_LAST_UNIT} are possible", where=str(address))
        shared = self._lines.get(key)
        if shared is None:
            line = (
                RtuLine(self.network, address)
                if isinstance(address, SerialAddress)
                else TcpLine(self.network, address, in_flight)
            )
            shared = self._lines[key] = _Shared(line)
        shared.clients += 1

        async def release() -> None:
            shared.clients -= 1
            if not shared.clients:
                if self._lines.get(key) is shared:
                    del self._lines[key]
                await shared.line.aclose()

        name = str(address) if isinstance(address, SerialAddress) else f"{address} unit {unit}"
        return ModbusClient(shared.line, name, unit, timeout, release)

    async def aclose(self) -> None:
        """Close every Modbus line. Byte lines belong to those who opened them."""
        self._closed = True
        lines = list(self._lines.values())
        self._lines.clear()
        for shared in lines:
            await shared.line.aclose()
