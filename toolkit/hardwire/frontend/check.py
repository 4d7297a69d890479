# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Accept an import only if the rebuilt model computes what ONNX Runtime does with the original file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..decoder import Array, Decoder, forward
from ..errors import ModelError
from .freeze import execute, import_runtime
from .graph import Value
from .inputs import Inputs, make_feeds, output_name
from .load import Source

TOLERANCE = 1e-4  # of max(1, the largest logit): two float32 programs that add in different orders
LENGTHS = (3, 17, 200)
SEED = 20260


@dataclass(frozen=True)
class Check:
    """What was compared: the largest difference, plain and relative to max(1, the largest logit)."""

    max_abs_error: float
    max_relative_error: float
    lengths: tuple[int, ...]


def check(source: Source, inputs: Inputs, logits: str, decoder: Decoder, stages: dict[str, str]) -> Check:
    """Compare on seeded random tokens; on a difference raise ModelError naming the first stage."""
    run = _runner(source, logits)
    run_last = None if source.last is None else _runner(source.last, output_name(source.last))
    rng = np.random.default_rng(SEED)
    worst, largest, lengths = 0.0, 0.0, _lengths(decoder)
    head_dim = decoder.blocks[0].attention.head_dim
    for length in lengths:
        ids = rng.integers(0, decoder.vocab, (1, length))
        ours = forward(decoder, ids)
        padded = ids if inputs.static is None else np.pad(ids, ((0, 0), (0, inputs.static - length)))
        try:
            theirs = run(make_feeds(source, inputs, padded, head_dim))
        except ModelError:
            raise
        except Exception as cause:  # ONNX Runtime's own types derive from it
            text = str(cause).strip()[:400]
            raise ModelError(f"{source.path}: ONNX Runtime cannot run {length} tokens: {text}") from cause
        theirs = theirs.reshape(1, -1, theirs.shape[-1])[:, :length]
        error = _difference(ours, theirs)
        if run_last is not None and length == padded.shape[1]:
            last = run_last(make_feeds(source, inputs, padded, head_dim)).reshape(1, 1, -1)
            error = max(error, _difference(ours[:, -1:], last))
        if not error <= TOLERANCE:
            _refuse(source, inputs, decoder, stages, padded, length, error)
        worst, largest = max(worst, error), max(largest, float(np.abs(ours - theirs).max()))
    return Check(largest, worst, lengths)


def _runner(source: Source, logits: str) -> Callable[[dict[str, Value]], Value]:
    """Feeds to logits by ONNX Runtime: of the file as it is, or of what is made of it where that is not the same."""
    if source.altered:
        return lambda feeds: execute(source, feeds, [logits])[0][logits]
    runtime = import_runtime()
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.disable_prepacking", "1")  # a copy of every weight less
    try:
        session = runtime.InferenceSession(str(source.path), options, ["CPUExecutionProvider"])
    except Exception as cause:  # ONNX Runtime's own types derive from it
        raise ModelError(f"{source.path}: ONNX Runtime cannot load it: {str(cause).strip()[:400]}") from cause
    run_options = runtime.RunOptions()
    run_options.only_execute_path_to_fetches = True  # inputs that the logits do not need may be of any length
    return lambda feeds: session.run([logits], feeds, run_options)[0]


def _lengths(decoder: Decoder) -> tuple[int, ...]:
    """LENGTHS, and one longer than any window, within the context."""
    windows = [block.attention.window for block in decoder.blocks if block.attention.window is not None]
    longest = [max(windows) + 9] if windows else []
    return tuple(sorted({min(length, decoder.context) for length in (*LENGTHS, *longest)}))


def _difference(ours: Array, theirs: Value) -> float:
    """Largest difference, relative to the largest value where that is above 1; infinite if shapes differ."""
    if ours.shape != theirs.shape:
        return float("inf")
    error = np.abs(ours - theirs).max() / max(1.0, float(np.abs(theirs).max()))
    return float(error) if np.isfinite(error) else float("inf")


def _refuse(
    source: Source,
    inputs: Inputs,
    decoder: Decoder,
    stages: dict[str, str],
    ids: Value,
    length: int,
    error: float,
) -> None:
    """Raise ModelError at the first stage where the decoder and ONNX Runtime differ."""
    ours: dict[str, Array] = {}

    def observe(stage: str, value: Array) -> None:
        if stage in stages:
            ours[stage] = value

    forward(decoder, ids[:, :length], observe)
    theirs, _ = execute(source, make_feeds(source, inputs, ids), list(dict.fromkeys(stages.values())))
    text = f"{source.path}: the rebuilt model differs from ONNX Runtime by {error:.3g} at {length} tokens"
    for stage, value in ours.items():  # in the order of the forward pass
        runtime_value = theirs[stages[stage]]
        runtime_value = runtime_value.reshape(1, -1, runtime_value.shape[-1])[:, :length]
        if not _difference(value, runtime_value) <= TOLERANCE:
            text += f"; first at {stage} (tensor {stages[stage]!r})"
            if value.shape != runtime_value.shape:
                raise ModelError(f"{text}: shape {value.shape} rebuilt, {runtime_value.shape} in ONNX Runtime")
            where = np.unravel_index(int(np.abs(value - runtime_value).argmax()), value.shape)
            raise ModelError(
                f"{text}, token {where[1]}, channel {where[2]}: "
                f"{value[where]:.6g} rebuilt, {runtime_value[where]:.6g} in ONNX Runtime; please report this model"
            )
    raise ModelError(f"{text}; every block agrees, so it is the final norm or head; please report this model")
