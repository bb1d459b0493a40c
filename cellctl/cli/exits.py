"""Every exit code of ``cellctl``. They are stable: scripts may rely on them.

0    done; for ``run``: the recipe is complete, and the plant of an emulated cell agrees
1    the run ended otherwise than complete, --wait ended in another state than wanted, or files have errors
2    the command line is wrong
3    refused by the controller (not legal in this state, a second controller), or a person must
     look first (an unfinished run, a question)
4    no controller runs that cell
5    a device or its link
6    the journal
70   an error inside cellctl
129, 130, 143   ended by SIGHUP, Ctrl-C, SIGTERM (``run`` has stopped the cell before)
141  the reader of our output has gone
"""

from __future__ import annotations

from cellctl import errors

OK = 0
FAILED = 1
USAGE = 2
REFUSED = 3
NO_CONTROLLER = 4
DEVICE = 5
JOURNAL = 6
INTERNAL = 70
SIGNALLED = 128  # + the signal's number
INTERRUPTED = 130
BROKEN_PIPE = 141

_BY_ERROR: tuple[tuple[type[errors.CellError], int], ...] = (
    (errors.FileError, FAILED),
    (errors.UsageError, USAGE),
    (errors.CommandRefused, REFUSED),
    (errors.NoController, NO_CONTROLLER),
    (errors.LinkError, DEVICE),
    (errors.DeviceError, DEVICE),
    (errors.JournalError, JOURNAL),
)


def code_of(error: errors.CellError) -> int:
    """The exit code that an error ends the command with."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), FAILED)
