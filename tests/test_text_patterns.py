# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Patterns of chance, on ``re`` as boards have it, against Oniguruma in the ``tokenizers`` library."""

from __future__ import annotations

import random

import pytest
from tokenizer_texts import texts
from tokenizers import Regex, pre_tokenizers

from hardwire.driver.text.patterns import Pattern
from hardwire.errors import TokenizerError

pytestmark = pytest.mark.tools

ATOMS = (
    *("a", "b", "é", "1", " ", ".", r"\n", r"\.", "-", "'", "日", r"\x41", r"\u0041", "^", "$"),
    *(r"\p{^Ll}", r"\p{M}", r"\p{Han}"),
    *(r"\s", r"\S", r"\d", r"\D", r"\w", r"\W", r"\p{L}", r"\P{L}", r"\p{N}", r"\p{Lu}"),
    *(r"[[ab]\d]", r"[^(\s|[.,])]"),
    *("[abc]", "[^abc]", r"[\w-]", r"[^\s\p{L}\p{N}]", r"[a-zA-Z&&[^aeiou]]", r"[\p{P}\p{S}]"),
    *("(?i:[sdmt]|ll|ve)", "(?i:'s)", "(?i:k)", "(?i:[^a-f])"),
)  # fmt: skip
REPEATS = (
    "",
    "",
    "",
    "",
    "?",
    "*",
    "+",
    "??",
    "*?",
    "+?",
    "?+",
    "*+",
    "++",
    "{2}",
    "{1,2}",
    "{,2}",
    "{2,}",
    "{1,2}?",
    "{2}+",
)
GROUPS = ("(?:{})", "({})", "(?>{})", "(?={})", "(?!{})", "(?<=a){}", r"(?<!\s){}")


def pattern(rng: random.Random, depth: int = 0) -> str:
    parts = []
    for _ in range(rng.randint(1, 3)):
        inner = depth < 2 and rng.random() < 0.3
        atom = rng.choice(GROUPS).format(pattern(rng, depth + 1)) if inner else rng.choice(ATOMS)
        parts.append(atom + rng.choice(REPEATS))
        if rng.random() < 0.2:
            parts.append("|")
    return "".join(parts).strip("|") or "a"


@pytest.mark.parametrize("seed", range(4))
def test_patterns_of_chance(seed: int) -> None:
    """What both take cuts the same."""
    rng, taken = random.Random(seed), 0
    strings = [*texts(seed, 60), "abab ba-ab 11 a1b22'S sk Kk 日本 éé\nA\n\nAab"]
    for _ in range(120):
        source = pattern(rng)
        try:
            ours, theirs = Pattern(source), Regex(source)
        except TokenizerError:
            continue
        except Exception as error:  # the library raises bare Exception
            assert "target of repeat operator is invalid" in str(error), source
            continue
        taken += 1
        library = pre_tokenizers.Split(theirs, "isolated")
        for string in strings:
            want = [span for _, span in library.pre_tokenize_str(string)] if string else []
            assert pieces(ours, string) == want, (source, string)
    assert taken > 40


def pieces(pattern: Pattern, text: str) -> list[tuple[int, int]]:
    found, at = [], 0
    for start, stop in pattern.cut(text):
        found += [(at, start)] if start > at else []
        found.append((start, stop))
        at = stop
    return found + ([(at, len(text))] if at < len(text) else [])
