# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Values of the engine's parameters in a build: what ``plan/parameters.py`` names."""

from __future__ import annotations

from ...chip.model import Chip
from ...host.requests import STOPS
from ...ops import norm
from ...parts import PARTS
from ...plan.drafts import bigram_words
from ...plan.latency import ceil_div
from ...plan.program import Schedule
from ...plan.trace import segments
from ...plan.widths import accumulator_bits, embedding_bits, weight_words
from ...plan.words import Style, named
from .roms import word_widths


def parameters(chip: Chip, program: Schedule) -> dict[str, int | str]:
    """Parameters of the engine, those of parameters.py, as SystemVerilog writes them."""
    s, f, g = chip.shape, chip.formats, program.geometry
    words, switches, widths = weight_words(program), dict[str, int](), dict[str, int]()
    for part in PARTS:
        switches |= part.switches(s, chip.wiring)
        widths |= part.widths(chip, program) if part.there(chip.wiring) else {}
    return {
        "Vocab": s.vocab,
        "Words": ceil_div(s.dim, g.rows),
        "Layers": s.layers,
        "Heads": s.heads,
        "KvHeads": s.kv_heads,
        "HeadDim": s.head_dim,
        "Context": program.context,
        "HiddenWords": ceil_div(s.hidden, g.rows),
        **switches,
        "ResidualW": f.residual,
        "NormW": f.norm,
        "QueryW": f.query,
        "CacheW": f.cache,
        "AttentionW": f.attention,
        "HiddenW": f.hidden,
        "GateW": f.gate,
        "UpW": f.up,
        "LogitW": f.logit,
        "LogitFraction": f.logit_fraction,
        "EmbeddingW": embedding_bits(chip),
        "Eps": int(chip.tables["eps"][0]),
        "EnergyW": norm.largest_energy(s.dim, f.residual).bit_length(),
        "Columns": g.columns,
        "Depth": g.depth,
        "Terms": g.terms,
        "PackedGroups": g.packed_groups,
        "LaneStages": g.lane_stages,
        "FactorStages": g.factor_stages,
        "RoundStages": g.round_stages,
        "AccW": accumulator_bits(chip),
        "Uram": g.uram,
        "SplitWeights": int(g.split),
        "WeightWords": "{" + ", ".join(f"16'd{count}" for count in reversed(words)) + "}",
        "EmissionWords": len(program.emissions),
        "Banks": g.banks,
        "Shared": program.shared,
        "Divides": g.divides,
        "Spacing": program.spacing,
        "ReadStages": g.read_stages,
        "SumStages": g.sum_stages,
        "Slack": min(program.slack, program.span(program.context - 1)),
        "ScoreStyle": named(Style[g.score_style.upper()]),
        "MixStyle": named(Style[g.mix_style.upper()]),
        "ScoreFabric": g.score_fabric,
        "MixFabric": g.mix_fabric,
        "Minus": int(g.minus),
        "ProgramWords": len(program.words),
        "InnerWait": program.inner_wait,
        "Streams": g.streams,
        "Lends": int(g.lends),
        "Stops": STOPS,
        "Drafts": g.drafts,
        "Bigrams": bigram_words(s.vocab),
        "DropWait": program.drop_wait if g.drafts else 0,
        "Segments": segments(program),
        "Trace": int(g.trace),
        **word_widths(chip, program),
        **widths,
    }
