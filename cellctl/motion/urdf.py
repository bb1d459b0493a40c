"""Arms from URDF: the chain of joints from one link to another.

Fixed joints are folded into the placements. What hangs on a link of the chain without being part of it (a camera, the
fingers of a gripper) is carried as a part of that link's body, its own joints held at zero; the model's ``sources``
name them. What is fixed to the base does not move and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cellctl.errors import UsageError
from cellctl.motion.inertia import Inertia
from cellctl.motion.model import Joint, JointType, RobotModel, check_joint
from cellctl.motion.pose import Pose
from cellctl.motion.xml_tree import MOST_BYTES, Element, parse

_MOVING: Final = {
    "revolute": JointType.REVOLUTE,
    "continuous": JointType.REVOLUTE,
    "prismatic": JointType.PRISMATIC,
}
_TYPES: Final = (*_MOVING, "fixed", "floating", "planar")
_TENSOR: Final = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")


def from_urdf(source: str | Path, base: str | None = None, tip: str | None = None) -> RobotModel:
    """The arm between two links of a URDF, told as a text (it begins with ``<``) or as a file.

    ``base`` and ``tip`` are found where there is only one: the link that hangs on no joint, and the link that carries
    nothing and moves. A limit of zero for speed or effort is one that is not told. Raises UsageError with the line.
    """
    name, text = _text(source)
    tree = _Tree.of(parse(text, name), name)
    base = tree.known(base) if base is not None else tree.root()
    tip = tree.known(tip) if tip is not None else tree.leaf(base)
    return _model(tree, base, tip)


def _text(source: str | Path) -> tuple[str, str | bytes]:
    if isinstance(source, str) and source.lstrip("\ufeff \t\r\n").startswith("<"):
        return "URDF", source.lstrip("\ufeff \t\r\n")
    try:
        with Path(source).open("rb") as file:
            return str(source), file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot be read: {reason}", where=str(source)[:200]) from None


@dataclass(frozen=True, slots=True)
class _Step:
    """A joint as the file tells it."""

    element: Element
    name: str
    type: str
    parent: str
    child: str
    pose: Pose


@dataclass(frozen=True, slots=True)
class _Tree:
    """Links and joints of a file; each link hangs on one joint at most."""

    name: str
    file: str
    bodies: dict[str, Inertia] = field(default_factory=dict[str, Inertia])
    above: dict[str, _Step] = field(default_factory=dict[str, _Step])  # the joint that a link hangs on
    below: dict[str, list[_Step]] = field(default_factory=dict[str, list[_Step]])

    @classmethod
    def of(cls, robot: Element, file: str) -> _Tree:
        tree = cls(robot.attributes.get("name") or "robot", file)
        if robot.tag != "robot":
            raise tree.wrong(robot, f"the document is a <{robot.tag}>", "A URDF is a <robot>.")
        for element in robot.inside:
            if element.tag.startswith("xacro:"):
                raise tree.wrong(element, f"<{element.tag}> is not URDF yet", "Let xacro expand the file first.")
        for element in robot.all("link"):
            link = tree.attribute(element, "name")
            if link in tree.bodies:
                raise tree.wrong(element, f"a second link {link!r}")
            tree.bodies[link] = tree.body_of(element, link)
        for element in robot.all("joint"):
            tree.add(tree.step_of(element))
        return tree

    def wrong(self, element: Element, message: str, hint: str = "") -> UsageError:
        return UsageError(message, where=f"{self.file}:{element.line}", hint=hint)

    def attribute(self, element: Element, name: str) -> str:
        value = element.attributes.get(name, "").strip()
        if not value:
            raise self.wrong(element, f"<{element.tag}> has no {name}")
        return value

    def numbers(self, element: Element, name: str, count: int, missing: str) -> list[float]:
        text = element.attributes.get(name, missing)
        try:
            values = [float(part) for part in text.split()]
        except ValueError:
            values = []
        if len(values) != count or not all(map(math.isfinite, values)):
            raise self.wrong(
                element,
                f"{name}={text[:60]!r} of <{element.tag}>",
                f"It needs {count} finite number(s), in m, rad, kg.",
            )
        return values

    def pose_of(self, element: Element) -> Pose:
        origin = element.first("origin")
        if origin is None:
            return Pose()
        x, y, z = self.numbers(origin, "xyz", 3, "0 0 0")
        return Pose.from_rpy(x, y, z, *self.numbers(origin, "rpy", 3, "0 0 0"))

    def body_of(self, element: Element, link: str) -> Inertia:
        inertial = element.first("inertial")
        if inertial is None:
            return Inertia()
        mass, tensor = inertial.first("mass"), inertial.first("inertia")
        kilograms = self.numbers(mass, "value", 1, "")[0] if mass else 0.0
        xx, xy, xz, yy, yz, zz = (self.numbers(tensor, each, 1, "0")[0] if tensor else 0.0 for each in _TENSOR)
        try:
            return Inertia(kilograms, (0, 0, 0), (xx, xy, xz, yy, yz, zz)).seen_from(self.pose_of(inertial))
        except UsageError as error:
            raise self.wrong(inertial, f"link {link!r}: {error.message}", error.hint) from None

    def step_of(self, element: Element) -> _Step:
        name, kind = self.attribute(element, "name"), self.attribute(element, "type")
        if kind not in _TYPES:
            raise self.wrong(element, f"joint {name!r} has the type {kind!r}", f"Known: {', '.join(_TYPES)}")
        ends: list[str] = []
        for tag in ("parent", "child"):
            end = element.first(tag)
            link = self.attribute(end, "link") if end else ""
            if link not in self.bodies:
                raise self.wrong(element, f"joint {name!r} has {link!r} as its {tag}, which is no link of the file")
            ends.append(link)
        parent, child = ends
        return _Step(element, name, kind, parent, child, self.pose_of(element))

    def add(self, step: _Step) -> None:
        other = self.above.setdefault(step.child, step)
        if other is not step:
            raise self.wrong(
                step.element,
                f"link {step.child!r} hangs on two joints, {other.name!r} and {step.name!r}: a closed chain",
                "An arm is a row of joints; leave one of them out of the file.",
            )
        self.below.setdefault(step.parent, []).append(step)

    def known(self, link: str) -> str:
        if link not in self.bodies:
            raise UsageError(f"no link {link!r}", where=self.file, hint=f"Links: {', '.join(self.bodies)}")
        return link

    def only(self, what: str, links: Iterable[str]) -> str:
        found = list(links)
        if len(found) != 1:
            listed = ", ".join(found) or "none"
            raise UsageError(f"the {what} is one of {len(found)} links", where=self.file, hint=f"Name it: {listed}")
        return found[0]

    def root(self) -> str:
        return self.only("base", (link for link in self.bodies if link not in self.above))

    def leaf(self, base: str) -> str:
        moved = {link for link, moves in self.hanging(base) if moves}
        return self.only("tip", (link for link in self.bodies if link in moved and link not in self.below))

    def hanging(self, base: str) -> Iterator[tuple[str, bool]]:
        """The links below one, and whether they move."""
        waiting = [(base, False)]
        for _ in range(len(self.bodies)):  # in a ring of links it would not end
            if not waiting:
                return
            link, moves = waiting.pop()
            yield link, moves
            waiting += [(step.child, moves or step.type != "fixed") for step in self.below.get(link, ())]

    def chain(self, base: str, tip: str) -> list[_Step]:
        """The joints from base to tip."""
        steps: list[_Step] = []
        link = tip
        while link != base:
            if link not in self.above or len(steps) > len(self.bodies):
                raise UsageError(f"no joints lead from {base!r} to {tip!r}", where=self.file)
            steps.append(self.above[link])
            link = self.above[link].parent
        return steps[::-1]

    def carried(self, link: str, beyond: _Step | None, held: list[str]) -> Inertia:
        """A link with all that hangs on it, as far as the joint ``beyond``; told in the link."""
        total = Inertia()
        waiting = [(link, Pose())]
        seen: set[str] = set()
        while waiting:
            here, at = waiting.pop()
            if here in seen:
                raise UsageError(f"link {here!r} hangs on itself, in a ring of joints", where=self.file)
            seen.add(here)
            total = total + self.bodies[here].seen_from(at)
            for step in self.below.get(here, ()):
                if step is beyond:
                    continue
                if step.type != "fixed":
                    held.append(step.name)
                waiting.append((step.child, at @ step.pose))
        return total


def _model(tree: _Tree, base: str, tip: str) -> RobotModel:
    chain = tree.chain(base, tip)
    moving = [step for step in chain if step.type != "fixed"]
    if not moving:
        raise UsageError(f"nothing moves between {base!r} and {tip!r}", where=tree.file)
    joints: list[Joint] = []
    held: list[str] = []
    at = Pose()
    for step in chain:
        at = at @ step.pose
        if step.type != "fixed":
            beyond = moving[len(joints) + 1] if len(joints) + 1 < len(moving) else None
            joints.append(_joint(tree, step, at, tree.carried(step.child, beyond, held)))
            at = Pose()
    sources = [f"{tree.file}: {tree.name}, from {base} to {tip}"]
    if held:
        sources.append(f"held at zero: {', '.join(held)}")
    return RobotModel(tree.name, tuple(joints), at, tuple(sources))


def _joint(tree: _Tree, step: _Step, at: Pose, inertia: Inertia) -> Joint:
    element = step.element
    if step.type not in _MOVING:
        raise tree.wrong(element, f"joint {step.name!r} is {step.type}", "An arm's joints turn or slide.")
    if element.first("mimic"):
        raise tree.wrong(element, f"joint {step.name!r} mimics another one", "Choose base and tip so that none does.")
    axis = element.first("axis")
    x, y, z = tree.numbers(axis, "xyz", 3, "1 0 0") if axis else (1.0, 0.0, 0.0)
    length = math.hypot(x, y, z)
    if not 1e-6 < length < 1e6:
        raise tree.wrong(element, f"joint {step.name!r} has the axis ({x:g}, {y:g}, {z:g})", "It needs a direction.")
    unit = (x / length, y / length, z / length)
    joint = Joint(step.name, at, unit, _MOVING[step.type], **_limits(tree, step), inertia=inertia)
    try:
        check_joint(joint, "")
    except UsageError as error:
        raise tree.wrong(element, f"joint {step.name!r}: {error.message}", error.hint) from None
    return joint


def _limits(tree: _Tree, step: _Step) -> dict[str, float]:
    limit = step.element.first("limit")
    if limit is None:
        if step.type == "continuous":
            return {}
        raise tree.wrong(step.element, f"joint {step.name!r} has no <limit>", "Only a continuous one may go without.")
    told = {name: tree.numbers(limit, name, 1, "0")[0] for name in ("lower", "upper", "velocity", "effort")}
    limits = {"speed": told["velocity"] or math.inf, "effort": told["effort"] or math.inf}
    if step.type != "continuous":
        limits |= {"lower": told["lower"], "upper": told["upper"]}
    return limits
