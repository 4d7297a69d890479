# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text in, text out, over any engine that feeds one token and says the next.

model = hardwire.load("build/")
for token in model.stream("Once upon a time"):
    print(token, end="")
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..chip import Chip, load_chip
from ..errors import BuildError, PromptError
from ..reference import Feed, Progress, Sampling, feeder, token_loop
from .text import TextCodec

if TYPE_CHECKING:
    from ..build import Build
    from .link import Port

Engine = Callable[[Sampling], Feed]  # starts a request; the feed's position 0 empties the KV cache
# A whole request, for chips that run it by themselves: (prompt, budget, sampling, stops, progress) -> tokens
Loop = Callable[[list[int], int | None, Sampling, tuple[int, ...], Progress], Iterator[int]]


class Token(str):
    """A piece of text that knows the token it came from. Pieces concatenate to the whole text."""

    id: int

    def __new__(cls, text: str, token_id: int) -> Token:
        piece = super().__new__(cls, text)
        piece.id = token_id
        return piece


@dataclass
class Report:
    """What the last request did. ``seconds`` run from the first token fed."""

    prompt: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    status: str = "running"  # "stop token", "budget", "context full" or "interrupted" at the end
    seconds: float = 0.0

    @property
    def tokens_per_second(self) -> float:
        """Positions per second, the prompt's included: each costs the engine one pass."""
        passes = len(self.prompt) + max(len(self.tokens) - 1, 0)
        return passes / self.seconds if self.seconds > 0 else 0.0


class LanguageModel:
    """A chip, its tokenizer and what runs it: an engine, or a loop of its own."""

    def __init__(self, chip: Chip, engine: Engine | None, name: str, loop: Loop | None = None) -> None:
        self.chip, self.engine, self.name, self._loop = chip, engine, name, loop
        self.codec = TextCodec(chip.tokenizer) if chip.tokenizer is not None else None
        self.last = Report()

    def encode(self, prompt: str) -> list[int]:
        """Token ids of a prompt, BOS in front. Raises PromptError for unknown characters or no room."""
        if self.codec is None:
            raise PromptError("this chip carries no tokenizer; quantize with --tokenizer tokenizer.json")
        ids = self.codec.encode(prompt)
        if not ids:
            raise PromptError("the prompt is empty and the tokenizer has no start token; give some text")
        if max(ids) >= self.chip.shape.vocab:
            raise PromptError(
                f"the tokenizer says token {max(ids)}, the model has {self.chip.shape.vocab}; "
                "it belongs to another model, quantize with the right --tokenizer"
            )
        if len(ids) >= self.chip.shape.context:
            raise PromptError(
                f"the prompt has {len(ids)} tokens; the context of {self.chip.shape.context} leaves "
                f"no room for an answer, shorten it by {len(ids) - self.chip.shape.context + 1} or more"
            )
        return ids

    def stream(
        self,
        prompt: str = "",
        tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stops: tuple[int, ...] | None = None,
    ) -> Iterator[Token]:
        """Yield the answer piece by piece. Stops at the model's end token or ``stops``, after ``tokens``
        tokens, or when the context is full; ``last`` says which. The same seed gives the same text."""
        codec, sampling = self.codec, Sampling(temperature, seed)
        ids = self.encode(prompt)
        assert codec is not None
        text = codec.stream(ids)
        report = self.last = Report(prompt=ids)
        progress = Progress()
        stops = self.stops if stops is None else stops
        started = time.perf_counter()
        try:
            for token in self._run(ids, tokens, sampling, stops, progress):
                report.seconds = time.perf_counter() - started
                report.tokens.append(token)
                yield Token(text.feed(token), token)
            report.status = progress.status
            rest = text.flush()  # bytes of a character that never became whole
            if rest:
                yield Token(rest, report.tokens[-1])
        except (KeyboardInterrupt, GeneratorExit):
            report.status = "interrupted"
            raise

    def _run(
        self, ids: list[int], tokens: int | None, sampling: Sampling, stops: tuple[int, ...], progress: Progress
    ) -> Iterator[int]:
        if self._loop is not None:
            return self._loop(ids, tokens, sampling, stops, progress)
        assert self.engine is not None  # one of the two is given
        return token_loop(self.engine(sampling), ids, self.chip.shape.context, tokens, stops, progress)

    def generate(
        self,
        prompt: str = "",
        tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stops: tuple[int, ...] | None = None,
    ) -> str:
        """The whole answer of ``stream``."""
        return "".join(self.stream(prompt, tokens, temperature, seed, stops))

    @property
    def stops(self) -> tuple[int, ...]:
        """End tokens: the tokenizer's own, and BOS, with which a story model begins the next text."""
        return self.chip.eos + (() if self.chip.bos is None else (self.chip.bos,))


def load(path: str | Path, backend: str | None = None, port: str | Port | None = None) -> LanguageModel:
    """A model from a build folder or a ``.chip``.

    backend: "csim" (the compiled HLS C++, the default for a build), "rtl" (the simulated RTL engine), "netlist" (the
    simulated gates that hardwire synth made of it) or "reference" (numpy, the default for a chip). Raises BuildError
    for a folder whose files do not match its manifest.
    port: a board's serial port instead, as "/dev/ttyUSB0"; the board must hold this chip, or LinkError is raised.
    """
    path = Path(path)
    if port is not None:
        return _on_board(path, backend, port)
    if path.is_dir():
        from ..build import open_build

        build = open_build(path)
        chip, engines = build.chip, {"csim": build.csim_engine, "rtl": build.rtl_engine, "reference": None}
        if backend == "netlist":
            return _netlist(build)
    else:
        chip, engines = load_chip(path), {"reference": None}
    backend = backend or next(iter(engines))
    if backend not in engines:
        raise BuildError(f"{path} has no backend {backend!r}; it has {', '.join(engines)}")
    start = engines[backend]
    engine: Engine = start() if start is not None else lambda sampling: feeder(chip, sampling)
    return LanguageModel(chip, engine, f"{path.name} ({backend})")


def _netlist(build: Build) -> LanguageModel:
    """The gates of a build: an engine by itself, or a board at its wires."""
    from ..backends.rtlsim import RtlSim
    from ..build import engine_of

    sim = build.netlistsim()
    if isinstance(sim, RtlSim):
        return LanguageModel(build.chip, engine_of(sim), f"{build.folder.name} (netlist)")
    return _on_board(build.folder, None, sim)


def _on_board(path: Path, backend: str | None, port: str | Port) -> LanguageModel:
    from .serial import SerialChip

    if backend is not None:
        raise BuildError(f"backend {backend!r} and a port: the board is what runs; leave one of them out")
    if path.is_dir():
        from ..build import open_build

        chip = open_build(path).chip
    else:
        chip = load_chip(path)
    board = SerialChip(port, chip_id=int(chip.digest[:8], 16))

    def loop(
        ids: list[int], budget: int | None, sampling: Sampling, stops: tuple[int, ...], progress: Progress
    ) -> Iterator[int]:
        return board.stream(ids, budget, sampling, stops, progress=progress)

    return LanguageModel(chip, None, f"{path.name} ({port if isinstance(port, str) else 'board'})", loop)
