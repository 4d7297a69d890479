# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX to Decoder: freeze, execute, fold, match, check. No file beside the model is needed.

load.py reads; branches.py, widen.py, quantized.py, contrib.py and rounded.py bring what is read into standard float32
operators; inputs.py says what each input is for, freeze.py folds, last.py has the head read every position,
simplify.py cleans, match*.py and rope.py recognise (with trace.py following data through moves), context.py finds
the positions, check.py accepts, all within memory.py's bound. tokenizer.py is for the host.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from ..decoder import Decoder
from ..errors import ModelError
from .check import Check
from .check import check as _check
from .context import extend, resolve, window_beside
from .freeze import freeze as _freeze
from .graph import Graph
from .inputs import Inputs
from .last import every_position as _every_position
from .load import Source
from .load import load as _load
from .match import Matched, family
from .match import match as _match
from .memory import bounded_memory
from .quantized import NOTE as QUANTIZED

# The underscores keep functions from hiding the modules they are named after.
__all__ = ["Check", "Imported", "import_onnx"]


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A decoder proved equal to the file it came from. ``notes`` say what was assumed or left out."""

    decoder: Decoder
    check: Check
    notes: tuple[str, ...]
    path: Path
    sha256: str  # of the file, and of its external data


def import_onnx(path: str | Path, context: int | None = None) -> Imported:
    """Import an ONNX export; ``context`` overrides the number of positions. Raises ModelError."""
    try:
        return _import(path, context)
    except RecursionError as error:
        raise ModelError(
            f"{path}: its nodes are nested too deeply: more than {sys.getrecursionlimit()} in a row that are no "
            "layer of a decoder; export the model again"
        ) from error
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # What no check foresaw in a file that nobody vouches for.
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[:1]}"
        raise ModelError(
            f"{path}: not understood ({reason[:300]}); if ONNX Runtime runs it, please report it"
        ) from error


def _frozen(source: Source) -> tuple[Source, Graph, Inputs]:
    """The model with a row of logits for each token, and its graph."""
    graph, inputs = _freeze(source)
    full = _every_position(source, graph)
    return (source, graph, inputs) if full is source else (full, *_freeze(full))


def _matched(source: Source, graph: Graph) -> Matched:
    try:
        return _match(graph)
    except ModelError as error:
        if QUANTIZED not in source.notes:
            raise
        raise ModelError(
            f"{source.path}: the model is already quantized, and what its integers stand for is not understood "
            f"({error}); give the float export"
        ) from error


def _import(path: str | Path, context: int | None) -> Imported:
    source = _load(path)
    with bounded_memory(sum(value.nbytes for value in source.weights.values())) as room:
        try:
            source, graph, inputs = _frozen(source)
            logits = graph.logits
            matched = _matched(source, graph)
            positions, notes = resolve(source, inputs, graph, matched, context)
            decoder, more = extend(source, inputs, graph, matched, positions)
            more += window_beside(source, decoder)
            decoder = replace(decoder, architecture=family(decoder))
            result = _check(source, inputs, logits, decoder, matched.stages)
        except MemoryError as error:
            raise ModelError(f"{path}: needs more than {room >> 20:,} MiB, which its weights do not explain") from error
    return Imported(
        decoder=decoder, check=result, notes=(*notes, *more, *source.notes), path=source.path, sha256=source.sha256
    )
