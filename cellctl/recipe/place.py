"""Where in a recipe the compiler is: what surrounds a step, and where it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cellctl.recipe.nodes import Node
from cellctl.recipe.program import Address
from cellctl.recipe.recipe_file import Answer, OperationEntry
from cellctl.recipe.substitute import Env, renamed
from cellctl.recipe.walk import answer_parts
from cellctl.recipe.yaml_nodes import YamlNode

Path = tuple[int, ...]  # sorts the steps of a program in the order of the file


@dataclass(frozen=True, slots=True)
class Level:
    """Answers that everything inside inherits, with the names as they are where they are written."""

    answers: Mapping[str, Answer]
    env: Env
    part: str | None  # whose end ``part: missed`` tells there


@dataclass(frozen=True, slots=True)
class Place:
    """What surrounds a step: the operation that it is in, answers, region, loop and zones."""

    env: Env = field(default_factory=dict[str, Node])
    levels: tuple[Level, ...] = ()
    plain_from: int = 1_000_000  # from this level inwards, answers with steps do not count: we are in such steps
    region: Address | None = None
    loop: Address | None = None
    zones: tuple[str, ...] = ()
    loop_zones: int = 0  # how many of the zones are around the loop
    part: str | None = None
    calls: tuple[str, ...] = ()
    leavable: bool = False  # within an operation, and in no branch of it
    after_call: Address | None = None  # what follows the innermost call
    call_zones: int = 0  # how many of the zones are around that call
    call_site: YamlNode | None = None  # in the user's own file, where the operation is not

    def answer(self, fault: str, own: Mapping[str, Answer]) -> tuple[Answer, Level, int] | None:
        """The innermost answer to a fault, the level that it comes from, and its number."""
        chain = (*self.levels, Level(own, self.env, self.part))
        for index in range(len(chain) - 1, -1, -1):
            answer = chain[index].answers.get(fault)
            if answer is not None and not (index >= self.plain_from and has_steps(answer)):
                return answer, chain[index], index
        return None


@dataclass(frozen=True, slots=True)
class At:
    """A step's address and place, and the address that comes after it (None: nothing)."""

    address: Address
    path: Path
    place: Place
    following: Address | None

    def inside(self, label: str, index: int, following: Address | None, place: Place | None = None) -> At:
        """A place below this step; without a label its steps stand directly below."""
        address = f"{self.address}/{label}" if label else self.address
        return At(address, (*self.path, index), place or self.place, following)

    def surrounded(self, place: Place) -> At:
        """The same step, surrounded by something else."""
        return replace(self, place=place)


def has_steps(answer: Answer) -> bool:
    """Whether an answer runs steps of its own."""
    return any(part.steps for part in answer_parts(answer))


def part_of(operation: OperationEntry, env: Env, outer: str | None) -> str | None:
    """The part that an operation is about: the one that it is given, else that of its caller."""
    given = [name for name, kind in operation.params.items() if kind == "part"]
    if not given:
        return outer
    return renamed(given[0], env) if len(given) == 1 else None
