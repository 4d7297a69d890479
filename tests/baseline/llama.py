# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""llama.c from Python: a Decoder's weights in its format, its compilation, and its logits against the float reference.

The file, little endian: ten int32 (``llama.c``'s Shape), then float32: embedding [V, D], cos and sin [context, R / 2],
per layer attention norm, q, k, v, scale, o, MLP norm, gate, up, down; final norm, head [V, D]. A norm is its eps and
its gain [D]. Channels of q and k are in the order that makes rotated partners neighbours.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hardwire.decoder import Attention, Decoder, Norm, Rope, forward, rope_tables
from hardwire.errors import BuildError, Mismatch, ModelError, ToolMissing

SOURCE = Path(__file__).with_name("llama.c")
FLAGS = ("-O3", "-march=native", "-ffast-math")  # the last lets sums and exponentials use the vector units
MAGIC = 0x3143574C
ROUNDING = 4  # the vector exponential errs by up to 4 units in the last place, numpy's by one
CHECKED = 64  # tokens of a text whose logits are checked before anything is timed


@dataclass(frozen=True)
class Speed:
    """What one core did."""

    tokens_per_second: float  # of the fastest run
    tokens: int  # of a run, at positions 0, 1, ...
    runs: int
    error: float  # largest of the checked logits, from the float64 value
    tolerance: float


class Baseline:
    """The compiled program with one decoder's weights."""

    def __init__(self, decoder: Decoder, folder: Path) -> None:
        """Write the weights to ``folder`` and compile there. Raises ModelError, ToolMissing, BuildError."""
        self.decoder = decoder
        self.weights, self.program = folder / "llama.bin", folder / "llama"
        folder.mkdir(parents=True, exist_ok=True)
        write_weights(decoder, self.weights)
        compiler = shutil.which("gcc")
        if compiler is None:
            raise ToolMissing("gcc is not on PATH; install a C compiler (Debian: apt-get install gcc)")
        self._run([compiler, *FLAGS, str(SOURCE), "-o", str(self.program), "-lm"])

    def logits(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Logits [T, V] of token ids [T] from an empty context."""
        said = self._run([str(self.program), str(self.weights), "logits", *map(str, self._checked(ids, len(ids)))])
        return np.frombuffer(said, np.float32).reshape(len(ids), self.decoder.vocab)

    def greedy(self, token: int, count: int, runs: int = 1) -> tuple[list[int], list[float]]:
        """``count`` greedy tokens after ``token``, and the seconds of each of ``runs`` such runs."""
        first = self._checked([token], count)
        said = self._run([str(self.program), str(self.weights), "greedy", *map(str, [*first, count, runs])]).split()
        return [int(word) for word in said[:count]], [float(word) for word in said[count:]]

    def _checked(self, ids: Sequence[int], positions: int) -> list[int]:
        """The program itself checks nothing."""
        if not 1 <= positions <= self.decoder.context or not all(0 <= token < self.decoder.vocab for token in ids):
            raise BuildError(
                f"{positions} positions with tokens {min(ids, default=0)} to {max(ids, default=0)}; the baseline takes "
                f"1 to {self.decoder.context} positions and tokens below {self.decoder.vocab}"
            )
        return list(ids)

    def _run(self, command: list[str]) -> bytes:
        done = subprocess.run(command, capture_output=True)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            raise BuildError(f"{Path(command[0]).name} of the C baseline: exit {done.returncode}: {said[0]}")
        return done.stdout


def check(baseline: Baseline, ids: Sequence[int]) -> tuple[float, float]:
    """Largest error of the program's logits over token ids [T], and what it may be. Raises Mismatch beyond that.

    The reference runs twice, in float32 as it is and in float64 with the same weights. The first strays from the second
    by the rounding of its operations. The program does the same operations, but sums in another order and has a coarser
    exponential; by how much, ROUNDING says, and so by how much more it may stray.
    """
    text = np.array(ids)[None]
    exact = forward(in_double(baseline.decoder), text)[0]
    tolerance = ROUNDING * float(np.abs(forward(baseline.decoder, text)[0] - exact).max())
    difference = np.abs(baseline.logits(ids) - exact)
    error = float(difference.max())
    if not error <= tolerance:  # a NaN is no match either
        token, index = np.unravel_index(difference.argmax(), difference.shape)
        raise Mismatch(
            f"C baseline: logits, token {token}, index {index}: {error:.3g} from the float reference, allowed are "
            f"{tolerance:.3g}; llama.c and decoder.py differ"
        )
    return error, tolerance


def check_greedy(baseline: Baseline, token: int, found: Sequence[int], tolerance: float) -> None:
    """Raise Mismatch unless each of the tokens [T] after ``token`` has the largest logit, to within the tolerance."""
    logits = forward(in_double(baseline.decoder), np.array([token, *found[:-1]])[None])[0]
    short = logits.max(-1) - logits[np.arange(len(found)), list(found)]
    if not short.max() <= 2 * tolerance:  # both logits may err
        at = int(short.argmax())
        raise Mismatch(
            f"C baseline: token {at} of its greedy text is {found[at]}, whose logit is {short[at]:.3g} below that of "
            f"{int(logits[at].argmax())}; llama.c and decoder.py differ"
        )


def measure(decoder: Decoder, folder: Path, start: int, count: int = 256, runs: int = 100) -> Speed:
    """Tokens per second of one core: ``count`` greedy tokens after ``start``, all checked; the fastest of ``runs``.

    The fastest, because whatever else the machine does only slows a run. Raises Mismatch.
    """
    baseline = Baseline(decoder, folder)
    draw = np.random.default_rng(1)
    error, tolerance = check(baseline, draw.integers(0, decoder.vocab, min(CHECKED, decoder.context)).tolist())
    found, seconds = baseline.greedy(start, count, runs)
    check_greedy(baseline, start, found, tolerance)
    return Speed(count / min(seconds), count, runs, error, tolerance)


def in_double(node: Any) -> Any:
    """A dataclass, or tuple of them, with every float32 array of it as float64."""
    if isinstance(node, np.ndarray):
        return node.astype(np.float64)
    if isinstance(node, tuple):
        return tuple(in_double(item) for item in node)
    if is_dataclass(node) and not isinstance(node, type):
        return replace(node, **{f.name: in_double(getattr(node, f.name)) for f in fields(node)})
    return node


# ---------------------------------------------------------------------------------------------------
# Weights.


def lacking(decoder: Decoder) -> list[str]:
    """What of a decoder the program does not have, by name."""
    blocks = decoder.blocks
    first, mlps = blocks[0].attention, [b.mlp for b in blocks]
    norms = [n for b in blocks for n in (b.attention_norm, b.mlp_norm)] + [decoder.final_norm]
    layers = [m for b in blocks for m in (b.attention.q, b.attention.k, b.attention.v, b.attention.o)]
    layers += [m for mlp in mlps for m in (mlp.up, mlp.down, mlp.gate) if m is not None] + [decoder.head]
    found = {
        "a norm other than RMSNorm, or none": any(n is None or n.kind != "rms" or n.bias is not None for n in norms),
        "biases": any(layer.bias is not None for layer in layers),
        "an MLP other than SiLU with a gate": any(m.gate is None or m.activation != "silu" for m in mlps),
        "learned positions": decoder.positions is not None,
        "no rotary positions": any(b.attention.rope is None for b in blocks),
        "rotary positions that differ between layers": any(
            not _same_rope(b.attention.rope, first.rope) for b in blocks
        ),
        "a norm behind the embedding": decoder.embedding_norm is not None,
        "parallel blocks": any(b.parallel for b in blocks),
        "norms behind a branch": any(b.attention_post_norm or b.mlp_post_norm for b in blocks),
        "norms of queries or keys": any(b.attention.q_norm or b.attention.k_norm for b in blocks),
        "sliding windows": any(b.attention.window is not None for b in blocks),
        "soft caps": decoder.logit_softcap is not None or any(b.attention.softcap is not None for b in blocks),
    }
    return [name for name, there in found.items() if there]


def _same_rope(a: Rope | None, b: Rope | None) -> bool:
    if a is None or b is None:
        return a is b
    same = a.interleaved == b.interleaved and a.amplitude == b.amplitude
    return same and np.array_equal(a.inv_freq, b.inv_freq)


def write_weights(decoder: Decoder, path: Path) -> None:
    """Write a Llama-like decoder for ``llama.c``. Raises ModelError naming what the program does not have."""
    missing = lacking(decoder)
    if missing:
        raise ModelError(
            f"the C baseline takes Llama-like decoders; this one ({decoder.architecture}) has {', '.join(missing)}"
        )
    a, rope = decoder.blocks[0].attention, decoder.blocks[0].attention.rope
    assert rope is not None and decoder.final_norm is not None  # lacking() looked
    hidden = decoder.blocks[0].mlp.up.weight.shape[0]
    shape = [decoder.vocab, decoder.dim, len(decoder.blocks), a.heads, a.kv_heads, a.head_dim, hidden, decoder.context]
    with path.open("wb") as file:
        np.array([MAGIC, *shape, 2 * len(rope.inv_freq)], "<i4").tofile(file)
        _put(file, decoder.embedding, *rope_tables(rope, decoder.context))
        for block in decoder.blocks:
            a, mlp = block.attention, block.mlp
            assert mlp.gate is not None and block.mlp_norm is not None
            _put_norm(file, block.attention_norm, decoder.dim)
            _put(file, *(m.weight.reshape(-1, a.head_dim, decoder.dim)[:, _turned(a)] for m in (a.q, a.k)))
            _put(file, a.v.weight, a.scale, a.o.weight)
            _put_norm(file, block.mlp_norm, decoder.dim)
            _put(file, mlp.gate.weight, mlp.up.weight, mlp.down.weight)
        _put_norm(file, decoder.final_norm, decoder.dim)
        _put(file, decoder.head.weight)


def _turned(a: Attention) -> list[int]:
    """Channels of a head, rotated partners side by side."""
    assert a.rope is not None
    half = len(a.rope.inv_freq)
    if a.rope.interleaved:
        return list(range(a.head_dim))
    return [c for i in range(half) for c in (i, i + half)] + list(range(2 * half, a.head_dim))


def _put_norm(file: BinaryIO, norm: Norm, dim: int) -> None:
    _put(file, norm.eps, np.ones(dim) if norm.gain is None else norm.gain)


def _put(file: BinaryIO, *values: ArrayLike) -> None:
    for value in values:
        np.ascontiguousarray(value, "<f4").tofile(file)
