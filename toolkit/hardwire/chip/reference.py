# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The integer reference: what every other form of a chip must equal, bit for bit.

The arithmetic of each step is in ``ops/``; this page is their order. It serves a single token and a whole
batch of texts alike. Shapes: B texts, T new tokens, P = position + T tokens so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ..errors import PromptError
from ..host.requests import NOTHING_TO_CONTINUE, VALUES, Backend, Limits, Request, RequestState, Stages, token_loop
from ..host.sampling import Mask
from ..ops import attention, choice, gate, norm, rope, sampler, softcap
from ..ops.embedding import embed
from ..ops.fixed import Ints, round_shift, saturate
from .model import Chip

Observer = Callable[[str, Ints], None]

NOTHING_DRAWN = -1  # behind an inner token of a prompt


def _ignore(stage: str, value: Ints) -> None:
    """The observer that watches nothing."""


@dataclass
class State:
    """KV cache [L, B, G, context, C] and the number of positions that are filled."""

    keys: np.ndarray
    values: np.ndarray
    position: int = 0


def new_state(chip: Chip, batch: int = 1, context: int | None = None) -> State:
    """An empty KV cache for ``batch`` texts of ``context`` positions, by default the chip's."""
    s = chip.shape
    shape = (s.layers, batch, s.kv_heads, context or s.context, s.head_dim)
    return State(np.zeros(shape, np.int16), np.zeros(shape, np.int16))


def step(chip: Chip, state: State, ids: Ints, observe: Observer = _ignore) -> Ints:
    """Feed ids [B, T] at the state's position; logits [B, T, V]. Raises PromptError when the context is full.

    ``observe(stage, value)`` sees every stage by the name that C-simulation and RTL use too.
    """
    x = _through(chip, state, ids, chip.shape.layers, observe)
    state.position += ids.shape[1]
    a, root = _normalize(chip, x, "final", observe, chip.wiring.final_norm)
    logits = _apply(chip, "head", 0, a, chip.formats.norm, chip.formats.logit, root)
    if chip.wiring.logit_cap:
        logits = softcap.soft_cap(logits, chip.tables["logit_cap"])
    observe("logits", logits)
    return logits


def fill(chip: Chip, state: State, ids: Ints, observe: Observer = _ignore) -> None:
    """Feed ids [B, T] as inner tokens of a prompt: they leave keys and values alone, so they end with the last layer's.

    Raises PromptError when the context is full.
    """
    last = chip.shape.layers - 1
    project(chip, state, last, _through(chip, state, ids, last, observe), observe)
    state.position += ids.shape[1]


def _through(chip: Chip, state: State, ids: Ints, layers: int, observe: Observer) -> Ints:
    """The residual [B, T, D] of ids [B, T] at the state's position, behind the first ``layers``."""
    if state.position + ids.shape[1] > chip.shape.context:
        raise PromptError(
            f"position {state.position} + {ids.shape[1]} tokens exceed the context of {chip.shape.context}"
        )
    x = embedding_block(chip, ids, state.position)
    observe("embed", x)
    for layer in range(layers):
        after = attention_block(chip, state, layer, x, observe)
        x = mlp_block(chip, layer, after, observe, x if chip.wiring.parallel else None)
    return x


def embedding_block(chip: Chip, ids: Ints, start: int) -> Ints:
    """The residual [B, T, D] of ids [B, T] at positions from ``start`` on, through its norm if there is one."""
    f, m = chip.formats, chip.matrices
    x = embed(m["embedding"], ids, f.residual)
    if chip.wiring.positions:
        x = saturate(x + embed(m["position"], np.arange(start, start + ids.shape[1]), f.residual), f.residual)
    if chip.embedding_scale is not None:
        x = norm.write_back(*_normalize(chip, x, "embed", _ignore), chip.embedding_scale, f.residual)
    return x


def _normalize(chip: Chip, x: Ints, stage: str, observe: Observer, normalizes: bool = True) -> tuple[Ints, Ints]:
    f = chip.formats
    a, energy, m = norm.shift_normalize(x, chip.tables["eps"], f.norm)
    root = norm.reciprocal_root(energy, m, chip.tables["rsqrt"]) if normalizes else norm.plain_root(m, f.residual)
    observe(f"{stage}_norm", a)
    observe(f"{stage}_root", root[..., None])
    return a, root


def _apply(chip: Chip, name: str, layer: int, a: Ints, input_bits: int, bits: int, root: Ints | None = None) -> Ints:
    return chip.matrices[name].apply(layer, a, input_bits, bits, root, chip.biases.get(name))


