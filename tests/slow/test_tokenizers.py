# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of tokenizer on 10,000 strings, every code point, and the tables that say what the library says."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import unicode_tables
from tokenizer_kinds import GROUPS
from tokenizer_table import compare

from hardwire.driver.text import TextCodec

pytestmark = [pytest.mark.tools, pytest.mark.slow]

NAMES = [(group, kind) for group, kinds in GROUPS.items() for kind in kinds]
BY_CHARACTER = [
    *(("normalizer", kind) for kind in GROUPS["normalizer"]),
    *(
        ("pre-tokenizer", kind)
        for kind in ("Whitespace", "BertPreTokenizer", "Digits", "Punctuation, isolated", "ByteLevel")
    ),
    *(("pattern", kind) for kind in GROUPS["pattern"]),
    ("as shipped", "BERT, uncased"),
]


@pytest.mark.parametrize("group, kind", NAMES, ids=[f"{group}: {kind}" for group, kind in NAMES])
def test_equal_to_the_library(group: str, kind: str) -> None:
    count = compare(GROUPS[group][kind], 10_000)
    assert count.equal, "\n".join([count.row(kind), *count.first])


@pytest.mark.parametrize("group, kind", BY_CHARACTER, ids=[f"{group}: {kind}" for group, kind in BY_CHARACTER])
def test_every_code_point(group: str, kind: str) -> None:
    """Forty at a time, in an order of chance, with letters and marks between them."""
    library = GROUPS[group][kind]()
    codec, rng = TextCodec(json.loads(library.to_str())), random.Random(4)
    codes = list(unicode_tables.CHARACTERS)
    rng.shuffle(codes)
    for start in range(0, len(codes), 40):
        text = rng.choice(("", "a", " ", "a\u0301", "\u0323")).join(codes[start : start + 40])
        assert codec.encode(text, unknown="unk") == library.encode(text).ids, ascii(text)


def test_the_tables_are_the_library_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the library says, without the lines of the formatter."""
    monkeypatch.setattr(unicode_tables, "TABLES", tmp_path / "tables.py")
    before = _values((Path(unicode_tables.__file__).parents[1] / "toolkit/hardwire/driver/text/tables.py").read_text())
    unicode_tables.main()
    assert _values((tmp_path / "tables.py").read_text()) == before


def _values(source: str) -> dict[str, object]:
    found: dict[str, object] = {}
    exec(compile(source, "tables.py", "exec"), found)  # our own file
    return {name: value for name, value in found.items() if name.isupper()}
