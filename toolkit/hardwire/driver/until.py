# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Time to correct: many quick answers until one passes, and beside it one that is looked for with care.

A chip gives an answer in milliseconds, so that asking again with the next seed may be sooner right than a search that
weighs every token, or than one attempt that a guide keeps to its form. ``until`` is the first, ``beam`` and ``guided``
the others; ``hardwire race`` shows them.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from ..errors import PromptError
from ..host.requests import Request
from .model import LanguageModel, Prompt, Report
from .schema import META, patterns, problems, text_fits

SEEDS = 1 << 64
# Of an answer: a function of its text, a pattern that must match the whole of it, a JSON schema.
Test = Callable[[str], bool] | str | re.Pattern[str] | Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Found:
    """An answer that was looked for.

    tokens: of all attempts, those that were cut short because an earlier one passed among them; seed: that gives it
    again; passed: whether it is one. cycles: that the chip worked on all of it, where it counts whole requests and ran
    one at a time; None elsewhere.
    """

    text: str
    passed: bool
    attempts: int
    tokens: int
    seconds: float
    seed: int = 0
    cycles: int | None = None


def until(
    model: LanguageModel,
    prompt: Prompt,
    passes: Test,
    *,
    tokens: int | None = None,
    temperature: float = 0.8,
    seed: int = 0,
    attempts: int = 64,
    on_attempt: Callable[[Found], None] = lambda so_far: None,
    **options: object,
) -> Found:
    """Ask with seed, seed + 1, … until an answer passes, or ``attempts`` are spent: then the last one is given.

    A chip with several streams works on as many attempts at once; the answer is the same, that of the first seed that
    passes.

    passes: a function of the answer's text, a pattern of Python's re that must match all of it, or a JSON schema.
    on_attempt: is told how far it is behind each attempt.
    options: of an extended sampler, as ``LanguageModel.stream`` takes them.

    Raises:
        PromptError: what the chip cannot take; and a temperature of 0, with which every attempt is the same.
    """
    if attempts < 1:
        raise PromptError(f"{attempts} attempts; give 1 or more")
    if temperature == 0 and attempts > 1:
        raise PromptError("temperature 0 gives the same answer every time; give another, or one attempt")
    test, began = judged_by(passes), time.perf_counter()
    tries = _Tries(model, prompt, tokens, temperature, seed, options)
    for attempt, text in enumerate(tries.texts(attempts), 1):
        found = Found(
            text=text,
            passed=bool(test(text)),
            attempts=attempt,
            tokens=tries.tokens,
            seconds=time.perf_counter() - began,
            seed=(seed + attempt - 1) % SEEDS,
            cycles=tries.cycles,
        )
        on_attempt(found)
        if found.passed:
            tries.stop()
    return replace(found, tokens=tries.tokens)


class _Tries:
    """Answers with the seeds that follow, on all streams of a chip, in the order of their seeds."""

    def __init__(
        self, model: LanguageModel, prompt: Prompt, tokens: int | None, temperature: float, seed: int, options: Any
    ) -> None:
        self._model, self._asked, self._seed = model, (prompt, tokens, temperature), seed
        self._options, self._over = options, threading.Event()
        self._alone = model.backend.limits.streams == 1
        self._reports: list[Report] = []
        self.cycles: int | None = None

    @property
    def tokens(self) -> int:
        """Of all answers so far."""
        return sum(len(report.tokens) for report in self._reports)

    def texts(self, attempts: int) -> Iterator[str]:
        """Until all were asked for, or ``stop``."""
        asked = iter(range(attempts))
        if self._alone:
            for number in asked:
                yield self._text(number)
                if self._over.is_set():
                    return
        else:
            yield from self._side_by_side(asked)

    def stop(self) -> None:
        """Ask for nothing more, and end what runs."""
        self._over.set()

    def _side_by_side(self, asked: Iterator[int]) -> Iterator[str]:
        streams = self._model.backend.limits.streams
        with ThreadPoolExecutor(streams, "attempt") as pool:
            running: deque[Future[str]] = deque(pool.submit(self._text, number) for number in islice(asked, streams))
            try:
                while running and not self._over.is_set():
                    text = running.popleft().result()
                    running.extend(pool.submit(self._text, number) for number in islice(asked, 1))
                    yield text
            finally:
                self.stop()

    def _text(self, number: int) -> str:
        """One answer, or its beginning where nobody wants it any more."""
        prompt, tokens, temperature = self._asked
        seed, pieces = (self._seed + number) % SEEDS, []
        answer = self._model.stream(prompt, tokens, temperature, seed, on_report=self._reports.append, **self._options)
        for piece in answer:
            pieces.append(piece)
            if self._over.is_set():
                break
        answer.close()  # type: ignore[attr-defined]  # a generator, which frees its stream
        if self._alone:
            self.cycles = _more(self.cycles, _counted(self._model))
        return "".join(pieces)


