"""What can be seen only once operations are written out and roles are bound: a station that cannot tell of a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellctl.recipe.cell import Cell
from cellctl.recipe.diagnostics import Problems
from cellctl.recipe.expressions import Expr
from cellctl.recipe.nodes import Name
from cellctl.recipe.program import Choose, Do, Program, Repeat, Set, Step, Wait
from cellctl.recipe.yaml_nodes import YamlNode


def check_program(program: Program, cell: Cell, nodes: Mapping[str, YamlNode], problems: Problems) -> None:
    """Look at every expression of a program; ``nodes`` says where the user wrote each step."""
    told: set[str] = set()
    for step in program.steps.values():
        for expression in expressions_of(step):
            for name in expression.root.walk():
                if not isinstance(name, Name) or name.field_name != "present" or name.name in told:
                    continue
                station = cell.stations.get(program.bindings.get(name.name, ""))
                if station is not None and station.present is None:
                    told.add(name.name)
                    problems.add(
                        "station",
                        f"the station {station.name} has no signal that tells of a part",
                        nodes[step.address],
                        hint="Give it present: in the cell file",
                    )


def expressions_of(step: Step) -> Iterator[Expr]:
    """Every expression of a step, but those of its answers."""
    yield from step.watch.values()
    found: tuple[Expr | None, ...] = (step.verify,)
    match step:
        case Do():
            found = (*found, *step.arguments.values())
        case Wait():
            found = (*found, step.until, step.seconds)
        case Set():
            found = (*found, *step.values.values())
        case Choose():
            found = (*found, *(condition for condition, _ in step.branches))
        case Repeat():
            found = (*found, step.until, step.times)
        case _:
            pass
    yield from (each for each in found if each is not None)
