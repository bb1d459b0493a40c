"""What the pages in docs/ and the README show is true: YAML passes the check, and commands exist."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from cellctl.cli.table import HIDDEN, VERBS
from cellctl.emulation.plant_file import load_plant
from cellctl.recipe import check_paths, render

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
KINDS = {"cell", "recipe", "site", "steps", "plant"}

#: ``yaml steps`` stand in a loop after a part was seen, in a recipe that answers every fault.
AROUND_STEPS = """\
on_hold: {before_grip: pause}
procedure:
  - repeat: forever
    steps:
      - {name: look_for_a_part, do: camera.inspect, takes: part, from: infeed}
"""
ANSWERS = "\n  nothing_seen: hold\n  missed: hold\n  wrong_size: hold\n  dropped: hold\n"


class Block(NamedTuple):
    """A fenced block: where it begins, what the fence says, what is in it."""

    place: str
    info: str
    text: str


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        for match in re.finditer(r"^```(.*?)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            yield Block(f"{page.name}:{line}", match[1].strip(), match[2])


def of_kind(kind: str) -> list[Block]:
    return [block for block in blocks() if block.info == f"yaml {kind}"]


def each(*kinds: str) -> pytest.MarkDecorator:
    found = [block for kind in kinds for block in of_kind(kind)]
    return pytest.mark.parametrize("block", found, ids=[block.place for block in found])


@cache
def documented_cell() -> str:
    return of_kind("cell")[0].text


@cache
def documented_recipe() -> str:
    return of_kind("recipe")[0].text


def check(directory: Path, **files: str) -> None:
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text, encoding="utf-8")
    report = check_paths([directory])
    errors = [found for found in report.diagnostics if found.severity == "error"]
    assert not errors, "\n" + render(errors, "full")


def test_every_yaml_block_says_what_it_is() -> None:
    odd = [b.place for b in blocks() if b.info.startswith("yaml") and b.info.removeprefix("yaml ") not in KINDS]
    assert not odd, f"write one of {sorted(KINDS)} after yaml"


@each("cell")
def test_cells_pass_the_check(block: Block, tmp_path: Path) -> None:
    check(tmp_path, cell=block.text)


@each("site")
def test_overlays_fit_the_cell(block: Block, tmp_path: Path) -> None:
    check(tmp_path, cell=documented_cell(), site=block.text)


@each("recipe")
def test_recipes_pass_the_check(block: Block, tmp_path: Path) -> None:
    check(tmp_path, cell=documented_cell(), recipe=block.text)


@each("steps")
def test_steps_pass_the_check_in_a_recipe(block: Block, tmp_path: Path) -> None:
    head, _, _ = documented_recipe().partition("\nprocedure:")
    head = head.replace("\non_fault:\n", "\non_fault:" + ANSWERS)
    check(tmp_path, cell=documented_cell(), recipe=f"{head}\n{AROUND_STEPS}{textwrap.indent(block.text, ' ' * 6)}")


@each("plant")
def test_plants_can_be_read(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    file.write_text(block.text, encoding="utf-8")
    plant = load_plant(file)
    assert plant.parts is None or plant.parts.gap > 0


# -- commands ---------------------------------------------------------------------------------------


#: At the start of a line of a transcript or a listing (up to a comment or two blanks), or in backquotes.
SHOWN = (r"^(?: +|\$ | +\$ )(?:\S*/)?cellctl +(\S.*?)(?: {2,}.*| #.*)?$", r"`cellctl +([^`\n]+)`")


def commands() -> list[tuple[str, str]]:
    """Every ``cellctl …`` that a page shows, with its place."""
    found: list[tuple[str, str]] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        for match in (match for pattern in SHOWN for match in re.finditer(pattern, text, re.MULTILINE)):
            line = text.count("\n", 0, match.start()) + 1
            found.append((f"{page.name}:{line}", match[1]))
    return found


def parser_of(verb: str) -> argparse.ArgumentParser:
    entry = VERBS.get(verb) or HIDDEN.get(verb)
    assert entry is not None, f"there is no verb {verb!r}"
    parser = argparse.ArgumentParser(prog=verb, exit_on_error=False, allow_abbrev=False)
    importlib.import_module(f"cellctl.cli.verbs.{entry.module}").configure(parser)
    return parser


def verbs_and_words(command: str) -> Iterator[tuple[str, list[str]]]:
    """``hold|unhold --wait`` is two commands; what a shell does with the output is not the command's."""
    first, *words = shlex.split(re.split(r" (?:2?>|&|;|\|) ?", command)[0])
    for verb in first.split("|"):
        yield verb, words


@pytest.mark.parametrize(("place", "command"), commands(), ids=lambda text: text)
def test_commands_exist(place: str, command: str) -> None:
    for verb, words in verbs_and_words(command):
        if verb.startswith("-") or verb == "VERB":
            continue
        parser = parser_of(verb)
        known = {option for action in parser._actions for option in action.option_strings}
        given = {word.partition("=")[0] for word in words if word.startswith("-")} - {"--traceback"}
        assert given <= known, f"{place}: {verb} has no {', '.join(sorted(given - known))}"
        if words:
            parse(parser, words, place)


def parse(parser: argparse.ArgumentParser, words: list[str], place: str) -> None:
    try:
        parser.parse_args(words)
    except (argparse.ArgumentError, SystemExit) as error:
        raise AssertionError(f"{place}: {' '.join(words)} does not parse: {error}") from error


# -- code -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "block",
    [b for b in blocks() if b.info == "python" and b.place.startswith("drivers.md")],
    ids=lambda block: block.place,
)
def test_code_is_taken_from_the_example_and_its_test(block: Block) -> None:
    sources = [*(ROOT / "docs" / "examples").rglob("*.py"), ROOT / "tests" / "unit" / "test_docs_driver.py"]
    shown = block.text.strip("\n")
    assert any(shown in source.read_text(encoding="utf-8") for source in sources), f"{block.place} is nowhere"