def judged_by(passes: Test) -> Callable[[str], bool]:
    """A test as a function. Raises PromptError for what is none."""
    if isinstance(passes, Mapping):
        schema = _checked(passes)
        return lambda text: text_fits(text, schema)
    if callable(passes):
        return passes
    compiled = _compiled(passes)
    return lambda text: compiled.fullmatch(text) is not None


def _checked(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    wrong = next(problems(schema, META, {"AnswerSchema": META}), None)
    if wrong is not None:
        raise PromptError(f"the schema of the answer: {wrong}")
    for pattern in patterns(schema):
        _compiled(pattern)
    return schema


def _compiled(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise PromptError(f"{pattern!r} is no pattern of Python's re: {error}") from None


# ---------------------------------------------------------------------------------------------------
# One careful attempt.


def guided(
    model: LanguageModel,
    prompt: Prompt,
    passes: Test,
    *,
    tokens: int | None = None,
    temperature: float = 0.8,
    seed: int = 0,
) -> Found:
    """One answer that a guide keeps to a pattern (of Rust's regex too) or to a JSON schema, token by token.

    It fails only where tokens or the context end before the answer does.

    Raises:
        PromptError: a function cannot guide; Unsupported of it: the chip has no extended sampler.
        ToolMissing: outlines-core is not installed.
    """
    test = judged_by(passes)
    if callable(passes):
        raise PromptError("a function cannot guide an answer; give a pattern or a JSON schema, or try again until")
    began, ids = time.perf_counter(), tuple(model.encode(prompt))
    if isinstance(passes, Mapping):
        guide = model.guides.schema(passes, ids, model.stops)
    else:
        guide = model.guides.regex(passes if isinstance(passes, str) else passes.pattern, ids, model.stops)
    text = model.generate(prompt, tokens, temperature, seed, guide=guide)
    seconds = time.perf_counter() - began
    return Found(text=text, passed=test(text), attempts=1, tokens=len(model.last.tokens), seconds=seconds, seed=seed)


def beam(
    model: LanguageModel,
    prompt: Prompt,
    passes: Test,
    *,
    tokens: int,
    width: int = 4,
    on_step: Callable[[Found], None] = lambda so_far: None,
) -> Found:
    """One careful answer: of ``width`` texts at a time the likeliest, by the logits of every token; greedy is width 1.

    A chip has one context, so each step feeds the texts anew: that is what makes it slow. tokens: of the answer, at the
    most; those of what is given: passes of the chip. on_step: is told the likeliest text so far.

    Raises:
        Unsupported: the backend gives no logits.
    """
    test = judged_by(passes)
    ids = tuple(model.encode(prompt))
    unit = 2.0**-model.chip.formats.logit_fraction
    began, spent, cycles = time.perf_counter(), 0, None

    def so_far(said: Sequence[int]) -> Found:
        text, seconds = _answer(model, ids, said), time.perf_counter() - began
        return Found(text=text, passed=bool(test(text)), attempts=1, tokens=spent, seconds=seconds, cycles=cycles)

    live: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    ended: list[tuple[float, tuple[int, ...]]] = []
    for _ in range(min(tokens, model.chip.shape.context - len(ids))):
        grown: list[tuple[float, tuple[int, ...]]] = []
        for score, said in live:
            request = Request(ids=ids + said, budget=1, rows=1)
            logits = model.backend.run(request).logits[-1] * unit  # [V]
            spent, cycles = spent + len(request.ids), _more(cycles, _counted(model))
            logits = logits - logits.max()
            chances = logits - np.log(np.exp(logits).sum())
            best = np.argsort(-chances, kind="stable")[:width]
            grown += [(score + float(chances[token]), (*said, int(token))) for token in best]
        grown.sort(key=lambda entry: -entry[0])
        ended += [(score, said[:-1]) for score, said in grown[:width] if said[-1] in model.stops]
        live = [entry for entry in grown if entry[1][-1] not in model.stops][:width]
        on_step(so_far(max(live or ended, key=_mean)[1]))
        if not live or (len(ended) >= width and _mean(ended[0]) >= _mean(live[0])):
            break
    return so_far(max([*ended, *live], key=_mean)[1])


def _counted(model: LanguageModel) -> int | None:
    """Cycles of the last request of a chip with one stream, where it counts."""
    return None if model.hosted is None or model.hosted.streams[1:] else model.hosted.run_cycles()


def _more(cycles: int | None, others: int | None) -> int | None:
    return others if cycles is None or others is None else cycles + others


def _mean(entry: tuple[float, tuple[int, ...]]) -> float:
    """Log likelihood per token, by which texts of different lengths compare; the end counts as one."""
    score, said = entry
    return score / (len(said) + 1)


def _answer(model: LanguageModel, ids: Sequence[int], said: Sequence[int]) -> str:
    """The text of an answer, as a stream would give it behind the prompt."""
    if model.codec is None:
        return "".join(f" {token}" for token in said)
    stream = model.codec.stream(ids)
    return "".join(map(stream.feed, said)) + stream.flush()
