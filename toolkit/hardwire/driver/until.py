# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Time to correct: many quick answers until one passes, and beside it one that is looked for with care.

A chip gives an answer in milliseconds, so that asking again with the next seed may be sooner right than a search that
weighs every token. ``until`` is the first, ``beam`` the second; ``hardwire race`` shows both.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import PromptError
from ..host.requests import Request
from .model import LanguageModel, Prompt

SEEDS = 1 << 64
Test = Callable[[str], bool] | str | re.Pattern[str]  # of an answer; a pattern must match the whole of it


@dataclass(frozen=True, kw_only=True)
class Found:
    """An answer that was looked for. tokens: of all attempts; seed: that gives it again; passed: whether it is one."""

    text: str
    passed: bool
    attempts: int
    tokens: int
    seconds: float
    seed: int = 0


def until(
    model: LanguageModel,
    prompt: Prompt,
    passes: Test,
    *,
    tokens: int | None = None,
    temperature: float = 0.8,
    seed: int = 0,
    attempts: int = 64,
    on_attempt: Callable[[int, str, bool], None] = lambda attempt, text, passed: None,
) -> Found:
    """Ask with seed, seed + 1, … until an answer passes, or ``attempts`` are spent: then the last one is given.

    passes: a function of the answer's text, or a pattern of Python's re that must match all of it.
    on_attempt: is told each attempt's number, text and whether it passed.

    Raises:
        PromptError: what the chip cannot take; and a temperature of 0, with which every attempt is the same.
    """
    if attempts < 1:
        raise PromptError(f"{attempts} attempts; give 1 or more")
    if temperature == 0 and attempts > 1:
        raise PromptError("temperature 0 gives the same answer every time; give another, or one attempt")
    test = passes if callable(passes) else _matches(passes)
    began, spent = time.perf_counter(), 0
    for attempt in range(1, attempts + 1):
        drawn = (seed + attempt - 1) % SEEDS
        text = model.generate(prompt, tokens, temperature, drawn)
        spent += len(model.last.tokens)
        passed = bool(test(text))
        on_attempt(attempt, text, passed)
        if passed:
            break
    seconds = time.perf_counter() - began
    return Found(text=text, passed=passed, attempts=attempt, tokens=spent, seconds=seconds, seed=drawn)


def _matches(pattern: str | re.Pattern[str]) -> Callable[[str], bool]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise PromptError(f"{pattern!r} is no pattern of Python's re: {error}") from None
    return lambda text: compiled.fullmatch(text) is not None


def beam(
    model: LanguageModel,
    prompt: Prompt,
    passes: Test,
    *,
    tokens: int,
    width: int = 4,
    on_step: Callable[[str], None] = lambda text: None,
) -> Found:
    """One careful answer: of ``width`` texts at a time the likeliest, by the logits of every token; greedy is width 1.

    A chip has one context, so each step feeds the texts anew: that is what makes it slow. tokens: passes of the chip.
    on_step: is told the likeliest text so far.

    Raises:
        Unsupported: the backend gives no logits.
    """
    test = passes if callable(passes) else _matches(passes)
    ids = tuple(model.encode(prompt))
    unit = 2.0**-model.chip.formats.logit_fraction
    began, spent = time.perf_counter(), 0
    live: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    ended: list[tuple[float, tuple[int, ...]]] = []
    for _ in range(min(tokens, model.chip.shape.context - len(ids))):
        grown: list[tuple[float, tuple[int, ...]]] = []
        for score, said in live:
            request = Request(ids=ids + said, budget=1, rows=1)
            logits = model.backend.run(request).logits[-1] * unit  # [V]
            spent += len(request.ids)
            logits = logits - logits.max()
            chances = logits - np.log(np.exp(logits).sum())
            best = np.argsort(-chances, kind="stable")[:width]
            grown += [(score + float(chances[token]), (*said, int(token))) for token in best]
        grown.sort(key=lambda entry: -entry[0])
        ended += [(score, said[:-1]) for score, said in grown[:width] if said[-1] in model.stops]
        live = [entry for entry in grown if entry[1][-1] not in model.stops][:width]
        on_step(_answer(model, ids, live[0][1]) if live else "")
        if not live or (len(ended) >= width and _mean(ended[0]) >= _mean(live[0])):
            break
    text = _answer(model, ids, max([*ended, *live], key=_mean)[1])
    seconds = time.perf_counter() - began
    return Found(text=text, passed=bool(test(text)), attempts=1, tokens=spent, seconds=seconds)


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
