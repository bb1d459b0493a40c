"""The Cognex driver and emulator over real sockets, in real time."""

from __future__ import annotations

import asyncio

from cellctl import clock
from cellctl.devices import Condition
from cellctl.links import Links, SystemNetwork
from cellctl.testing.plant import FakePlant
from cellctl.testing.running import run_real
from cellctl_drivers.cognex import Config
from cellctl_drivers.cognex.driver import InSight
from cellctl_drivers.cognex.emulator import InSightEmulator

ENTRY = {
    "driver": "cognex",
    "link": "tcp 192.168.0.11",
    "job": "bracket_r7.job",
    "results": {"found": "B002", "x": "C002", "y": "D002", "angle": "E002", "good": "F002", "code": "Part.Code"},
}


def test_inspects_and_survives_a_power_cut() -> None:
    async def until(device: InSight, condition: Condition) -> None:
        while device.health.condition is not condition:
            await clock.sleep(0.01)

    async def main() -> None:
        plant, network = FakePlant(), SystemNetwork()
        emulator = InSightEmulator("camera", Config.model_validate(ENTRY), plant)
        links = Links(network)
        device = InSight("camera", Config.model_validate({**ENTRY, **await emulator.serve(network)}), links)
        running = asyncio.create_task(device.run())
        await until(device, Condition.READY)
        results = [await device.inspect() for _ in range(3)]
        assert plant.looks == 3
        assert results[0]["code"] == "A-1"
        assert (await device.identify()).model == "In-Sight 7802"
        await emulator.power(False)
        await until(device, Condition.OFFLINE)
        await emulator.power(True)
        await until(device, Condition.READY)
        assert (await device.inspect())["found"] == 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await links.aclose()
        await emulator.aclose()

    run_real(main(), deadline=30.0)


def test_bytes_typed_by_hand() -> None:
    async def main() -> None:
        emulator = InSightEmulator("camera", Config.model_validate(ENTRY), FakePlant())
        overlay = await emulator.serve(SystemNetwork())
        host, _, port = overlay["link"].removeprefix("tcp ").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        assert (await reader.readuntil(b"User: ")).startswith(b"Welcome to In-Sight(tm)")
        writer.write(b"admin\r\n")
        await reader.readuntil(b"Password: ")
        writer.write(b"\r\nGO\r\nSW8\r\nGVPart.Code\r\n")
        assert await reader.readuntil(b"A-1\r\n") == b"User Logged In\r\n1\r\n1\r\n1\r\nA-1\r\n"
        writer.close()
        await writer.wait_closed()
        await emulator.aclose()

    run_real(main(), deadline=30.0)
