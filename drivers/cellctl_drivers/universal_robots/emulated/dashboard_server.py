"""The dashboard server (29999): one line in, one line out.

Texts: UR's dashboard manual for e-Series, as clients match them (UniversalRobots/Universal_Robots_Client_Library,
src/ur/dashboard_client_implementation_g5.cpp); the refusal in Local mode: Universal_Robots_ROS_Driver issue 262.
"""

from __future__ import annotations

from collections.abc import Callable

from cellctl.errors import LinkError
from cellctl.links import ByteStream, LineReader
from cellctl_drivers.universal_robots.emulated.controller import Controller

BANNER = "Connected: Universal Robots Dashboard Server"
LOCAL = (
    "Command is not allowed due to safety reasons, please switch robot to Remote Control mode and "
    "reconnect to port 29999"
)
LOCKED = (
    "Cannot unlock protective stop until 5s after occurrence. Always inspect cause of protective stop before unlocking"
)
_REMOTE_ONLY = ("power on", "power off", "brake release", "unlock protective stop", "play", "pause", "stop", "load",
                "restart safety", "shutdown")  # fmt: skip
_LONGEST_LINE = 1024


class DashboardServer:
    """Serves any number of clients. A connection opened in Local mode stays without rights until it is opened anew."""

    def __init__(self, controller: Controller, model: str) -> None:
        self._controller = controller
        self._answers = _answers(controller, model)

    async def serve(self, stream: ByteStream) -> None:
        """One connection."""
        remote = self._controller.remote
        reader = LineReader(stream)
        try:
            await stream.send(f"{BANNER}\n".encode())
            while True:
                command = " ".join((await reader.line(limit=_LONGEST_LINE)).decode("ascii", "replace").split())
                reply = self._reply(command, remote and self._controller.remote)
                await stream.send(f"{reply}\n".encode())
                if reply == "Disconnected":
                    return
        except LinkError:
            return  # the client went away, or sent no line that could be one

    def _reply(self, command: str, remote: bool) -> str:
        low = command.lower()
        if low.startswith(_REMOTE_ONLY) and not remote:
            return LOCAL
        if low in self._answers:
            return self._answers[low]()
        for start, answer in (("popup ", "showing popup"), ("addtolog ", "Added log message")):
            if low.startswith(start):
                return answer
        if low.startswith("load "):
            return f"File not found: {command[5:]}"
        return f'could not understand: "{command}"'


def _answers(controller: Controller, model: str) -> dict[str, Callable[[], str]]:
    def act(action: Callable[[], object], text: str) -> Callable[[], str]:
        def answer() -> str:
            action()
            return text

        return answer

    def try_to(action: Callable[[], bool], text: str, refusal: str) -> Callable[[], str]:
        return lambda: text if action() else refusal

    def program_state() -> str:
        if controller.machine is None:
            return "STOPPED <unnamed>"
        return f"{'PAUSED' if controller.machine.paused else 'PLAYING'} <unnamed>"

    return {
        "power on": act(controller.power_on, "Powering on"),
        "power off": act(controller.power_off, "Powering off"),
        "brake release": act(controller.release_brakes, "Brake releasing"),
        "unlock protective stop": try_to(controller.unlock_protective_stop, "Protective stop releasing", LOCKED),
        "close safety popup": lambda: "closing safety popup",
        "close popup": lambda: "closing popup",
        "restart safety": act(controller.power_off, "Restarting safety"),
        # A program sent as a script is none that was loaded: there is nothing to play.
        "play": lambda: "Failed to execute: play",
        "pause": try_to(controller.pause_program, "Pausing program", "Failed to execute: pause"),
        "stop": try_to(controller.stop_program, "Stopped", "Failed to execute: stop"),
        "robotmode": lambda: f"Robotmode: {controller.mode.name}",
        "safetymode": lambda: f"Safetymode: {controller.safety.name}",
        "safetystatus": lambda: f"Safetystatus: {controller.safety.name}",
        "running": lambda: f"Program running: {str(controller.running).lower()}",
        "programstate": program_state,
        "is in remote control": lambda: str(controller.remote).lower(),
        "get loaded program": lambda: "No program loaded",
        "isprogramsaved": lambda: "false <unnamed>",
        "get operational mode": lambda: "NONE",
        "polyscopeversion": lambda: "URSoftware 5.17.0.0 (emulated)",
        "version": lambda: "5.17.0.0",
        "get serial number": lambda: "20240000000",
        "get robot model": lambda: model.upper().removesuffix("E"),
        "quit": lambda: "Disconnected",
    }
