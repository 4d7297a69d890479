# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What decides a point: its keys, and the commands of its steps, all known before any of it is run."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..files import sha256
from ..synth.project import SYNTHESIS_TOOLS, route_tools, tool_versions
from ..targets.board import load_board
from ..version import __version__
from .grid import Grid, Model, Point
from .results import Result


class Inputs:
    """Of the points of a grid, whose results are in ``out``. Files are hashed once."""

    def __init__(self, grid: Grid, out: Path) -> None:
        self.grid, self.out = grid, out
        self._hashes: dict[Path, str] = {}

    def needs(self) -> str:
        """What steps may take, as a row keeps it."""
        return json.dumps({kind: asdict(needs) for kind, needs in self.grid.needs.items()}, sort_keys=True)

    def blank(self, point: Point) -> Result:
        """The row of a point that nothing is known of yet."""
        return Result(
            name=point.name,
            model=point.model.name,
            board=point.board,
            weights=point.weights,
            option=point.option.name,
            seed=point.seed,
            model_digest=self.hash_of(point.model.onnx) if point.model.onnx else None,
            build=f"builds/{point.build}",
            command=" && ".join(self.commands(point)),
            key=self.key(point),
            needs=self.needs(),
        )

    def hash_of(self, path: Path) -> str:
        """Of a file's contents."""
        if path not in self._hashes:
            self._hashes[path] = sha256(path)
        return self._hashes[path]

    def key(self, point: Point) -> str:
        """Of all that decides a point's row, known before any of it is run."""
        board = load_board(point.board)
        tools = () if point.model.until == "build" else SYNTHESIS_TOOLS + route_tools(board.family)
        return digest_of(
            {
                "chip": self.chip_key(point),
                "board": repr(board),
                "option": asdict(point.option),
                "until": point.model.until,
                "seed": point.seed,
                "text": self.hash_of(self.grid.text) if self.grid.text else None,
                "prove": self.grid.prove,
                "tools": tool_versions(tools),
            }
        )

    def chip_key(self, point: Point) -> str:
        """Of all that decides a chip."""
        model = point.model
        files = [model.onnx, *_beside(model)] if model.onnx else []
        return digest_of(
            {
                "files": [self.hash_of(path) if path else None for path in files],
                "random": [model.random, model.seed],
                "weights": point.weights,
                "hardwire": __version__,
            }
        )

    def chip_file(self, point: Point) -> Path:
        """Where its chip is."""
        return self.out / "chips" / f"{point.chip}.chip"

    def chip_words(self, point: Point) -> tuple[str, ...]:
        """The command that makes its chip, behind ``hardwire``."""
        model, chip = point.model, str(self.chip_file(point))
        if model.random is not None:
            return ("random", "-o", chip, "--shape", model.random, "--seed", str(model.seed), *_weights(point))
        more = [(name, getattr(model, name)) for name in ("calibration", "tokenizer")]
        files = [word for name, path in more if path for word in (f"--{name}", str(path))]
        return ("quantize", str(model.onnx), "-o", chip, *_weights(point), *files)

    def build_words(self, point: Point) -> tuple[str, ...]:
        """The command that writes its build."""
        option, chip = point.option, str(self.chip_file(point))
        more = ["--geometry", option.geometry] if option.geometry else []
        more += ["--clock", f"{option.clock:g}"] if option.clock else []
        return ("build", chip, "-o", str(self.folder(point)), "--board", point.board, "--target", option.target, *more)

    def folder(self, point: Point) -> Path:
        """Where its build is."""
        return self.out / "builds" / point.build

    def commands(self, point: Point) -> list[str]:
        """What a person would type for this point, in ``out``."""
        lines = [self.chip_words(point), self.build_words(point)]
        if point.model.until != "build":
            route = () if point.model.until == "clock" else ("--no-route",)
            seed = () if point.seed is None else ("--seed", str(point.seed))
            lines.append(("synth", str(self.folder(point)), *route, *seed))
        return [shlex.join(("hardwire", *words)).replace(f"{self.out}/", "") for words in lines]


def _weights(point: Point) -> tuple[str, str]:
    return ("--weights", str(point.weights))


def _beside(model: Model) -> Sequence[Path | None]:
    """What quantize reads of a model beside its ONNX file."""
    assert model.onnx is not None
    folder = model.onnx.parent
    given = (model.calibration or folder / "calibration.txt", model.tokenizer or folder / "tokenizer.json")
    return [path if path.is_file() else None for path in given]


def digest_of(data: Any) -> str:
    """Of what JSON can say."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
