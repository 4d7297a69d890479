# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``docs/imports.md`` from the table of cases: ``python tests/frontend/write_imports.py``.

What is said of "before" was recorded once, with the importer of version 0.1.0 (``imports_before.json``).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from import_cases import CASES, REPORTED  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "imports.md"
BEFORE = Path(__file__).parent / "imports_before.json"
HEAD = """# Files that people have

Written by `python tests/frontend/write_imports.py` from `tests/frontend/import_cases.py`; the tests import each file
and compare the sentence or the note. Do not edit.

- *imported*: the rebuilt float model equals ONNX Runtime within 1e-4 of the largest logit, over lengths 3, 17 and the
  context or 200, and one beyond any sliding window. Above it the import fails.
- *refused*: the sentence that the importer says, without the name of file or node in front.
- *before*: what version 0.1.0 said of the same file.

Every case is a random model of two layers, a width of 24 and 32 positions. Where the file is not what is compared, a
note of the import says so: half precision is widened to float32 first; a quantized file is taken by the numbers that
its weights stand for, without the rounding of activations; of a merged decoder one branch is compared; where a file
gives the logits of the last token only, all rows are compared without that selection, and the last row with it.
"""
COLUMNS = "| situation | before | now |\n| --- | --- | --- |\n"


def page() -> str:
    before = json.loads(BEFORE.read_text())
    made = [(case.situation, before[name], case.refused, case.note) for name, case in CASES.items()]
    told = [(case.situation, before[name], case.refused, case.note) for name, case in REPORTED.items()]
    reported = (
        "\n## Reported of other tools\n\nFiles that re-create what people reported, kept outside of the repository.\n\n"
    )
    return f"{HEAD}\n{COLUMNS}{_rows(made)}{reported}{COLUMNS}{_rows(told)}"


def _rows(rows: list[tuple[str, str, str, str]]) -> str:
    lines = []
    for situation, before, refused, note in rows:
        was = f"refused: {_cause(before)}" if before else "imported"
        now = f"refused: {refused}" if refused else "imported" + (f", with a note: {note}" if note else "")
        lines.append(f"| {situation} | {_cell(was)} | {_cell(now)} |\n")
    return "".join(lines)


def _cause(sentence: str) -> str:
    """Without the file and node in front."""
    for start in ("FILE: ", "node "):
        if sentence.startswith(start):
            sentence = sentence[len(start) :] if start == "FILE: " else sentence.split("): ", 1)[-1]
    return sentence


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page())
