"""A small cell and recipe that hold every check; tests change one thing in them."""

from __future__ import annotations

from pathlib import Path

from cellctl.recipe import Diagnostic, check_paths

CELL = """\
cell: bench
devices:
  arm: {driver: universal_robots, link: tcp 192.168.0.10, model: ur5e, watchdog: 300 ms, tool: gripper, payload: 1.2 kg}
  belt: {driver: altivar, link: rtu /dev/ttyUSB0 unit 2, travel_per_rev: 40 mm}
  camera:
    driver: cognex
    link: tcp 192.168.0.11
    job: parts.job
    frame: view
    results: {found: B002, x: C002, y: D002, angle: E002, good: F002, code: Part.Code}
  hand: {driver: robotiq, link: rtu /dev/ttyUSB1 unit 9 115200 8N1}
signals:
  guard: {from: arm.di1, tag: -S3}
  eye: {from: arm.di0, tag: -B1}
frames:
  table: {at: [200 mm, 200 mm, 0 mm], rotate: [0 deg, 0 deg, 90 deg]}
  view: {in: table, at: [0 mm, 100 mm, 0 mm]}
tools:
  gripper: {at: [0 mm, 0 mm, 163 mm]}
positions:
  ready: {joints: [0 deg, -90 deg, 90 deg, -90 deg, -90 deg, 0 deg], tool: gripper, taught: {by: kim, at: 2026-11-20}}
  first: {pose: [100 mm, 100 mm, 50 mm, 180 deg, 0 deg, 0 deg], frame: table, tool: gripper}
stations:
  infeed: {on: belt, window: [400 mm, 700 mm], present: eye}
  good: {at: first, grid: [3, 2], pitch: [50 mm, 60 mm], when_full: suspend}
  bin: {at: first, capacity: 50}
zones:
  over_belt: {description: one at a time}
retreat:
  - {inside: {x: [300 mm, 600 mm]}, go: [up 120 mm, ready], speed: 100 mm/s}
  - {otherwise: ask_to_jog}
interlocks:
  - {name: guard_open, trips_when: not guard, then: hold, withdraw: [arm], action: Close the guard}
on_lost: {arm: abort}
"""

RECIPE = """\
recipe: sort
version: 3
needs: {arm: robot, hand: gripper, camera: vision_station, belt: conveyor, infeed: station, good: station, bin: station,
  ready: position}
parameters:
  batch: {type: count, default: 20, min: 1}
  pace: {type: speed, default: 150 mm/s, min: 20 mm/s, max: 300 mm/s}
  travel: {type: angular_speed, default: 100 deg/s}
part: {mass: 0.25 kg, width: 38 mm, tolerance: 2 mm}
on_fault:
  stopped: hold
  unreachable: hold
  not_reached: hold
  stuck: ask
  failed: {retry: 2, else: ask}
  unverified: ask
  timeout: suspend
operations:
  feed:
    with: {from: station, fast: speed}
    steps:
      - {do: belt.advance, speed: fast}
      - {wait: from.present, within: 30 s}
      - {do: belt.halt}
procedure:
  - {do: arm.move, to: ready, speed: travel}
  - name: sort
    repeat: {until: handled >= batch}
    steps:
      - {call: feed, from: infeed, fast: pace}
      - {name: look, do: camera.inspect, takes: part, from: infeed, on_fault: {nothing_seen: next}}
      - {name: pick, call: pick, part: part, approach: 80 mm, travel: travel}
      - name: place
        choose:
          - {when: part.good, call: place, part: part, at: good, approach: 80 mm, travel: travel}
          - {otherwise: true, call: place, part: part, at: bin, approach: 80 mm, travel: travel}
"""


def write(folder: Path, recipe: str = RECIPE, cell: str = CELL, site: str = "") -> Path:
    """Write the files into a folder."""
    (folder / "cell.yaml").write_text(cell, encoding="utf-8")
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")
    if site:
        (folder / "site.yaml").write_text(site, encoding="utf-8")
    return folder


def swap(text: str, old: str, new: str) -> str:
    """``text`` with one thing changed, which must be there once."""
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    return text.replace(old, new)


def findings(folder: Path, recipe: str = RECIPE, cell: str = CELL, site: str = "") -> list[Diagnostic]:
    """What is found in the files."""
    return check_paths([write(folder, recipe, cell, site)]).diagnostics
