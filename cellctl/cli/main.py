"""``cellctl VERB …``: finds the verb, imports it alone, and turns errors into words and exit codes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import cellctl
from cellctl.cli import exits
from cellctl.cli.table import GROUPS, HIDDEN, VERBS
from cellctl.errors import CellError

if TYPE_CHECKING:
    import argparse

_USAGE = "usage: cellctl VERB [ARGUMENTS]"
_TAIL = """\
cellctl VERB --help tells more of each. Exit codes: 0 done, 1 not complete or errors in files, 2 usage,
3 refused, 4 no controller, 5 device or link, 6 journal, 70 internal, 130 Ctrl-C.
--traceback (or CELLCTL_TRACEBACK=1) shows where in the program an error came from."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; its exit code (see ``exits``)."""
    words = sys.argv[1:] if arguments is None else arguments
    traceback = "--traceback" in words or os.environ.get("CELLCTL_TRACEBACK") == "1"
    words = [word for word in words if word != "--traceback"]
    try:
        code = _dispatch(words)
        sys.stdout.flush()
    except CellError as error:
        if traceback:
            raise
        _complain(error)
        return exits.code_of(error)
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        from cellctl.cli.output import give_up_stdout

        give_up_stdout()
        return exits.BROKEN_PIPE
    except Exception as error:
        if traceback:
            raise
        print(f"cellctl: internal error: {error!r}. --traceback shows where; please report it", file=sys.stderr)
        return exits.INTERNAL
    return code


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("--help", "-h", "help"):
        if len(words) > 1:
            return _dispatch([words[1], "--help"])
        _help()
        return exits.OK if words else exits.USAGE
    if words[0] in ("--version", "-V"):
        print(f"cellctl {cellctl.__version__}")
        return exits.OK
    return _call(words[0], words[1:])


def _call(name: str, words: list[str]) -> int:
    verb = VERBS.get(name) or HIDDEN.get(name)
    if verb is None:
        import difflib

        near = difflib.get_close_matches(name, VERBS, n=1)
        print(f"cellctl: there is no verb {name!r}. {f'Did you mean {near[0]}?' if near else _USAGE}", file=sys.stderr)
        return exits.USAGE
    import argparse
    import importlib

    module = importlib.import_module(f"cellctl.cli.verbs.{verb.module}")
    parser = argparse.ArgumentParser(
        prog=f"cellctl {name}",
        description=verb.help[0].upper() + verb.help[1:] + ".",
        epilog=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(verb=name)
    module.configure(parser)
    try:
        parsed: argparse.Namespace = parser.parse_args(words)
    except SystemExit as end:  # --help, or a wrong command line that argparse has explained
        return int(end.code or 0)
    code: int = module.run(parsed)
    return code


def _help() -> None:
    print(f"{_USAGE}\n\nRuns robotic cells from plain files.\n")
    for title, verbs in GROUPS.items():
        print(f"{title}:")
        for name, verb in verbs.items():
            print(f"  {name:<10} {verb.help}")
        print()
    print(_TAIL)


def _complain(error: CellError) -> None:
    from cellctl.cli.output import complain

    complain(error)


if __name__ == "__main__":
    sys.exit(main())