def project(chip: Chip, state: State, layer: int, x: Ints, observe: Observer = _ignore) -> Ints:
    """Queries [B, H, T, C] of x [B, T, D]. Writes keys and values of x into ``state``."""
    f, start, end = chip.formats, state.position, state.position + x.shape[1]
    a, root = _normalize(chip, x, f"L{layer}.attn", observe)
    first = chip.shape.context * chip.wiring.rope[layer] if chip.wiring.rope else 0
    cos, sin = (chip.tables[name][first + start : first + end] for name in ("cos", "sin"))
    q, k = (
        rope.rotate(_turned(chip, name, layer, a, root, observe), cos, sin, bits)
        for name, bits in (("q", f.query), ("k", f.cache))
    )  # [B, H, T, C], [B, G, T, C]
    v = _heads(chip, _apply(chip, "v", layer, a, f.norm, f.cache, root))
    state.keys[layer, :, :, start:end], state.values[layer, :, :, start:end] = k, v
    for name, value in (("q", q), ("k", k), ("v", v)):
        observe(f"L{layer}.{name}", _join(value))
    return q


def attention_block(chip: Chip, state: State, layer: int, x: Ints, observe: Observer = _ignore) -> Ints:
    """The residual [B, T, D] behind a layer's attention. Writes keys and values of x into ``state``."""
    f, end = chip.formats, state.position + x.shape[1]
    q = project(chip, state, layer, x, observe)
    mixed = _attend(chip, layer, q, state.keys[layer, :, :, :end], state.values[layer, :, :, :end])
    observe(f"L{layer}.attn", mixed)
    x = saturate(x + _branch(chip, "attention", "o", layer, mixed, f.attention, observe), f.residual)
    observe(f"L{layer}.attn_x", x)
    return x


def _turned(chip: Chip, name: str, layer: int, a: Ints, root: Ints, observe: Observer) -> Ints:
    """Queries or keys [B, heads, T, C] as the rotation takes them, through their norm where there is one."""
    x = _apply(chip, name, layer, a, chip.formats.norm, rope.INPUT_BITS, root)
    if name in chip.renorms:
        observe(f"L{layer}.{name}_raw", x)
        grouped = x.reshape(*x.shape[:2], -1, chip.shape.head_dim)
        normed = norm.renormalize(grouped, chip.renorms[name], layer, chip.tables["rsqrt"], rope.INPUT_BITS)
        x = normed.reshape(x.shape)
    return _heads(chip, x)


def _branch(chip: Chip, branch: str, name: str, layer: int, x: Ints, bits: int, observe: Observer) -> Ints:
    """What attention or MLP adds to the residual: the output of matrix ``name``, through its norm if it has one."""
    f = chip.formats
    if branch not in chip.renorms:
        return _apply(chip, name, layer, x, bits, f.residual)
    raw = _apply(chip, name, layer, x, bits, norm.RENORM_BITS)
    observe(f"L{layer}.{branch}_raw", raw)
    return norm.renormalize(raw[..., None, :], chip.renorms[branch], layer, chip.tables["rsqrt"], f.residual)[..., 0, :]


def _attend(chip: Chip, layer: int, q: Ints, k: np.ndarray, v: np.ndarray) -> Ints:
    """Mixed values [B, T, H * C] of q [B, H, T, C] over k, v [B, G, P, C]."""
    f, group = chip.formats, chip.shape.heads // chip.shape.kv_heads
    positions = np.arange(k.shape[2], dtype=np.int64)  # not the processor's own integers, which may have 32 bits
    behind = positions[k.shape[2] - q.shape[2] :, None] - positions  # [T, P]
    window = (chip.wiring.windows[layer] if chip.wiring.windows else 0) or k.shape[2]
    visible = (behind >= 0) & (behind < window)
    out = np.empty_like(q)
    for head in range(chip.shape.heads):
        keys, values = k[:, head // group], v[:, head // group]
        score = attention.scores(q[:, head], keys, f.query, f.cache)
        shift = chip.score_shift[layer, head]
        if chip.wiring.score_cap:
            score = softcap.soft_cap(saturate(round_shift(score, shift), softcap.CAP_BITS), chip.tables["score_cap"])
            shift = np.int64(0)
        if chip.wiring.alibi:
            score = score + attention.alibi(chip.tables["alibi"][head], shift, positions)
        p = attention.probabilities(score, visible, shift, chip.tables["exp"])
        sums = attention.weighted_values(p, values, f.cache)
        out[:, head] = attention.divide(
            sums, p.sum(-1), chip.tables["reciprocal"], chip.value_shift[layer, head], f.attention
        )
    return _join(out)


def mlp_block(chip: Chip, layer: int, x: Ints, observe: Observer = _ignore, source: Ints | None = None) -> Ints:
    """The residual x with the MLP of it added, or the MLP of ``source`` where that is another one."""
    f, table = chip.formats, chip.tables["activation"]
    a, root = _normalize(chip, x if source is None else source, f"L{layer}.mlp", observe)
    u = _apply(chip, "up", layer, a, f.norm, f.up if chip.wiring.gated else f.gate, root)
    if chip.wiring.gated:
        g = _apply(chip, "gate", layer, a, f.norm, f.gate, root)
        observe(f"L{layer}.gate", g)
        hidden = gate.gated(g, u, table, chip.gate_shift[layer], f.gate, f.hidden)
    else:
        hidden = gate.activated(u, table, f.gate)
    observe(f"L{layer}.up", u)
    observe(f"L{layer}.hidden", hidden)
    x = saturate(x + _branch(chip, "mlp", "down", layer, hidden, f.hidden, observe), f.residual)
    observe(f"L{layer}.x", x)
    return x


def _heads(chip: Chip, x: Ints) -> Ints:
    """[B, T, heads * C] to [B, heads, T, C]."""
    return x.reshape(*x.shape[:2], -1, chip.shape.head_dim).swapaxes(1, 2)


def _join(x: Ints) -> Ints:
    """[B, heads, T, C] to [B, T, heads * C]."""
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)


