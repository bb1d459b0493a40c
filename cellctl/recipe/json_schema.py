"""JSON Schema (draft 7) of cell and recipe files, from the models that read them.

pydantic writes the 2020-12 dialect, which tools of draft 7 misread (``prefixItems`` is ignored, ``$defs`` is
not looked into), so it is rewritten. Where pydantic says ``anyOf`` over the heads of steps or the drivers
of devices, ``if … then`` stands instead: an editor then tells of the one head that is meant.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, WithJsonSchema, create_model

from cellctl.devices import CAPABILITIES, DeviceConfig, driver_names, find_driver
from cellctl.errors import CellError
from cellctl.recipe.build import MAX_TARGETS
from cellctl.recipe.cell_file import CellFile, DeviceEntry
from cellctl.recipe.fields import actions
from cellctl.recipe.recipe_file import DEVICE_NEEDS, STEPS, THINGS, RecipeFile
from cellctl.recipe.schema_types import Written
from cellctl.recipe.value_types import VALUE_KINDS
from cellctl.units import KINDS

DIALECT = "http://json-schema.org/draft-07/schema#"
Schema = dict[str, Any]
_STEP_NAMES = frozenset(model.__name__ for model in STEPS.values())
_EXPRESSION: Schema = {"type": ["string", "number", "boolean"], "description": "an expression"}
_TARGETS: Schema = {
    "type": ["array", "string"],
    "items": _EXPRESSION,
    "minItems": 1,
    "maxItems": MAX_TARGETS,
    "description": "targets: a list of expressions, or an expression",
}


def schema(kind: Literal["cell", "recipe"]) -> Schema:
    """The draft-7 schema of a kind of file."""
    model: type[BaseModel] = CellFile if kind == "cell" else RecipeFile
    made = _draft7(model.model_json_schema(by_alias=True))
    definitions: Schema = made.setdefault("definitions", {})
    if kind == "cell":
        definitions["DeviceEntry"] = _device(definitions)
        made["properties"]["devices"]["additionalProperties"] = {"$ref": "#/definitions/DeviceEntry"}
    else:
        definitions["Step"] = _step()
        definitions["Branch"] = _branch(definitions["Branch"])
        definitions["WithEntry"] = _with_entry(definitions["WithEntry"])
        _arguments(definitions["DoStep"])
    made = _with_steps(made) if kind == "recipe" else made
    head = {"$schema": DIALECT, "$id": f"https://cellctl.invalid/schema/{kind}.json", "title": f"cellctl {kind} file"}
    return {**head, **{key: value for key, value in made.items() if key != "title"}}


def _draft7(node: Any) -> Any:
    """The same schema in the words of draft 7."""
    if isinstance(node, list):
        return [_draft7(item) for item in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    made: Schema = {}
    for key, value in cast(Schema, node).items():
        if key == "$defs":
            made["definitions"] = _draft7(value)
        elif key == "prefixItems":
            made["items"] = _draft7(value)
            made["additionalItems"] = False
        elif key == "$ref":
            made["$ref"] = str(value).replace("#/$defs/", "#/definitions/")
        elif key in {"properties", "definitions"} or not (key == "title" and isinstance(value, str)):
            made[key] = _draft7(value)
    if isinstance(made.get("type"), str) and made["type"] == "string":
        for key in ("exclusiveMinimum", "minimum", "exclusiveMaximum", "maximum"):
            made.pop(key, None)  # limits of the SI value say nothing of the text
    if made.get("default", 0) is None:
        made.pop("default")
    return _nullable(made)


def _nullable(node: Schema) -> Schema:
    """``anyOf`` of one plain type and null as one list of types."""
    options: list[Schema] = node.get("anyOf", [])
    kinds = [option for option in options if option != {"type": "null"}]
    if len(kinds) == len(options) or len(kinds) != 1 or not isinstance(kinds[0].get("type"), str | list):
        return node
    kind = kinds[0]["type"]
    types = [kind] if isinstance(kind, str) else cast(list[str], kind)
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    merged: Schema = {**kinds[0], **rest, "type": [*types, "null"]}
    if "enum" in merged:
        merged["enum"] = [*merged["enum"], None]
    return merged


def _with_steps(node: Any) -> Any:
    """Every union of all steps as a reference to Step."""
    if isinstance(node, list):
        return [_with_steps(item) for item in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    mapping = cast(Schema, node)
    options: list[Schema] = mapping.get("anyOf", [])
    names = {str(option.get("$ref", "")).rpartition("/")[2] for option in options}
    if names >= _STEP_NAMES:
        return {"$ref": "#/definitions/Step"}
    return {key: _with_steps(value) for key, value in mapping.items()}


def _step() -> Schema:
    return {
        "type": "object",
        "description": "A step: exactly one of the head keys " + ", ".join(STEPS),
        "oneOf": [{"required": [head]} for head in STEPS],
        "allOf": [_if_head(head) for head in STEPS],
    }


def _if_head(head: str) -> Schema:
    return {"if": {"required": [head]}, "then": {"$ref": f"#/definitions/{STEPS[head].__name__}"}}


def _branch(branch: Schema) -> Schema:
    """``when`` or ``otherwise`` with ``steps``, or with the keys of one step beside it."""
    heads: list[Schema] = [{"required": [head]} for head in STEPS]
    plain: Schema = {**branch, "additionalProperties": False}
    return {
        "type": "object",
        "properties": {key: branch["properties"][key] for key in ("when", "otherwise")},
        "oneOf": [{"required": ["when"]}, {"required": ["otherwise"]}],
        "if": {"anyOf": heads},
        "then": {"oneOf": heads},
        "else": {key: value for key, value in plain.items() if key != "description"},
    }


def _with_entry(entry: Schema) -> Schema:
    """A type alone, or with a default."""
    kinds: Schema = {"type": "string", "enum": [*DEVICE_NEEDS, *THINGS, "part", *VALUE_KINDS]}
    whole: Schema = {**entry, "properties": {**entry["properties"], "type": kinds}}
    return {"if": {"type": "object"}, "then": whole, "else": kinds}


def _arguments(do_step: Schema) -> None:
    """Name the arguments of every action, so that an editor can offer them."""
    properties: Schema = do_step["properties"]
    for capability in CAPABILITIES:
        for action in actions(capability).values():
            for name, parameter in action.parameters.items():
                plain = {**_EXPRESSION, "description": f"{parameter.kind.replace('_', ' ')}: an expression"}
                properties.setdefault(name, _TARGETS if parameter.kind == "targets" else plain)
    do_step["additionalProperties"] = _EXPRESSION


def _device(definitions: Schema) -> Schema:
    """A device: its driver, and the keys of that driver."""
    base = _draft7(DeviceEntry.model_json_schema(by_alias=True))
    known: list[str] = []
    for name in sorted(driver_names()):
        try:
            config = find_driver(name).config
        except (CellError, ImportError, AttributeError):
            continue  # one that cannot be imported has no keys to offer
        made = _draft7(
            _written(config).model_json_schema(by_alias=True, ref_template=f"#/definitions/{name}.{{model}}")
        )
        for inner, value in made.pop("definitions", {}).items():
            definitions[f"{name}.{inner}"] = value
        made["properties"]["driver"] = {"const": name}
        definitions[f"Device.{name}"] = made
        known.append(name)
    base["properties"]["driver"]["enum"] = known
    base["allOf"] = [
        {
            "if": {"properties": {"driver": {"const": name}}, "required": ["driver"]},
            "then": {"$ref": f"#/definitions/Device.{name}"},
        }
        for name in known
    ]
    return cast(Schema, base)


def _written(config: type[DeviceConfig]) -> type[BaseModel]:
    """A model like ``config`` that says how quantities are written."""
    fields: dict[str, Any] = {}
    for name, info in config.model_fields.items():
        kind = next((each for each in info.metadata if isinstance(each, str)), "")
        if kind in KINDS:
            fields[name] = (Annotated[info.annotation, Written(kind)], info)
        elif kind:
            fields[name] = (Annotated[info.annotation, WithJsonSchema({"type": "string", "description": kind})], info)
    return create_model(config.__name__, __base__=config, __doc__=config.__doc__, **fields)
