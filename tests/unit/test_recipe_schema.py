"""The JSON Schema: draft 7, agrees with the checker on our files, and works in the real yaml-language-server.

The last test needs node and yaml-language-server (npm); it is skipped where they are missing. Its
place is YAML_LANGUAGE_SERVER, or found on the PATH.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from recipe_files import CELL, RECIPE, swap, write

from cellctl.recipe import schema
from cellctl.recipe.source import read_source
from cellctl.recipe.yaml_nodes import compose

SERVER = os.environ.get("YAML_LANGUAGE_SERVER") or shutil.which("yaml-language-server")
FLAGSHIP = Path(__file__).parents[2] / "recipes" / "vision_sort"


def objections(kind: str, path: Path) -> list[str]:
    data = compose(read_source(path)).data()
    return [error.message for error in Draft7Validator(schema(kind)).iter_errors(data)]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["cell", "recipe"])
def test_it_is_draft_7_and_nothing_newer(kind: str) -> None:
    made = schema(kind)  # type: ignore[arg-type]
    Draft7Validator.check_schema(made)
    text = json.dumps(made)
    assert made["$schema"].startswith("http://json-schema.org/draft-07/")
    for word in ("prefixItems", "$defs", "unevaluated", "dependentRequired"):
        assert word not in text
    definitions = {f"#/definitions/{name}" for name in made["definitions"]}
    assert set(re.findall(r'"\$ref": "([^"]+)"', text)) <= definitions


@pytest.mark.parametrize("kind", ["cell", "recipe"])
def test_our_own_files_hold_it(tmp_path: Path, kind: str) -> None:
    write(tmp_path)
    assert objections(kind, FLAGSHIP / f"{kind}.yaml") == []
    assert objections(kind, tmp_path / f"{kind}.yaml") == []


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("recipe", "do: camera.inspect", "doo: camera.inspect"),
        ("recipe", "{do: belt.halt}", "{do: belt.halt, wait: 2 s}"),
        ("recipe", "version: 3", "version: three"),
        ("recipe", "  ready: position}", "  ready: positon}"),
        ("recipe", "mass: 0.25 kg", "mass: 0.25"),
        ("recipe", "nothing_seen: next", "nothing_seen: nxt"),
        ("recipe", "type: count", "type: cont"),
        ("recipe", "within: 30 s", "witin: 30 s"),
        ("recipe", "with: {from: station", "with: {from: sation"),
        ("cell", "driver: cognex", "driver: congex"),
        ("cell", "watchdog: 300 ms", "watchdog: 300"),
        ("cell", "watchdog: 300 ms", "wachdog: 300 ms"),
        ("cell", "at: [0 mm, 0 mm, 163 mm]", "at: [0 mm, 163 mm]"),
        ("cell", "then: hold, withdraw", "then: hodl, withdraw"),
        ("cell", "zones:\n", "zone:\n"),
    ],
)
def test_it_sees_what_a_schema_can_see(tmp_path: Path, kind: str, old: str, new: str) -> None:
    text = swap(RECIPE if kind == "recipe" else CELL, old, new)
    write(tmp_path, **{kind: text})
    assert objections(kind, tmp_path / f"{kind}.yaml")


class Editor:
    """The half of an editor that speaks LSP to a language server on its standard input and output."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout
        self._number = 0
        self.yaml: dict[str, Any] = {}  # the settings that the server asks for

    def tell(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        return self.wait_for(lambda message: message.get("id") == self._number and "method" not in message)["result"]

    def diagnostics(self, uri: str) -> list[Any]:
        method = "textDocument/publishDiagnostics"
        found = self.wait_for(lambda each: each.get("method") == method and each["params"]["uri"] == uri)
        return list(found["params"]["diagnostics"])

    def wait_for(self, wanted: Any) -> Any:
        while True:
            message = self._receive()
            if wanted(message):
                return message
            if "id" in message and "method" in message:  # the server asks for its settings; nothing else matters
                items = message["params"].get("items", []) if isinstance(message.get("params"), dict) else []
                result = [self.settings(item.get("section")) for item in items]
                self._send({"id": message["id"], "result": result})

    def settings(self, section: str | None) -> Any:
        return self.yaml if section == "yaml" else {}

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._in.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._in.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self._out.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        assert length, "the language server has ended"
        made: dict[str, Any] = json.loads(self._out.read(length))
        return made


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    if SERVER is None or shutil.which("node") is None:
        pytest.skip("node or yaml-language-server is not there (npm install yaml-language-server)")
    with subprocess.Popen(
        [SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            made = Editor(process)
            schemas: dict[str, str] = {}
            for kind in ("cell", "recipe"):
                path = tmp_path / f"{kind}.schema.json"
                path.write_text(json.dumps(schema(kind)), encoding="utf-8")  # type: ignore[arg-type]
                schemas[path.as_uri()] = f"*{kind}.yaml"
            made.yaml = {
                "schemas": schemas,
                "validate": True,
                "completion": True,
                "hover": True,
                "schemaStore": {"enable": False},
            }
            made.ask(
                "initialize",
                processId=None,
                rootUri=tmp_path.as_uri(),
                capabilities={"workspace": {"configuration": True}, "textDocument": {"publishDiagnostics": {}}},
            )
            made.tell("initialized")
            made.tell("workspace/didChangeConfiguration", settings={"yaml": made.yaml})
            yield made
            made.ask("shutdown")
            made.tell("exit")
            process.wait(10)
        finally:
            process.kill()


def opened(editor: Editor, path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
    editor.tell("textDocument/didOpen", textDocument=document)
    return [f"{each['range']['start']['line'] + 1}: {each['message']}" for each in editor.diagnostics(path.as_uri())]


def test_in_the_real_language_server(tmp_path: Path, editor: Editor) -> None:
    assert opened(editor, tmp_path / "a_recipe.yaml", RECIPE) == []
    assert opened(editor, tmp_path / "a_cell.yaml", CELL) == []
    for kind in ("cell", "recipe"):
        text = (FLAGSHIP / f"{kind}.yaml").read_text(encoding="utf-8")
        assert opened(editor, tmp_path / f"flagship_{kind}.yaml", text) == []
    found = opened(editor, tmp_path / "b_recipe.yaml", swap(RECIPE, "  ready: position}", "  ready: positon}"))
    assert any(each.startswith("4: Value is not accepted") for each in found), found
    found = opened(editor, tmp_path / "b_cell.yaml", swap(CELL, "watchdog: 300 ms", "watchdog: 300"))
    assert any("Incorrect type" in each for each in found), found
    found = opened(editor, tmp_path / "c_cell.yaml", swap(CELL, "watchdog: 300 ms", "wachdog: 300 ms"))
    assert any("wachdog is not allowed" in each for each in found), found
    found = opened(editor, tmp_path / "c_recipe.yaml", swap(RECIPE, "do: camera.inspect", "doo: camera.inspect"))
    assert len(found) == 1
    assert offered(editor, tmp_path / "d_cell.yaml", "cell: x\ndevices:\n  cam:\n    driver: ") >= {"cognex", "altivar"}
    assert offered(editor, tmp_path / "e_cell.yaml", "cell: x\ndevices:\n  cam:\n    driver: cognex\n    ") >= {
        "job",
        "results",
    }
    assert offered(editor, tmp_path / "f_cell.yaml", "cell: x\n") >= {"frames", "interlocks"}
    assert offered(editor, tmp_path / "e_recipe.yaml", RECIPE + "  - do: arm.move\n    ") >= {"to", "speed", "within"}
    assert offered(editor, tmp_path / "f_recipe.yaml", "recipe: x\nneeds:\n  a: ") >= {"robot", "station"}


def offered(editor: Editor, path: Path, text: str) -> set[str]:
    """What the server offers at the end of a text."""
    opened(editor, path, text + "\n")
    last = text.split("\n")
    position = {"line": len(last) - 1, "character": len(last[-1])}
    completion = editor.ask("textDocument/completion", textDocument={"uri": path.as_uri()}, position=position)
    return {item["label"] for item in completion["items"]}
