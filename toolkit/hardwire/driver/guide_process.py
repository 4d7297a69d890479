# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A process that compiles one guide: a question of JSON in, its answer out.

``guides.py`` starts it as a file, so that it loads nothing but outlines-core, and bounds its time; it bounds its memory
itself.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

MEMORY = 1 << 31  # bytes of the process's address space
MOST_EDGES = 2_000_000


def _answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """Start, final states and edges of a pattern, or of a schema's, over tokens; or why there are none."""
    import outlines_core
    from outlines_core.json_schema import build_regex_from_schema

    end = len(question["tokens"])
    by_bytes: dict[bytes, list[int]] = {}
    for token, text in enumerate(question["tokens"]):
        if text:
            by_bytes.setdefault(bytes.fromhex(text), []).append(token)
    try:
        pattern = question["regex"] if "regex" in question else build_regex_from_schema(question["schema"])
        index = outlines_core.Index(pattern, outlines_core.Vocabulary(end, by_bytes))
    except (ValueError, TypeError) as error:
        return {"error": " ".join(str(error).split())[:200]}
    edges = {
        state: {token: after for token, after in row.items() if token != end}
        for state, row in index.get_transitions().items()
    }
    if sum(map(len, edges.values())) > MOST_EDGES:
        return {"error": f"it has more than {MOST_EDGES:,} steps; give a simpler one"}
    return {"start": index.get_initial_state(), "finals": sorted(index.get_final_states()), "edges": edges}


def main() -> None:
    """A question in, an answer out."""
    import resource

    sys.path.pop(0)  # the folder of this file, whose modules are not to be taken for others of their names
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print(json.dumps(_answer(json.load(sys.stdin))))


if __name__ == "__main__":
    main()
