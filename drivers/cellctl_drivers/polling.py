"""How a polled device is kept connected: ask at a steady rate, tell when it is lost, come back by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cellctl import clock
from cellctl.devices import Condition, Device
from cellctl.errors import BadAnswer, LinkDown, LinkError, NoAnswer, Refused

#: Polls in a row that may fail before the device counts as lost: one damaged frame is no reason to stop a cell.
ALLOWED_MISSES = 2
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # s between tries while it is lost
_BUSY = (5, 6)  # Modbus exceptions that pass by themselves


async def poll_forever(
    device: Device, poll: Callable[[], Awaitable[None]], *, period: float, hint: str, lost: Callable[[], None]
) -> None:
    """Call ``poll`` every ``period`` seconds until cancelled.

    ``poll`` reads the device, publishes and sets its health; it raises LinkError. ``lost`` is called each
    time the device turns from answering to lost; ``hint`` says what a person should look at then.
    """
    missed, pause = 0, FIRST_PAUSE
    while True:
        begun = clock.now()
        try:
            await poll()
        except LinkError as error:
            missed += 1
            if _is_lost(device, error, missed):
                if device.health.condition is not Condition.OFFLINE:
                    lost()
                device.set_health(Condition.OFFLINE, error.message, error.hint or hint)
                await clock.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
        else:
            missed, pause = 0, FIRST_PAUSE
        await clock.sleep(max(0.0, begun + period - clock.now()))


def _is_lost(device: Device, error: LinkError, missed: int) -> bool:
    if device.health.condition is Condition.OFFLINE or isinstance(error, LinkDown):
        return True
    passing = isinstance(error, NoAnswer | BadAnswer) or (isinstance(error, Refused) and error.code in _BUSY)
    return not passing or missed >= ALLOWED_MISSES
