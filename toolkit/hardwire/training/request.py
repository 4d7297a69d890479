# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What is asked of a training, and every refusal that can come before the long work. Needs no torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..chip.format import FEWEST_BITS, MOST_BITS
from ..errors import ToolMissing, TrainError
from ..files import sha256
from ..pipeline import read_text
from ..progress import Share
from ..shapes.ladder import CONTEXT, LlamaShape, within
from ..shapes.search import largest
from ..targets.board import load_board
from .documents import Parts

PACKAGES = ("torch", "onnxscript", "onnxruntime", "tokenizers")
DEVICES = ("auto", "cpu", "cuda")
MINUTES = 120.0  # of training, where nothing is said
LARGEST_CONTEXT = 4096
OPTIONS = "options.json"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A training as it is asked for. Either a board or a number of parameters, or both, decide the shape."""

    text: Path
    out: Path
    board: str | None = None
    parameters: int | None = None
    weights: int = 4  # bits of every matrix on the chip
    context: int = CONTEXT
    vocab: int | None = None  # of the tokenizer; by default the shape's
    minutes: float | None = None  # of training, or
    steps: int | None = None
    seed: int = 1
    threads: int = 1
    device: str = "auto"
    save_every: float = 60.0  # seconds between checkpoints
    licence: str | None = None  # of the text, in the words of who gives it

    def check(self) -> None:
        """Raise where something is wrong that needs neither the text nor a plan."""
        if self.board is None and self.parameters is None:
            raise TrainError("nothing says how large the model is; give --board, or --parameters as 500k")
        if self.minutes is not None and self.steps is not None:
            raise TrainError(f"--minutes {self.minutes:g} and --steps {self.steps}: give one of them")
        if self.device not in DEVICES:
            raise TrainError(f"--device {self.device!r}: {', '.join(DEVICES)} are possible")
        ranges: dict[str, tuple[float, float, float]] = {
            "--weights": (FEWEST_BITS, self.weights, MOST_BITS),
            "--minutes": (0.1, MINUTES if self.minutes is None else self.minutes, 1e5),
            "--steps": (1, 1 if self.steps is None else self.steps, 1e8),
            "--threads": (1, self.threads, 1024),
            "--context": (16, self.context, LARGEST_CONTEXT),
            "--vocab": (64, self.vocab or 64, 32752),
        }
        for name, (low, value, high) in ranges.items():
            if not low <= value <= high:
                raise TrainError(f"{name} {value:g}: {low:g} to {high:g} are possible")
        for name, value in (("--context", self.context), ("--vocab", self.vocab or 16)):
            if value % 16:
                raise TrainError(f"{name} {value}: give a multiple of 16, as {-(-value // 16) * 16}")
        missing = [name for name in PACKAGES if find_spec(name) is None]
        if missing:
            raise ToolMissing(f'training needs {", ".join(missing)}; pip install "hardwire[train]"')

    def shape(self, progress: Share = lambda share: None) -> LlamaShape:
        """The largest shape that the board holds, within the parameters asked for. Raises BoardError, HardwireError."""
        if self.parameters is not None:
            chosen = within(self.parameters, self.context, self.vocab)  # or even the smallest is too large
        if self.board is not None:
            chosen = largest(
                load_board(self.board),
                self.weights,
                context=self.context,
                most=self.parameters,
                vocab=self.vocab,
                progress=progress,
            )
        return chosen


@dataclass(frozen=True)
class Task:
    """A request that was looked at, with what follows from it: ready to be trained."""

    request: Request
    shape: LlamaShape
    parts: Parts
    digest: str  # sha256 of the text

    @classmethod
    def of(cls, request: Request, progress: Share = lambda share: None) -> Task:
        """Check everything, choose the shape, and begin the output folder. Raises typed errors, and writes nothing
        before the last of them."""
        request.check()
        if request.board is not None:
            load_board(request.board)
        parts = Parts.of(read_text(request.text))
        shape = request.shape(progress)
        parts.alphabet(shape.vocab)
        task = cls(request, shape, parts, sha256(request.text))
        task._begin()
        return task

    def options(self) -> dict[str, Any]:
        """What a run that goes on must have in common with the one that began."""
        request = asdict(self.request) | {"text": str(self.request.text.absolute()), "sha256": self.digest}
        return {name: value for name, value in request.items() if name != "out"} | {"shape": self.shape.as_dict()}

    def _begin(self) -> None:
        file = self.request.out / OPTIONS
        if file.exists():
            begun, mine = _options(file), self.options()
            free = {"text", "threads", "device", "save_every", "licence"}  # may change from one start to the next
            other = sorted(name for name in mine if name not in free and begun.get(name) != mine[name])
            if other:
                raise TrainError(
                    f"{self.request.out} holds a training with another {other[0]} ({begun.get(other[0])}, not "
                    f"{mine[other[0]]}); choose another -o, or go on with --resume"
                )
        self.request.out.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.options(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def resumed(out: Path) -> Request:
    """The request that a folder was begun with. Raises TrainError where there is none."""
    options = _options(out / OPTIONS)
    names = {field.name for field in fields(Request)} - {"out"}
    try:
        text = options["text"]
        request = Request(out=out, **{name: options[name] for name in names} | {"text": Path(text)})
    except (KeyError, TypeError) as error:
        raise TrainError(f"{out / OPTIONS}: {type(error).__name__}: {error}; begin anew in another -o") from None
    if not request.text.is_file() or sha256(request.text) != options.get("sha256"):
        raise TrainError(f"{text} is not there, or is not the text that {out} was begun with; put it back")
    return request


def _options(file: Path) -> dict[str, Any]:
    try:
        options = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainError(f"{file}: {error.strerror}; no training was begun there: give --text and -o") from None
    except ValueError as error:
        raise TrainError(f"{file}: malformed ({error}); begin anew in another -o") from None
    if not isinstance(options, dict):
        raise TrainError(f"{file}: no options of a training; begin anew in another -o")
    return options