# ---------------------------------------------------------------------------------------------------
# Requests.


def pick(chip: Chip, logits: Ints, position: int, request: Request = Request()) -> int:
    """The next token id of logits [V] computed at ``position``, by a request's temperature and seed."""
    table = chip.tables["gumbel"]
    return sampler.sample(logits, chip.formats.logit_fraction, request.inverse, request.seed, position, table)


@lru_cache
def _weights() -> Ints:
    return choice.weight_table()


def choose(
    chip: Chip, logits: Ints, context: Sequence[int], request: Request, allowed: Mask | None = None, best: int = 1
) -> choice.Chosen:
    """What an extended sampler draws from logits [V] behind the tokens of ``context``, by all that a request says."""
    seen = np.zeros(len(logits), np.bool_)
    seen[list(context)[-request.window or 0 :]] = True
    return choice.choose(
        logits,
        fraction=chip.formats.logit_fraction,
        bits=chip.formats.logit,
        best=best,
        inverse=request.inverse,
        seed=request.seed,
        position=len(context) - 1,
        gumbel=chip.tables["gumbel"],
        weights=_weights(),
        how=request.narrowing,
        seen=seen,
        allowed=request.allowed if allowed is None else allowed,
    )


@dataclass
class _Context:
    """What stays behind a request, and the next one may continue from. tokens: by position."""

    state: State
    tokens: list[int] = field(default_factory=list)
    pending: int | None = None  # the last token that was given, if it has not been fed


class Reference(Backend):
    """The integer reference as what every other backend must equal: ids, status, logits, stages.

    Each request that clears has a KV cache of its own, so that an older stream may be read on beside it. ``streams``:
    contexts that it keeps. ``best``: tokens that its sampler keeps in order; 0: it has the plain one.
    """

    def __init__(self, chip: Chip, streams: int = 1, best: int = choice.MOST_BEST) -> None:
        self.chip = chip
        self._limits = Limits(
            name="the reference",
            vocab=chip.shape.vocab,
            context=chip.shape.context,
            streams=streams,
            best=min(best, chip.shape.vocab),
            stages=VALUES,
        )
        self._contexts = [_Context(new_state(chip, context=0)) for _ in range(streams)]
        self._stages: Stages = {}

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def position(self) -> int:
        """Tokens fed so far in stream 0, which is the position of the next."""
        return self._contexts[0].state.position

    def stream(self, request: Request, state: RequestState | None = None) -> Iterator[int]:
        self.limits.check(request)
        if not request.clear and not request.ids and self._contexts[request.stream].pending is None:
            raise PromptError(NOTHING_TO_CONTINUE)
        return self._stream(request, state or RequestState())

    def _stream(self, request: Request, state: RequestState) -> Iterator[int]:
        if request.clear or not self._contexts[request.stream].state.position:
            self._contexts[request.stream] = _Context(new_state(self.chip))
        context = self._contexts[request.stream]
        prompt = [*([] if context.pending is None else [context.pending]), *request.ids]
        state.position = context.state.position
        last = context.state.position + len(prompt) - 1
        scored = last + 1 - request.rows if request.rows else self.limits.context
        walk = None if request.guide is None else request.guide.begin()
        extended = bool(request.options())

        def feed(token: int, position: int) -> int:
            vectors: dict[str, Ints] = {}
            context.pending = None
            context.tokens.append(token)
            if walk is not None and position > last:
                walk.take(token)
            if position < min(last, scored):
                fill(self.chip, context.state, np.array([[token]], np.int64))
                return NOTHING_DRAWN
            observe = vectors.__setitem__ if request.stages else _ignore
            logits = step(self.chip, context.state, np.array([[token]], np.int64), observe)[0, 0]
            if position >= scored:
                state.logits.append(logits)
            if position >= scored and request.stages:
                self._stages = {stage: value.reshape(-1) for stage, value in vectors.items()}
                state.stages.append(self._stages)
            if not extended or position < last:
                return pick(self.chip, logits, position, request)
            allowed = None if walk is None else walk.allowed()
            chosen = choose(self.chip, logits, context.tokens, request, allowed, self.limits.best)
            if request.logprobs is not None and chosen.token not in (choice.NO_TOKEN, *request.stops):
                state.drawn.append(chosen)
            return chosen.token

        for token in token_loop(feed, prompt, request, state, self.limits.context):
            context.pending = token
            yield token

    def stages(self) -> Stages:
        return self._stages
