# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of tokenizer that quantize takes, against the ``tokenizers`` library; 10,000 strings in tests/slow."""

from __future__ import annotations

import pytest
from tokenizer_kinds import GROUPS
from tokenizer_table import PAGE, TABLES, compare

pytestmark = pytest.mark.tools

NAMES = [(group, kind) for group, kinds in GROUPS.items() for kind in kinds]
STRINGS = 120


@pytest.mark.parametrize("group, kind", NAMES, ids=[f"{group}: {kind}" for group, kind in NAMES])
def test_equal_to_the_library(group: str, kind: str) -> None:
    count = compare(GROUPS[group][kind], STRINGS, seed=7)
    assert count.strings == STRINGS and count.streams > STRINGS // 20
    assert count.equal, "\n".join([count.row(kind), *count.first])


def test_the_page_is_of_these_kinds_and_parts() -> None:
    page = PAGE.read_text()
    for _, kind in NAMES:
        assert f"\n| {kind} | 10,000 of 10,000 | 10,000 of 10,000 | " in page, kind
    for name, table in TABLES.items():
        assert f"- {name}: {', '.join(table)}" in page
