# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""sweep.toml: which points there are.

    [sweep]                     until = "build", "synth" (Yosys) or "clock" (the route, or Vivado); text, to score
    [[model]]                   name, and onnx or random (a shape); seed of a random one; calibration, tokenizer;
                                until, weights, boards, options, seeds in place of those of all
    [grid]                      boards, weights, options (by name), seeds
    [[option]]                  name, and what hardwire build takes: geometry, clock, target
    [needs.<kind of step>]      memory, cores, hours, licences

Paths are relative to the file.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import HardwireError
from ..jobs.needs import Needs, read_needs
from ..synth.batch import NEEDS as SYNTH_NEEDS
from ..targets.board import load_board

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

UNTIL = ("build", "synth", "clock")
AXES = ("boards", "weights", "options", "seeds")
MOST_POINTS = 100_000
LARGEST_FILE = 1 << 20
NEEDS: Mapping[str, Needs] = {
    **SYNTH_NEEDS,
    "quantize": Needs(memory=8 << 30, hours=4),
    "evaluate": Needs(memory=4 << 30, hours=2),
    "build": Needs(memory=4 << 30),
    "proof": Needs(memory=8 << 30, hours=4),
}


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a chip is made of: an ONNX export, or random weights of a shape."""

    name: str
    onnx: Path | None = None
    random: str | None = None
    seed: int = 0
    calibration: Path | None = None
    tokenizer: Path | None = None
    until: str = "synth"


@dataclass(frozen=True, kw_only=True)
class Option:
    """How a build is made, beside the board."""

    name: str
    target: str = "rtl"
    geometry: str | None = None
    clock: float | None = None


@dataclass(frozen=True, kw_only=True)
class Point:
    """One row. ``seed`` is None where no seeds are tried: up to Yosys, and by Vivado."""

    model: Model
    board: str
    weights: int
    option: Option
    seed: int | None

    @property
    def chip(self) -> str:
        """Of the model with these weights."""
        return f"{self.model.name}-w{self.weights}"

    @property
    def build(self) -> str:
        """The name of its build folder, which it shares with other seeds."""
        return f"{self.chip}-{self.board}-{self.option.name}"

    @property
    def name(self) -> str:
        """Of the row."""
        return self.build if self.seed is None else f"{self.build}-s{self.seed}"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A sweep as its file has it."""

    file: Path
    points: tuple[Point, ...]
    text: Path | None = None
    prove: bool = False  # the netlist's equality with the integer model
    needs: Mapping[str, Needs] = field(default_factory=dict)  # of every kind of step


