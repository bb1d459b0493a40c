"""The base of everything that is written in a file: it knows where, and what of it is wrong."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, PrivateAttr

from cellctl.recipe.expressions import Expr
from cellctl.recipe.nodes import Wrong
from cellctl.recipe.yaml_nodes import MapNode, YamlNode

UNKNOWN_EXPR = Expr(Wrong())  # stands for an expression that has been told of: its type is unknown


class FileModel(BaseModel):
    """A part of a file. ``node`` is where it is written; ``broken`` names the fields that are wrong."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, defer_build=True)
    HEAD: ClassVar[str] = ""  # the key that tells this model from others in a union
    SCALAR: ClassVar[str] = ""  # the field that a bare scalar or list stands for

    _node: YamlNode = PrivateAttr()
    _broken: frozenset[str] = PrivateAttr(default=frozenset())

    def written(self, node: YamlNode, broken: Collection[str]) -> None:
        """Say where it is written, and which fields are wrong."""
        self._node, self._broken = node, frozenset(broken)

    @property
    def node(self) -> YamlNode:
        """Where it is written."""
        return self._node

    @property
    def broken(self) -> frozenset[str]:
        """The fields that have been told of."""
        return self._broken

    def place_of(self, key: str) -> YamlNode:
        """Where the value of a key is written, else the model itself."""
        return self._node.value_at(key)

    def key_of(self, key: str) -> YamlNode:
        """Where a key is written, else the model itself."""
        return self._node.key_at(key)

    def says(self, key: str) -> bool:
        """Whether the file says this key."""
        return isinstance(self._node, MapNode) and key in self._node.values
