"""The recipe file as it is written: header, parameters, operations, procedure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from cellctl.recipe.file_model import FileModel
from cellctl.recipe.schema_types import Expression, Length, Mass, Name, Time
from cellctl.recipe.value_types import VALUE_KINDS

#: What ``needs`` may ask for beside the capabilities of devices.
THINGS = ("station", "position", "zone", "signal")
DEVICE_NEEDS = ("robot", "conveyor", "gripper", "vision_station", "digital_io", "energy_meter")
Need = Literal[
    "robot",
    "conveyor",
    "gripper",
    "vision_station",
    "digital_io",
    "energy_meter",
    "station",
    "position",
    "zone",
    "signal",
]
Pause = Literal["finish", "retreat", "pause"]
Outcome = Literal["missed", "dropped", "rejected", "removed"]
PlainAnswer = Literal["hold", "ask", "suspend", "stop", "abort", "next", "leave", "skip"]


class OnHold(FileModel):
    """What Hold does inside: before the part is in the hand, and after."""

    before_grip: Pause = "pause"
    after_grip: Pause = "finish"


class Retry(FileModel):
    """Run the step again, ``retry`` times at most and only ``while`` a condition holds; else …"""

    HEAD = "retry"
    retry: int = Field(ge=1, le=1000)
    while_: Expression | None = Field(default=None, alias="while")
    else_: Answer = Field(default="hold", alias="else")


class AskFor(FileModel):
    """Hold and ask a person; ``retry`` and ``stop`` are offered beside these."""

    HEAD = "ask"
    ask: dict[str, Answer]


class Another(FileModel):
    """Another way: tell what became of the part, run ``steps``, and then …"""

    part: Outcome | dict[str, Outcome] | None = None
    steps: list[Step] = Field(default_factory=list["Step"])
    then: Answer


Answer = PlainAnswer | Retry | AskFor | Another
Answers = dict[str, Answer]


class StepEntry(FileModel):
    """What every step may say. Each has exactly one head key."""

    name: Name | None = None
    description: str = ""
    on_fault: Answers = Field(default_factory=dict[str, Any])
    on_hold: OnHold | None = None


class TimedStep(StepEntry):
    """A step that takes time."""

    within: Time | None = Field(default=None, gt=0)
    on_timeout: Answer | None = None
    watch: dict[str, Expression] = Field(default_factory=dict[str, Any], description="fault: condition, while it runs")


class DoStep(TimedStep):
    """Ask a device for an action: ``do: arm.move``; the action's arguments stand beside it."""

    model_config = ConfigDict(extra="allow")
    HEAD = "do"
    do: str = Field(examples=["arm.move"])
    verify: Expression | None = Field(default=None, description="must be true when it is done")
    as_: Name | None = Field(default=None, alias="as", description="the variable that takes the result")
    takes: Name | None = Field(default=None, description="the new part that was seen")
    from_: str | None = Field(default=None, alias="from", description="the station that it was seen at")
    holds: Name | None = Field(default=None, description="the part that is in the hand now")
    places: Name | None = Field(default=None, description="the part that lies in the next free slot now")
    at: str | None = Field(default=None, description="the station that it lies at")


class CallStep(StepEntry):
    """Run an operation; its ``with`` stands beside it."""

    model_config = ConfigDict(extra="allow")
    HEAD = "call"
    call: str


class WaitStep(TimedStep):
    """Wait until a condition is true (``wait: infeed.present``), or for a time (``wait: 2 s``)."""

    HEAD = "wait"
    wait: Expression


class SetStep(StepEntry):
    """Give variables new values."""

    HEAD = "set"
    set: dict[str, Expression]


class Loop(FileModel):
    """How long a loop goes on: ``until`` a condition (looked at before each round), or a number of ``times``."""

    until: Expression | None = None
    times: Expression | None = None
    index: Name | None = Field(default=None, description="the variable that counts the rounds from 1")


class RepeatStep(StepEntry):
    """A loop. ``repeat: forever`` ends by Complete."""

    HEAD = "repeat"
    repeat: Literal["forever"] | Loop
    steps: list[Step]


class Branch(FileModel):
    """One way of a choice: ``when`` or ``otherwise``, and a step or ``steps``."""

    model_config = ConfigDict(extra="allow")
    when: Expression | None = None
    otherwise: Literal[True] | None = None
    steps: list[Step] = Field(default_factory=list["Step"])


