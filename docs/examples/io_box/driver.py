"""The box: polled, and every output confirmed by reading it back."""

from __future__ import annotations

from cellctl.devices import Condition, DigitalIO, Identity
from cellctl.errors import BadAnswer, InDoubt, NoAnswer, NotReady, UsageError
from cellctl.links import Links, ModbusClient, parse_address
from cellctl_drivers.polling import poll_forever
from io_box import Config

CHANNELS = 8
_HINT = "Check the box's 24 V supply, its cable, and its address in the cell file"


class IoBox(DigitalIO):
    """Signals: ``di0`` to ``di7``, ``do0`` to ``do7``."""

    config: Config

    def __init__(self, name: str, config: Config, links: Links) -> None:
        super().__init__(name, config, links)
        self._address = parse_address(config.link)
        self._client: ModbusClient | None = None

    async def run(self) -> None:
        """Keep it connected and published until cancelled."""
        self._client = self.links.modbus(self._address)
        try:
            await poll_forever(self, self._poll, period=self.config.poll, hint=_HINT, lost=lambda: None)
        finally:
            client, self._client = self._client, None
            await client.aclose()
            self.set_health(Condition.OFFLINE, "not connected")

    async def identify(self) -> Identity:
        """The box tells no name: that it answers is all there is to know."""
        client = self.links.modbus(self._address)
        try:
            await client.read_coils(0, CHANNELS)
        finally:
            await client.aclose()
        return Identity("unknown", "I/O box (it does not tell which)", address=str(self._address))

    async def stop(self, *, fast: bool) -> None:
        """Nothing moves by itself, and an output that a part hangs on stays as it is."""

    async def set_output(self, number: int, on: bool) -> None:
        """Switch an output; see DigitalIO.set_output. Raises UsageError, NotReady, LinkError, InDoubt."""
        if not 0 <= number < CHANNELS:
            raise UsageError(f"there is no output {number}", where=self.name, hint=f"Outputs: 0 to {CHANNELS - 1}")
        try:
            await self._bus.write_coil(number, on)
        except (NoAnswer, BadAnswer) as error:  # it may have been done: look, and never write blindly again
            if (await self._read_outputs())[number] != on:
                raise InDoubt(
                    f"nobody knows whether output {number} will be switched: {error.message}",
                    where=self.name,
                    hint=_HINT,
                ) from error
        if (await self._read_outputs())[number] != on:
            state = "off" if on else "on"
            raise NotReady(f"output {number} is still {state}", where=self.name, hint="Look for another master")

    @property
    def _bus(self) -> ModbusClient:
        if self._client is None:
            raise NotReady("not connected", where=self.name, hint="The controller connects it when it runs")
        return self._client

    async def _poll(self) -> None:
        for number, on in enumerate(await self._bus.read_discrete(0, CHANNELS)):
            self.publish(f"di{number}", bool(on))
        await self._read_outputs()
        self.set_health(Condition.READY)

    async def _read_outputs(self) -> list[bool]:
        outputs = [bool(on) for on in await self._bus.read_coils(0, CHANNELS)]
        for number, on in enumerate(outputs):
            self.publish(f"do{number}", on)
        return outputs
