# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""passes: whose token each pass has, against a model that keeps lists; streams that come, go, and want many tokens."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from bench import Bench

pytestmark = pytest.mark.tools

LEND_AFTER = 16
WIDTHS = {"BankW": 4, "BlockW": 5, "SpanW": 10, "CacheA": 10}
CYCLES = 6000


@dataclass
class Token:
    """In a pass."""

    owner: int
    short: int
    left: int  # cycles
    number: int
    place: tuple[int, int, int]  # bank, blocks, span
    age: int = 0


@dataclass
class Model:
    """What the passes should say, and what drives them."""

    draw: np.random.Generator
    streams: int
    lends: bool
    busy: list[int] = field(default_factory=list)  # tokens that a stream still wants; 0: it is idle
    quiet: list[int] = field(default_factory=list)
    tokens: list[Token | None] = field(default_factory=list)
    fetched: int = 0
    lent: int = 0
    both: int = 0  # streams that wanted the same pass
    sought: list[int] = field(default_factory=list)  # who did in the cycle before,
    had: list[int] = field(default_factory=list)  # and what was lent

    def __post_init__(self) -> None:
        self.busy, self.quiet = [0] * self.streams, [LEND_AFTER] * self.streams
        self.tokens = [None] * self.streams

    def targets(self, want: list[int], noisy: list[int], free: int) -> dict[int, int]:
        """Pass to the stream that it is offered to."""
        ready = [s for s in range(self.streams) if want[s] and (free or not noisy[s])]
        found = {s: s for s in ready if self.tokens[s] is None}
        seek = [s for s in ready if self.tokens[s]]
        lends = [s for s in range(self.streams) if self.lends and self.quiet[s] == LEND_AFTER]
        lent = [s for s in lends if not self.busy[s] and self.tokens[s] is None]
        seekers, idle = [s for s in seek if s in self.sought], [s for s in lent if s in self.had]
        self.sought, self.had = seek, lent
        if seekers and idle:
            found[idle[0]] = seekers[0]
            self.both += len(seekers) > 1
        return found


def packed(values: list[int], bits: int) -> int:
    return sum(value << i * bits for i, value in enumerate(values))


@pytest.mark.parametrize(("streams", "lends", "slack"), [(2, 1, 0), (3, 1, 40), (4, 1, 0), (3, 0, 7)])
def test_tokens_of_streams(draw: np.random.Generator, streams: int, lends: int, slack: int) -> None:
    depth = 33 * streams
    bench = Bench("passes", Streams=streams, Lends=lends, Slack=slack, CacheN=depth, **WIDTHS)
    bench.reset(2)
    model = Model(draw, streams, bool(lends))
    which = max((streams - 1).bit_length(), 1)
    for _ in range(CYCLES):
        places = [tuple(int(v) for v in draw.integers(1, (16, 32, 1024))) for _ in range(streams)]
        for s in range(streams):
            if not model.busy[s] and draw.random() < 0.003:
                model.busy[s] = int(draw.integers(1, 30))
        want = [int(model.busy[s] > 0 and draw.random() < 0.7) for s in range(streams)]
        noisy, free = draw.integers(0, 2, streams).tolist(), int(draw.integers(4) > 0)
        done = [int(token is not None and token.left == 0) for token in model.tokens]
        attend = [int(token is not None and draw.random() < 0.5) for token in model.tokens]
        bench.set(
            idle_i=packed([int(not left) for left in model.busy], 1), want_i=packed(want, 1), noisy_i=packed(noisy, 1),
            noise_free_i=free, bank_i=packed([p[0] for p in places], WIDTHS["BankW"]),
            blocks_i=packed([p[1] for p in places], WIDTHS["BlockW"]),
            span_i=packed([p[2] for p in places], WIDTHS["SpanW"]), done_i=packed(done, 1),
            attend_i=packed(attend, 1), fetch_i=0,
        )  # fmt: skip
        bench.settle()
        targets = model.targets(want, noisy, free)
        assert bench.get("fetch_o") == sum(1 << p for p in targets)
        for p, s in targets.items():
            assert bench.get("to_o") >> p * which & (1 << which) - 1 == s
        flying = {token.owner for token in model.tokens if token}
        assert bench.get("flying_o") == sum(1 << s for s in flying)
        ends = {t.owner for t, over in zip(model.tokens, done, strict=True) if t and over and not t.short}
        assert bench.get("done_o") == sum(1 << s for s in ends)
        _check_held(bench, model, attend, slack, depth)
        grant = int(draw.choice([*targets])) if targets and draw.random() < 0.6 else None
        bench.set(fetch_i=0 if grant is None else 1 << grant)
        bench.settle()
        assert bench.get("start_o") == (0 if grant is None else 1 << targets[grant])
        bench.tick()
        for s in range(streams):
            model.quiet[s] = 0 if s in flying else min(model.quiet[s] + 1, LEND_AFTER)
        for p, token in enumerate(model.tokens):
            if token is not None:
                model.tokens[p] = None if token.left == 0 else token
                token.left -= 1
        if grant is not None:
            s = targets[grant]
            short, left = int(not noisy[s]), int(draw.integers(2, 60))
            model.tokens[grant] = Token(s, short, left, model.fetched, places[s])
            model.fetched, model.lent, model.busy[s] = model.fetched + 1, model.lent + (s != grant), model.busy[s] - 1
    assert model.fetched > 250 and (model.lent > 50) == bool(lends)
    assert model.both > 10 or streams < 4


def _check_held(bench: Bench, model: Model, attend: list[int], slack: int, depth: int) -> None:
    """What passes hold of their tokens, two cycles behind the fetch; and who may attend."""
    which, turn = max((model.streams - 1).bit_length(), 1), bench.get("attend_o")
    for p, token in enumerate(model.tokens):
        if token is None:
            assert not turn >> p & 1
            continue
        before = [o for o, t in enumerate(model.tokens) if t and t.owner == token.owner and t.number < token.number]
        assert turn >> p & 1 == (attend[p] and not any(attend[o] for o in before))

        def held(name: str, bits: int, p: int = p) -> int:
            return bench.get(name) >> p * bits & (1 << bits) - 1

        bank, blocks, span = token.place
        assert held("owner_o", which) == token.owner and held("short_o", 1) == token.short
        assert (held("bank_o", WIDTHS["BankW"]), held("blocks_o", WIDTHS["BlockW"])) == (bank, blocks)
        token.age += 1
        if token.age > 1:
            assert held("span_o", WIDTHS["SpanW"]) == max(span - slack, 0)
            assert held("block_o", WIDTHS["CacheA"]) == blocks - 1 + token.owner * (depth // model.streams)
