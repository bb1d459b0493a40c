"""An emulated UR e-Series arm on the wire: Modbus server, dashboard, secondary interface."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from cellctl.emulation.physics import Plant
from cellctl.links import Listener, Network, TcpAddress, serve_modbus
from cellctl.motion import Pose
from cellctl_drivers.universal_robots import Config
from cellctl_drivers.universal_robots.emulated.arm import EmulatedArm
from cellctl_drivers.universal_robots.emulated.bank import Bank
from cellctl_drivers.universal_robots.emulated.controller import Controller
from cellctl_drivers.universal_robots.emulated.dashboard_server import DashboardServer
from cellctl_drivers.universal_robots.emulated.secondary_server import SecondaryServer

_HOST = "127.0.0.1"
_START = tuple(math.radians(angle) for angle in (0, -90, 90, -90, -90, 0))
_ANY_UNIT = 0xFF


class UniversalRobotEmulator:
    """One emulated arm. ``controller`` is what a person at the teach pendant, or a story, acts on; set by ``serve``."""

    controller: Controller

    def __init__(self, name: str, config: Config, plant: Plant) -> None:
        self.name = name
        self._config = config
        self._plant = plant
        self._listeners: list[Listener] = []

    async def serve(self, network: Network) -> Mapping[str, Any]:
        """Listen on three ports; the overlay names the host and each of them."""
        arm = EmulatedArm(self._config.model, _START, self._tell)
        controller = self.controller = Controller(arm, lambda number, on: self._plant.output(self.name, number, on))
        arm.tell()
        self._plant.wire(self.name, controller.set_input)
        address = TcpAddress(_HOST, 0)
        dashboard, secondary = DashboardServer(controller, self._config.model), SecondaryServer(controller)
        modbus = await serve_modbus(network, address, {_ANY_UNIT: Bank(controller)})
        self._listeners.append(modbus)
        for handler in (dashboard.serve, secondary.serve):
            self._listeners.append(await network.listen(address, handler))
        ports = [_port(listener) for listener in self._listeners]
        return {
            "link": f"tcp {_HOST}",
            "modbus_port": ports[0],
            "dashboard_port": ports[1],
            "secondary_port": ports[2],
        }

    async def aclose(self) -> None:
        """Stop serving, and the program with it."""
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            await listener.aclose()
        if listeners:
            self.controller.close()

    def _tell(self, pose_at: Callable[[float], Pose], moving: bool) -> None:
        self._plant.arm(self.name, pose_at, moving)


def _port(listener: Listener) -> int:
    address = listener.address
    assert isinstance(address, TcpAddress), "it was made with one"
    assert address.port is not None, "it is bound"
    return address.port