class ChooseStep(StepEntry):
    """Go the first way whose condition is true."""

    HEAD = "choose"
    choose: Annotated[list[Branch], "branches"]


class ParallelStep(StepEntry):
    """Branches side by side, by name; on when all have ended."""

    HEAD = "parallel"
    parallel: dict[str, list[Step]]


class ZoneStep(StepEntry):
    """Be alone in a zone: entered before ``steps`` (waiting until it is free), left after them on every way."""

    HEAD = "zone"
    zone: str
    steps: list[Step]
    within: Time | None = Field(default=None, gt=0)
    on_timeout: Answer | None = None


class AskStep(StepEntry):
    """Ask a person; each answer has its steps, ``[]`` to go on, or is ``next``."""

    HEAD = "ask"
    ask: str
    choices: dict[str, Literal["next"] | list[Step]]


class GroupStep(StepEntry):
    """A level of the procedure (ISA-88)."""

    steps: list[Step]

    @property
    def title(self) -> str:
        """The level's name."""
        return str(getattr(self, self.HEAD))


class UnitProcedure(GroupStep):
    """A unit procedure (ISA-88)."""

    HEAD = "unit_procedure"
    unit_procedure: Name


class OperationGroup(GroupStep):
    """An operation written in place (ISA-88)."""

    HEAD = "operation"
    operation: Name


class PhaseGroup(GroupStep):
    """A phase (ISA-88)."""

    HEAD = "phase"
    phase: Name


Step = Annotated[
    DoStep
    | CallStep
    | WaitStep
    | SetStep
    | RepeatStep
    | ChooseStep
    | ParallelStep
    | ZoneStep
    | AskStep
    | UnitProcedure
    | OperationGroup
    | PhaseGroup,
    "step",
]
STEPS: dict[str, type[StepEntry]] = {
    model.HEAD: model
    for model in (
        DoStep,
        CallStep,
        WaitStep,
        SetStep,
        RepeatStep,
        ChooseStep,
        ParallelStep,
        ZoneStep,
        AskStep,
        UnitProcedure,
        OperationGroup,
        PhaseGroup,
    )
}


class ParameterEntry(FileModel):
    """A parameter: its type, and the value that holds unless another is given."""

    type: Annotated[str, "value_kind", WithJsonSchema({"type": "string", "enum": [*VALUE_KINDS]})]
    default: Expression | None = None
    min: Expression | None = None
    max: Expression | None = None
    description: str = ""


class PartEntry(FileModel):
    """The part that the recipe handles."""

    mass: Mass = Field(gt=0)
    width: Length = Field(gt=0)
    tolerance: Length = Field(gt=0)


class WithEntry(FileModel):
    """What a call gives: its type alone (``part: part``), or with the value that holds where none is given."""

    SCALAR = "type"
    type: str = Field(examples=["length"])
    default: Expression | None = None


class OperationEntry(FileModel):
    """Steps under a name. ``with`` names what a call gives: roles, a part, values."""

    description: str = ""
    with_: dict[str, WithEntry] = Field(default_factory=dict[str, WithEntry], alias="with")
    on_fault: Answers = Field(default_factory=dict[str, Any])
    on_hold: OnHold | None = None
    steps: list[Step]

    @property
    def params(self) -> dict[str, str]:
        """The type of each thing that a call gives."""
        return {name: entry.type or "" for name, entry in (self.with_ or {}).items()}


class OperationsFile(FileModel):
    """Operations that every recipe has."""

    operations: dict[str, OperationEntry]


class RecipeFile(FileModel):
    """A recipe: what it needs, what can be set, and what is done."""

    recipe: Name = Field(examples=["vision_sort"])
    version: int = Field(ge=1, examples=[1])
    description: str = ""
    needs: dict[str, Need] = Field(default_factory=dict[str, Any])
    parameters: dict[str, ParameterEntry] = Field(default_factory=dict[str, ParameterEntry])
    part: PartEntry | None = None
    on_fault: Answers = Field(default_factory=dict[str, Any])
    on_hold: OnHold | None = None
    operations: dict[str, OperationEntry] = Field(default_factory=dict[str, OperationEntry])
    procedure: list[Step]


_models: tuple[type[FileModel], ...] = (
    Retry,
    AskFor,
    Another,
    *STEPS.values(),
    Branch,
    OperationEntry,
    OperationsFile,
    RecipeFile,
)
for _model in _models:
    _model.model_rebuild()