def read_grid(file: Path) -> Grid:
    """Read and check sweep.toml. Raises HardwireError that names the table, the key and what may stand there."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise HardwireError(f"{file}: more than {LARGEST_FILE:,} bytes; this is no sweep")
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise HardwireError(f"{file}: cannot be read as TOML ({error})") from None
    reader = _Reader(file, data)
    return reader.grid()


class _Reader:
    """Takes the tables apart; every refusal names the file and the table."""

    def __init__(self, file: Path, data: dict[str, Any]) -> None:
        self.file, self.data = file, data

    def fail(self, where: str, words: str) -> HardwireError:
        return HardwireError(f"{self.file}: {where}: {words}")

    def table(self, given: Any, where: str, keys: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise self.fail(where, "is a table")
        unknown = sorted(set(given) - set(keys))
        if unknown:
            raise self.fail(where, f"{unknown[0]!r} is not known; there are {', '.join(keys)}")
        return given

    def grid(self) -> Grid:
        self.table(self.data, "the file", ("sweep", "model", "grid", "option", "needs"))
        sweep = self.table(self.data.get("sweep", {}), "[sweep]", ("until", "text", "prove"))
        self.until = self.choice(sweep.get("until", "synth"), "[sweep] until", UNTIL)
        self.options = {option.name: option for option in self.read_options()}
        self.axes = self.read_axes(self.data.get("grid", {}), "[grid]", AXES, {})
        points = tuple(point for given in self.tables("model") for point in self.points(given))
        if not points:
            raise self.fail("[[model]]", "there is none; give a name, and onnx or random")
        if len(points) > MOST_POINTS:
            raise self.fail("[grid]", f"{len(points):,} points, more than {MOST_POINTS:,}")
        names = [point.name for point in points]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise self.fail("[[model]]", f"{twice} is there twice; give models and options names of their own")
        prove = sweep.get("prove", False)
        if not isinstance(prove, bool):
            raise self.fail("[sweep] prove", f"is true or false, not {prove!r}")
        return Grid(file=self.file, points=points, text=self.path(sweep, "text"), prove=prove, needs=self.needs())

    def tables(self, key: str) -> list[Any]:
        given = self.data.get(key, [])
        if not isinstance(given, list):
            raise self.fail(f"[[{key}]]", "is a list of tables: write it in double brackets")
        return given

    def choice(self, value: Any, where: str, known: tuple[str, ...]) -> str:
        if value not in known:
            raise self.fail(where, f"is one of {', '.join(known)}, not {value!r}")
        return str(value)

    def name(self, table: dict[str, Any], where: str) -> str:
        name = table.get("name")
        # It becomes a folder's.
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][\w.]{0,63}", name):
            raise self.fail(where, f"name is of letters, digits, _ and ., not {name!r}")
        return name

    def path(self, table: dict[str, Any], key: str) -> Path | None:
        value = table.get(key)
        if value is None:
            return None
        path = self.file.parent / str(value)
        if not path.is_file():
            raise self.fail(key, f"{path} is no file")
        return path.resolve()

    def read_options(self) -> list[Option]:
        options = []
        for given in self.tables("option"):
            table = self.table(given, "[[option]]", ("name", "target", "geometry", "clock"))
            clock = table.get("clock")
            if clock is not None and (not isinstance(clock, int | float) or not 1 <= clock <= 1000):
                raise self.fail("[[option]] clock", f"is in MHz, 1 to 1000, not {clock!r}")
            geometry = table.get("geometry")
            if geometry is not None and not isinstance(geometry, str):
                raise self.fail("[[option]] geometry", f'is a text, as "columns=16,banks=24", not {geometry!r}')
            target = self.choice(table.get("target", "rtl"), "[[option]] target", ("rtl", "bitstream"))
            options.append(Option(name=self.name(table, "[[option]]"), target=target, geometry=geometry, clock=clock))
        return options or [Option(name="plan")]

    def read_axes(
        self, given: Any, where: str, keys: tuple[str, ...], default: Mapping[str, list[Any]]
    ) -> dict[str, list[Any]]:
        table = self.table(given, where, keys)
        axes: dict[str, list[Any]] = {}
        fallback = {"boards": ["pynq-z2"], "weights": [4], "options": list(self.options), "seeds": [1], **default}
        for key in AXES:
            values = table.get(key, fallback[key])
            kind = str if key in ("boards", "options") else int
            if not isinstance(values, list) or not values or not all(type(value) is kind for value in values):
                raise self.fail(f"{where} {key}", f"is a list of {'names' if kind is str else 'numbers'}")
            axes[key] = list(dict.fromkeys(values))
        for board in axes["boards"]:
            load_board(board)
        for name in axes["options"]:
            self.choice(name, f"{where} options", tuple(self.options))
        if not all(2 <= bits <= 8 for bits in axes["weights"]) or min(axes["seeds"]) < 0:
            raise self.fail(where, "weights are 2 to 8 bits, seeds from 0")
        return axes

    def points(self, given: Any) -> list[Point]:
        own = ("name", "onnx", "random", "seed", "calibration", "tokenizer", "until")
        table = self.table(given, "[[model]]", (*own, *AXES))
        name = self.name(table, "[[model]]")
        where = f"[[model]] {name}"
        if ("onnx" in table) == ("random" in table):
            raise self.fail(where, "give onnx (a file) or random (a shape)")
        seed, random = table.get("seed", 0), table.get("random")
        if type(seed) is not int or seed < 0 or not isinstance(random, str | None):
            raise self.fail(where, "seed is a number from 0, random a shape's name or its eight numbers")
        model = Model(
            name=name,
            onnx=self.path(table, "onnx"),
            random=random,
            seed=seed,
            calibration=self.path(table, "calibration"),
            tokenizer=self.path(table, "tokenizer"),
            until=self.choice(table.get("until", self.until), f"{where} until", UNTIL),
        )
        axes = self.read_axes({key: table[key] for key in AXES if key in table}, where, AXES, self.axes)
        return [
            Point(model=model, board=board, weights=weights, option=self.options[option], seed=seed)
            for board, weights, option in itertools.product(axes["boards"], axes["weights"], axes["options"])
            for seed in (axes["seeds"] if seeds_matter(model, board, self.options[option]) else [None])
        ]

    def needs(self) -> dict[str, Needs]:
        given = self.data.get("needs", {})
        table = self.table(given, "[needs]", tuple(NEEDS))
        where = f"{self.file}: [needs"
        return {
            kind: read_needs(table[kind], default, f"{where}.{kind}]") if kind in table else default
            for kind, default in NEEDS.items()
        }


def seeds_matter(model: Model, board: str, option: Option) -> bool:
    """Whether an open router places and routes it."""
    routed = load_board(board).device_family.routing is not None
    return model.until == "clock" and option.target == "rtl" and routed
