"""The controller: PackML unit machine, sequencer, interlocks, ledger of parts, questions."""

from cellctl.controller.build import make_devices
from cellctl.controller.controller import Controller
from cellctl.controller.packml import Command, Mode, State

__all__ = ["Command", "Controller", "Mode", "State", "make_devices"]
