"""JSON Schema draft-7, from the same models that the files are checked with. For an editor with
yaml-language-server, begin the file with:  # yaml-language-server: $schema=cell.schema.json"""

from __future__ import annotations

import argparse
import json

from cellctl.cli import exits


def configure(parser: argparse.ArgumentParser) -> None:
    """Which file's."""
    parser.add_argument("file", choices=("cell", "recipe"))


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    from cellctl.recipe import schema

    print(json.dumps(schema(arguments.file), indent=2))
    return exits.OK
