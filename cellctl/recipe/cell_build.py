"""From a cell file to the Cell that runs: names resolved, frames multiplied out, drivers found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cellctl.devices import DeviceConfig, Driver, find_driver
from cellctl.errors import CellError
from cellctl.links.address import SerialAddress, parse_address
from cellctl.motion.pose import Pose
from cellctl.recipe.build import BROKEN, Builder
from cellctl.recipe.cell import Cell, CellDevice, CellSignal, Position, Station
from cellctl.recipe.cell_file import CellFile, Frame, Placement, PositionEntry, SignalEntry
from cellctl.recipe.cell_rules import build_interlocks, build_on_lost, build_retreats
from cellctl.recipe.cell_stations import build_station
from cellctl.recipe.diagnostics import Problems, near
from cellctl.recipe.fields import device_field, device_fields, has_signal, signals_hint
from cellctl.recipe.value_types import Type
from cellctl.recipe.yaml_nodes import MapNode, ScalarNode, YamlNode

#: What serial ports and their devices commonly have; another is possible, and more likely a slip.
BAUDS = (
    *(1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 76800, 115200, 128000),
    *(230400, 250000, 256000, 460800, 500000, 921600, 1000000, 2000000),
)


@dataclass
class CellBuild:
    """A cell in the making. Things that are wrong are missing from the mappings and in ``problems.suspects``."""

    file: CellFile
    problems: Problems
    digest: str
    devices: dict[str, CellDevice] = field(default_factory=dict[str, CellDevice])
    signals: dict[str, CellSignal] = field(default_factory=dict[str, CellSignal])
    frames: dict[str, Pose] = field(default_factory=lambda: {"base": Pose()})
    tools: dict[str, Pose] = field(default_factory=dict[str, Pose])
    positions: dict[str, Position] = field(default_factory=dict[str, Position])
    stations: dict[str, Station] = field(default_factory=dict[str, Station])
    drivers: dict[str, Driver | tuple[str, str, str]] = field(default_factory=dict[str, Driver | tuple[str, str, str]])
    lines: dict[str, tuple[str, SerialAddress]] = field(default_factory=dict[str, tuple[str, SerialAddress]])
    units: dict[tuple[str, int | None], str] = field(default_factory=dict[tuple[str, int | None], str])

    def known(self, name: str, names: Iterable[str], what: str, node: YamlNode) -> bool:
        """Whether ``name`` is one of ``names``; told of once where it is not."""
        names = list(names)
        if name in names:
            return True
        if name not in self.problems.suspects:
            self.problems.add(
                "unknown-name",
                f"the cell has no {what} {name!r}",
                node,
                hint=near(name, names, f"It has no {what} at all" if not names else ""),
            )
        return False

    def devices_with(self, capability: str) -> list[str]:
        """The names of the devices with a capability."""
        return [name for name, device in self.devices.items() if device.driver.capability == capability]

    def signal_type(self, reference: str, node: YamlNode, what: str = "signal") -> Type | None:
        """The type of ``device.signal``; None is told of."""
        device, _, signal = reference.partition(".")
        entries = self.file.devices
        if device not in self.devices:
            if device not in entries:
                self.known(device, entries, "device", node)
            return None
        capability = self.devices[device].driver.capability
        found = device_field(capability, signal)
        if found is None:
            self.problems.add(
                "unknown-name",
                f"{device} ({capability}) has no {what} {signal!r}",
                node,
                hint=near(signal, device_fields(capability)),
            )
        elif not has_signal(driver := self.devices[device].driver, signal):
            self.problems.add(
                "unknown-name",
                f"{device} ({driver.name}) has no {what} {signal!r}",
                node,
                hint=signals_hint(driver, signal),
            )
            return None
        return found


def build_cell(file: CellFile, problems: Problems, digest: str) -> Cell:
    """Put the cell together; everything wrong in it goes to ``problems``."""
    build = CellBuild(file, problems, digest)
    _frames(build)
    for name, tool in file.tools.items():
        if not tool.broken:
            build.tools[name] = _pose(tool)
    _devices(build)
    for name, signal in file.signals.items():
        _signal(build, name, signal)
    for name, position in file.positions.items():
        _position(build, name, position)
    for name, station in file.stations.items():
        if not station.broken and (made := build_station(build, name, station)) is not None:
            build.stations[name] = made
    return Cell(
        name=file.cell or "",
        digest=digest,
        devices=build.devices,
        signals=build.signals,
        frames=build.frames,
        tools=build.tools,
        positions=build.positions,
        stations=build.stations,
        zones=tuple(file.zones),
        retreats=build_retreats(build),
        interlocks=build_interlocks(build),
        on_lost=build_on_lost(build),
    )


def _pose(placement: Placement) -> Pose:
    return Pose.from_rpy(*placement.at, *placement.rotate)


def _frames(build: CellBuild) -> None:
    def resolve(name: str, frame: Frame, path: tuple[str, ...]) -> Pose | None:
        if name in build.frames:
            return build.frames[name]
        if name in build.problems.suspects:
            return None
        if name in path:
            build.problems.add(
                "circular-frame",
                f"the frames {' in '.join([*path, name])} go in a circle",
                frame.place_of("in"),
                hint="Tell one of them in base",
            )
            build.problems.suspects.update(path)
            return None
        if frame.broken:
            return None
        if frame.in_ != "base":
            if not build.known(frame.in_, ["base", *build.file.frames], "frame", frame.place_of("in")):
                return None
            outer = resolve(frame.in_, build.file.frames[frame.in_], (*path, name))
            if outer is None:
                return None
            build.frames[name] = outer @ _pose(frame)
        else:
            build.frames[name] = _pose(frame)
        return build.frames[name]

    for name, frame in build.file.frames.items():
        if name == "base":
            build.problems.add(
                "reserved-name", "base is the robot's own base frame", frame.node, hint="Give another name"
            )
        elif resolve(name, frame, ()) is None:
            build.problems.suspects.add(name)


def _devices(build: CellBuild) -> None:
    for name, node in build.file.devices.items():
        if not isinstance(node, MapNode):
            build.problems.add(
                "wrong-type", f"{name} must be a mapping, not {node.described}", node, hint="Write {driver: …, link: …}"
            )
            continue
        driver = _driver(build, name, node)
        if driver is None:
            build.problems.suspects.update((name, *node.texts()))
            continue
        config = _config(build, driver, node, name)
        if config is None:
            build.problems.suspects.add(name)
            continue
        build.devices[name] = CellDevice(name, driver, config)
        _address(build, name, node, config)


def _driver(build: CellBuild, name: str, node: MapNode) -> Driver | None:
    named = node.values.get("driver")
    if not isinstance(named, ScalarNode):
        build.problems.add(
            "missing-key",
            f"{name} names no driver",
            named or node,
            hint="Write driver: …; `cellctl drivers` lists them",
        )
        return None
    if named.text not in build.drivers:
        build.drivers[named.text] = _find(named.text)
    found = build.drivers[named.text]
    if isinstance(found, Driver):
        return found
    code, message, hint = found
    build.problems.add(code, message, named, hint=hint)
    return None


def _find(name: str) -> Driver | tuple[str, str, str]:
    """The driver of a name; or code, message and hint."""
    try:
        return find_driver(name)
    except CellError as error:
        return "unknown-driver", error.message, error.hint
    except Exception as error:  # a driver package may be anybody's, and fail in any way when it is imported
        return "broken-driver", f"the driver {name!r} cannot be imported: {error!r}", "Reinstall its package"


def _config(build: CellBuild, driver: Driver, node: MapNode, name: str) -> DeviceConfig | None:
    def tool(named: YamlNode) -> Any:
        if isinstance(named, ScalarNode) and build.known(named.text, build.file.tools, "tool", named):
            return build.tools.get(named.text, BROKEN)
        return BROKEN

    builder = Builder(build.problems, {"tool": tool})
    config = builder.model(node, driver.config, name)
    if config is BROKEN:
        return None
    assert isinstance(config, DeviceConfig), "Driver.config is a DeviceConfig"
    if config.frame is not None and not build.known(config.frame, build.frames, "frame", node.values["frame"]):
        return None
    return config


def _address(build: CellBuild, name: str, node: MapNode, config: DeviceConfig) -> None:
    link = node.values["link"]
    try:
        address = parse_address(config.link)
    except CellError as error:
        build.problems.add("address", error.message, link, hint=error.hint)
        return
    if config.emulated and not (address.on_this_machine or link.source.is_data):
        build.problems.add(
            "address",
            f"{name} cannot be emulated: {config.link!r} is not an address of this machine",
            node.values["emulated"],
            hint="Leave emulated out; cellctl run --emulate and cellctl emulate give addresses of emulated devices",
        )
    if not isinstance(address, SerialAddress):
        return
    if address.baud not in BAUDS:
        build.problems.add(
            "address",
            f"{address.baud} is no usual baud rate",
            link,
            hint=near(str(address.baud), map(str, BAUDS)),
            severity="warning",
        )
    other, settings = build.lines.setdefault(address.path, (name, address))
    if (settings.baud, settings.format) != (address.baud, address.format):
        build.problems.add(
            "address",
            f"{address.path} runs at {settings.baud} {settings.format} for {other}",
            link,
            hint="All devices of one line have the same settings",
        )
    owner = build.units.setdefault((address.path, address.unit), name)
    if owner != name:
        build.problems.add(
            "address",
            f"{config.link!r} is the address of {owner} already",
            link,
            hint="Give each device of a line its own unit",
        )


def _signal(build: CellBuild, name: str, entry: SignalEntry) -> None:
    if entry.broken:
        return
    if name in build.file.devices:
        build.problems.add("duplicate-name", f"{name!r} is a device already", entry.node, hint="Give another name")
    if build.signal_type(entry.from_, entry.place_of("from")) is None:
        build.problems.suspects.add(name)
        return
    device, _, signal = entry.from_.partition(".")
    build.signals[name] = CellSignal(name, device, signal, entry.tag, entry.description)


def _position(build: CellBuild, name: str, entry: PositionEntry) -> None:
    if entry.broken:
        return
    if (entry.joints is None) == (entry.pose is None):
        what = "neither joints nor pose" if entry.joints is None else "both joints and pose"
        build.problems.add("position", f"{name} has {what}", entry.node, hint="Write one of joints: and pose:")
        build.problems.suspects.add(name)
        return
    good = build.known(entry.frame, build.frames, "frame", entry.place_of("frame"))
    if entry.tool:
        good &= build.known(entry.tool, build.file.tools, "tool", entry.place_of("tool"))
    if entry.robot is not None:
        good &= build.known(entry.robot, build.devices_with("robot"), "robot", entry.place_of("robot"))
    elif len(build.devices_with("robot")) > 1:
        build.problems.add("position", f"{name} does not say which robot's it is", entry.node, hint="Write robot: …")
    if not good:
        build.problems.suspects.add(name)
        return
    pose = build.frames[entry.frame] @ Pose.from_rpy(*entry.pose) if entry.pose is not None else None
    joints = tuple(entry.joints) if entry.joints is not None else None
    taught = entry.taught
    build.positions[name] = Position(
        name, joints, pose, entry.tool, taught.by if taught else "", taught.at if taught else ""
    )
