"""Field types of the file models: SI values inside, and what a JSON Schema says of how they are written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, InstanceOf, WithJsonSchema
from pydantic_core import CoreSchema

from cellctl.recipe.expressions import Expr
from cellctl.units import KINDS

NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
Name = Annotated[str, Field(pattern=NAME)]
Reaction = Literal["hold", "suspend", "stop", "abort"]


class Written:
    """How a quantity of a kind is written, for the JSON Schema."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return quantity_schema(self._kind)


def quantity_schema(kind: str) -> dict[str, Any]:
    """The schema of a quantity: a text of number and unit; plain numbers only where there is no dimension."""
    unit = KINDS[kind][1]
    text = {
        "type": "string",
        "pattern": r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*\S.*$",
        "description": f"{kind.replace('_', ' ')}, like 10 {unit}".strip(),
        "examples": [f"10 {unit}".strip()],
    }
    return text if kind not in {"number", "ratio"} else {"type": ["number", "string"]}


Length = Annotated[float, "length", Written("length")]
Mass = Annotated[float, "mass", Written("mass")]
Time = Annotated[float, "time", Written("time")]
Angle = Annotated[float, "angle", Written("angle")]
Speed = Annotated[float, "speed", Written("speed")]

#: An expression: a text, or a plain number or truth value.
Expression = Annotated[
    InstanceOf[Expr], WithJsonSchema({"type": ["string", "number", "boolean"], "description": "an expression"})
]
