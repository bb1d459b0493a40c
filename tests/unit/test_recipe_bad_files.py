"""Files that are no cell and no recipe: each refused with its place, in bounded time, whatever it is."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recipe_files import CELL, RECIPE, findings, swap

from cellctl.recipe import CheckFailed, Diagnostic, check_paths, load_cell, load_recipe, render
from cellctl.recipe.source import MAX_BYTES, SourceError, from_text
from cellctl.recipe.yaml_nodes import MAX_LEVELS, MAX_NODES, YamlProblem, compose


def only(path: Path) -> Diagnostic:
    report = check_paths([path])
    assert not report.ok
    assert len(report.diagnostics) == 1, [each.message for each in report.diagnostics]
    for output_format in ("full", "concise", "json"):
        assert render(report.diagnostics, output_format)  # type: ignore[arg-type]
    return report.diagnostics[0]


def written(folder: Path, data: bytes | str) -> Path:
    path = folder / "recipe.yaml"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{letter}: &{letter} [{', '.join(['*' + before] * 10)}]\n"
    for before, letter in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "empty", 1),
        (b"# only a remark\n", "empty", 1),
        (b"\x7fELF\x02\x01\x01\0\0\0", "not-text", 1),
        (random.Random(1).randbytes(5000), "not-text", 1),
        ("recipe: schön\n".encode("latin-1"), "encoding", 1),
        ("recipe: x\n# grün\n".encode("cp1252"), "encoding", 2),
        ("recipe: x\n".encode("utf-16"), "encoding", 1),
        (b"recipe: x\nversion: \x1b[31m1\n", "not-text", 2),
        (b"x" * (MAX_BYTES + 1), "too-large", 1),
        (b"# \n" * 60_000, "too-large", 1),
        (b"a: " + b"!" * 100_000, "too-large", 1),
        ("[" * (MAX_LEVELS + 1), "too-deep", 1),
        ("- " * 400, "too-deep", 1),
        ("-\n" * (MAX_NODES + 1), "too-many-nodes", MAX_NODES),
        (BOMB, "too-many-nodes", 5),
        ("recipe: &a [*a]\n", "recursive-alias", 1),
        ("recipe: *nothing\n", "unknown-alias", 1),
        ("recipe: x\nrecipe: y\n", "duplicate-key", 2),
        ("recipe: x\n'recipe': y\n", "duplicate-key", 2),
        ("recipe: x\n---\nrecipe: y\n", "second-document", 2),
        ("recipe: !!python/object/apply:os.system [ls]\n", "tag", 1),
        ("recipe: !x y\n", "tag", 1),
        ("%YAML 1.1\n---\nrecipe: x\n", "yaml-version", 2),
        ("recipe: x\n\tversion: 1\n", "yaml-syntax", 2),
        ("recipe: [1, 2\nversion: 1\n", "yaml-syntax", 2),
        ("recipe: 'x\nversion: 1\n", "yaml-syntax", 3),
        ("recipe: x: y\n", "yaml-syntax", 1),
        ("{[1]: 2}\n", "key", 1),
        ("- a\n- b\n", "unknown-file", 1),
        ("just a text\n", "unknown-file", 1),
        ("foo: 1\n", "unknown-file", 1),
    ],
    ids=lambda each: repr(each)[:30],
)
def test_refused_with_its_place(tmp_path: Path, data: bytes | str, code: str, line: int) -> None:
    found = only(written(tmp_path, data))
    assert (found.code, found.mark.line) == (code, line), found.message
    assert found.hint
    assert "\x1b" not in found.excerpt


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "empty").mkdir()
    assert "circle" in only(tmp_path / "loop.yaml").message
    assert "not a regular file" in only(tmp_path / "pipe.yaml").message
    assert "no such file" in only(tmp_path / "gone.yaml").message
    assert only(tmp_path / "empty").code == "nothing-to-check"
    assert only(Path("/dev/zero")).code == "not-a-file"
    assert only(tmp_path / "nul\0.yaml").code == "unreadable"
    with pytest.raises(CheckFailed, match="no such file"):
        load_cell(tmp_path / "empty")
    with pytest.raises(CheckFailed, match="no such file"):
        load_recipe(tmp_path / "gone.yaml")


def test_a_directory_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").mkdir()
    assert only(tmp_path).code == "not-a-file"


def test_yaml_1_2_words_are_texts() -> None:
    data = compose(from_text("x", "a: on\nb: yes\nc: 1:30\nd: 0o17\ne: 010\nf: ~\ng: 'true'\nh: 1e3\ni: -S3\n")).data()
    assert data == {
        "a": "on",
        "b": "yes",
        "c": "1:30",
        "d": 15,
        "e": 10,
        "f": None,
        "g": "true",
        "h": 1000.0,
        "i": "-S3",
    }


def test_aliases_within_bounds_are_the_same_value() -> None:
    assert compose(from_text("x", "a: &a {b: 1}\nc: *a\n")).data() == {"a": {"b": 1}, "c": {"b": 1}}


YAMLISH = st.text(alphabet="ab1:-[]{},&*!#|>'\"%@` \n\t?", max_size=120)


@given(st.one_of(st.text(max_size=200), YAMLISH))
@settings(max_examples=300)
def test_any_text_is_a_tree_or_a_located_problem(text: str) -> None:
    try:
        node = compose(from_text("x", text))
    except (YamlProblem, SourceError) as error:
        assert error.line >= 1
        assert error.column >= 1
        return
    assert node.size <= MAX_NODES
    node.data()


WORDS = sorted({word for text in (RECIPE, CELL) for word in text.replace("\n", " ").split(" ") if word})


@given(st.sampled_from(["recipe", "cell"]), st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_of_a_file_gives_findings_and_nothing_else(tmp_path: Path, which: str, data: st.DataObject) -> None:
    text = RECIPE if which == "recipe" else CELL
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 40, len(text))))
    put = data.draw(st.one_of(st.sampled_from(WORDS), st.text(alphabet="abc:-[]{} \n", max_size=10), st.just("")))
    changed = text[:start] + put + text[end:]
    found = findings(tmp_path, **{which: changed})
    render(found)
    assert len({(each.place, each.code, each.message) for each in found}) == len(found)


LINES = [line for line in RECIPE.split("\n") if line]


@pytest.mark.parametrize("at", range(0, len(LINES), 1))
def test_any_line_left_out(tmp_path: Path, at: int) -> None:
    render(findings(tmp_path, recipe="\n".join(LINES[:at] + LINES[at + 1 :])))


def test_what_is_printed_cannot_steer_a_terminal(tmp_path: Path) -> None:
    found = findings(tmp_path, recipe=swap(RECIPE, "do: camera.inspect", 'do: "cam\\e[31mera.inspect"'))
    assert "\x1b" not in render(found)
