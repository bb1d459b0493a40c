"""One command and its confirmation, for any device of a capability: emulated or real, with or without motion."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from cellctl.devices import Conveyor, Device, DigitalIO, EnergyMeter, Gripper, Quality, Robot, VisionStation
from cellctl.errors import DeviceFault

_BELT_SPEED = 0.05  # m/s
_STEP = 0.05  # rad
_CLOSE = 0.003  # rad; an arm reports its joints in mrad

Work = Callable[[Any], Coroutine[Any, Any, str]]


async def command_and_confirm(device: Device, *, motion: bool) -> str:
    """Make ``device`` ready, give it one command and compare what it confirms. Returns that in words.

    Without ``motion`` only commands that move nothing are given; "" where its capability has none.
    Raises CellError from the device, AssertionError where its confirmation does not fit the command.
    """
    for capability, still, moving in _WORK:
        if isinstance(device, capability):
            work = moving if motion else still
            return await work(device) if work is not None else ""
    return ""


def confirmed(device: Device, name: str) -> Any:
    """The value of a signal that is good. Raises AssertionError for one that is not."""
    signal = device.signal(name)
    assert signal.quality is Quality.GOOD, f"{device.name}.{name} is {signal.quality}"
    return signal.value


async def _inspect(camera: VisionStation) -> str:
    await camera.prepare(part_held=False)
    try:
        result = await camera.inspect()
    except DeviceFault as fault:
        assert fault.fault == "nothing_seen", str(fault)
        return "inspected: nothing in view"
    assert result["found"] >= 1
    assert bool(result["code"]) == result["readable"], f"code {result['code']!r}, readable {result['readable']}"
    return f"inspected: {result['found']} in view, the first at {result['pose'].x:.4f}, {result['pose'].y:.4f} m"


async def _halt(belt: Conveyor) -> str:
    await belt.halt()
    assert confirmed(belt, "running") is False
    return "halted: stands still"


async def _run_belt(belt: Conveyor) -> str:
    await belt.prepare(part_held=False)
    await belt.advance(_BELT_SPEED)
    speed = confirmed(belt, "speed")
    assert confirmed(belt, "running") is True
    assert abs(speed - _BELT_SPEED) <= 0.1 * _BELT_SPEED, f"asked {_BELT_SPEED} m/s, confirmed {speed} m/s"
    await belt.halt()
    assert confirmed(belt, "running") is False
    return f"advanced at {speed:.4f} m/s, halted"


async def _open_fingers(hand: Gripper) -> str:
    await hand.prepare(part_held=False)
    await hand.release()
    assert confirmed(hand, "holding") is False
    width = confirmed(hand, "width")
    try:
        await hand.grip(0.4 * width, force=20.0)
    except DeviceFault as fault:
        assert fault.fault in ("missed", "wrong_size"), str(fault)
        held = fault.fault
    else:
        held = "holding"
    await hand.release()
    return f"opened to {width * 1000:.1f} mm, closed ({held}), opened"


async def _turn_base(arm: Robot) -> str:
    await arm.prepare(part_held=False)
    await arm.set_permit(True)
    start = arm.joints()
    target = (start[0] + (_STEP if start[0] < 0 else -_STEP), *start[1:])
    await arm.move(target, speed=0.2, acceleration=0.5)
    reached = arm.joints()
    off = max(abs(one - other) for one, other in zip(reached, target, strict=True))
    assert off <= _CLOSE, f"the joints are {off:.4f} rad off the target"
    await arm.move(start, speed=0.2, acceleration=0.5)
    await arm.set_permit(False)
    return f"turned the base by {reached[0] - start[0]:+.3f} rad and back"


async def _read_power(meter: EnergyMeter) -> str:
    return f"power {confirmed(meter, 'power')} W"


_WORK: tuple[tuple[type[Any], Work | None, Work | None], ...] = (  # capability, without motion, with motion
    (VisionStation, _inspect, _inspect),
    (Conveyor, _halt, _run_belt),
    (Gripper, None, _open_fingers),
    (Robot, None, _turn_base),
    (DigitalIO, None, None),
    (EnergyMeter, _read_power, _read_power),
)
