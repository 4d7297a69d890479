# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The proof: a ladder of rungs, each comparing one form of the model with the one before it.

| rung  | compares                                       | passes when                          |
| ----- | ---------------------------------------------- | ------------------------------------ |
| float | ONNX Runtime and the rebuilt float model       | within 1e-4, of the largest logit    |
|       |                                                | where that is above 1                |
| int   | the float model and the integer one            | within the bound set at calibration, |
|       | the integer model token by token and at once   | equal                                |
| csim  | the integer model and the compiled HLS C++     | equal, logits, stages and tokens     |
| rtl   | the integer model and the simulated RTL;       | equal, logits and tokens             |
|       | the schedule's cycles and the simulated ones   | equal at every position              |
|       | of an extended sampler, every number it draws  | equal                                |
| net-  | the integer model and the simulated gates that | equal, logits, tokens and cycles     |
| list  | synthesis made of the RTL                      |                                      |

The bound between float and integer is measured, not chosen: the quantizer records the root mean square
logit error of each calibration row; a prompt's text may err half as much again as the worst of them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..backends.of_build import FRESH, Proved, fresh_board
from ..backends.rtlsim import RtlSim
from ..build.folder import Build
from ..chip.model import Chip
from ..chip.reference import Reference, new_state, step
from ..decoder import forward
from ..driver.hosted import HostedChip
from ..emit.rtl.project import drafts_of
from ..errors import BuildError, ChipError, PromptError
from ..host.requests import Request
from ..ops.fixed import Ints
from ..progress import Progress, Share
from .climb import SAMPLED, Route, Text, climb, first_difference
from .draws import draws
from .plant import RUNG, plant
from .receipts import Difference, Receipt, Rung, record, versions, write_junit
from .streams import listeners, mixes

__all__ = [
    "RUNGS", "Difference", "Receipt", "Rung", "first_difference", "record", "rungs_of", "verify", "verify_planted",
    "write_junit",
]  # fmt: skip

RUNGS = ("float", "int", *FRESH)  # "csim", "rtl", "netlist": what runs requests is climbed alike
PROMPTS = ("Once upon a time", "One day, a little girl named Lily", "Tom and his dog", "The sun was")
BOUND_MARGIN = 1.5  # of the worst calibration row's error
LARGEST_ERROR = 8.0  # of a record; logits that err by more belong to no working model
TRACED = 64  # tokens of the first text whose every stage is compared even when all logits agree
LOOP_TOKENS = 32
# Gates run a thousand times slower than C++, so one short text of them is compared.
GATES_PROMPT, GATES_TOKENS = 4, 8
# Of chips with several streams: requests of all at once, and answers of each that are read from a board.
MIXES, ANSWERS = 12, 12
GATES_MIXES, GATES_ANSWERS = 1, 1
DRAWS, GATES_DRAWS = 24, 4  # requests to an extended sampler
MOST_LINE_CYCLES = 20_000_000  # on reading logits over a simulated line: half an hour of a board's gates
BITS_PER_LOGIT = 44  # on the line: four bytes, ten bits each, and what frames add


def rungs_of(build: Build) -> tuple[str, ...]:
    """The rungs that a build has something for. An excerpt of a chip begins at int: it has no float model."""
    parts = {"csim": "hls", "rtl": "rtl"}
    available = [r for r in RUNGS if r not in parts or parts[r] in build.manifest.parts]
    if "excerpt" in build.chip.about:
        available.remove("float")
    return tuple(r for r in available if r != "netlist" or build.has_netlist)


def verify(
    build: Build,
    rungs: Sequence[str] | None = None,
    tokens: int = 256,
    prompts: Sequence[str] | None = None,
    progress: Progress = lambda rung, share: None,
    onnx: Path | None = None,
) -> Receipt:
    """Climb the ladder; stop at the first difference. ``tokens`` positions are compared for each prompt.

    ``onnx``: the float model, where the build has no copy; BuildError where the chip was made from another.
    """
    rungs = rungs_of(build) if rungs is None else rungs
    for rung in rungs:
        if rung not in RUNGS:
            raise BuildError(f"no rung {rung!r}; known are {', '.join(RUNGS)}")
    receipt = Receipt(
        versions=versions(),
        when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        digests={"build": build.manifest.digest, "chip": build.chip.digest},
    )
    ladder = _Ladder(build, min(tokens, build.chip.shape.context), prompts, progress, onnx)
    if "netlist" in rungs and build.has_netlist:
        receipt.digests |= build.synthesis.files
    for rung in (r for r in RUNGS if r in rungs):
        started = time.perf_counter()
        result, difference = ladder.backend_rung(rung) if rung in FRESH else getattr(ladder, f"{rung}_rung")()
        result.seconds = round(time.perf_counter() - started, 2)
        receipt.rungs[rung] = result
        if difference is not None:
            receipt.first_difference, receipt.verdict = difference, "different"
            return receipt
    missing = [r for r in rungs_of(build) if r not in receipt.rungs or receipt.rungs[r].status == "not run"]
    receipt.verdict = f"incomplete: {', '.join(missing)} not run" if missing else "proven"
    return receipt


def verify_planted(
    build: Build,
    kind: str,
    rungs: Sequence[str] | None = None,
    tokens: int = 256,
    prompts: Sequence[str] | None = None,
    progress: Progress = lambda rung, share: None,
    onnx: Path | None = None,
) -> tuple[Receipt, str]:
    """The same of a copy with a fault of ``plant``, which is thrown away; the receipt, and what was done.

    The rung that finds such a fault is climbed behind ``rungs``, by default float and int.
    """
    with tempfile.TemporaryDirectory() as scratch:
        faulty, change = plant(build, kind, Path(scratch))
        climbed = [*(rungs or ("float", "int")), RUNG[kind]]
        return verify(faulty, climbed, tokens, prompts, progress, onnx), change


class _Ladder:
    """The texts that every rung shares, made once by the integer reference."""

    def __init__(
        self, build: Build, tokens: int, prompts: Sequence[str] | None, progress: Progress, onnx: Path | None
    ) -> None:
        self.build, self.chip, self.progress = build, build.chip, progress
        self.onnx = onnx or build.onnx
        self.starts = _starts(build.chip, prompts)
        self.length = max(tokens, max(map(len, self.starts)))
        if self.length > build.chip.shape.context:
            raise PromptError(f"a prompt has {self.length} tokens, the context {build.chip.shape.context}")
        self._texts: tuple[Ints, Ints] | None = None

    def texts(self) -> tuple[Ints, Ints]:
        """Ids [B, T] (each prompt and its greedy continuation) and the reference's logits [B, T, V]."""
        if self._texts is None:
            self._texts = drive(self.chip, self.starts, self.length, lambda share: self.progress("int", share))
        return self._texts

    # -- rungs ---------------------------------------------------------------------------------------

    def float_rung(self) -> tuple[Rung, Difference | None]:
        if self.onnx is None:
            return Rung(note="the build has no copy of the ONNX that the chip was made from; give it with --onnx"), None
        from ..frontend import import_onnx

        imported = import_onnx(self.onnx, context=self.chip.shape.context)
        source = self.chip.about.get("onnx")
        source_digest = source.get("sha256") if isinstance(source, dict) else None
        if imported.sha256 != source_digest:
            raise BuildError(
                f"{self.onnx} is not the model that the chip was made from (sha256 {imported.sha256[:12]}, not "
                f"{str(source_digest)[:12]}); give that one"
            )
        self.imported = imported
        check = self.imported.check
        return Rung(
            status="within bound",
            tokens=sum(check.lengths),
            logits=sum(check.lengths) * self.chip.shape.vocab,
            note=f"largest error {check.max_abs_error:.2g} against ONNX Runtime",
        ), None

    def int_rung(self) -> tuple[Rung, Difference | None]:
        ids, stepwise = self.texts()
        expected = step(self.chip, new_state(self.chip, len(ids), self.length), ids)
        difference = first_difference("int", {"logits": expected}, {"logits": stepwise})
        rung = Rung(
            status="equal",
            tokens=ids.size,
            logits=expected.size,
            note=f"{len(ids)} texts of {self.length} positions; token by token equals all at once",
        )
        if difference is None and hasattr(self, "imported"):
            rung.status = "within bound"
            difference = self._against_float(ids, expected, rung)
        if difference is not None:
            rung.status = "different"
        return rung, difference

    def _against_float(self, ids: Ints, logits: Ints, rung: Rung) -> Difference | None:
        bound = _recorded_error(self.chip) * BOUND_MARGIN
        exact = forward(self.imported.decoder, ids)
        error = logits / 2.0**self.chip.formats.logit_fraction - exact
        rows = np.sqrt(np.square(error).mean((1, 2)))
        rung.tell(f"rms logit error {rows.max():.3f}, bound {bound:.3f}")
        if rows.max() <= bound:
            return None
        text = int(rows.argmax())
        token, index = np.unravel_index(np.abs(error[text]).argmax(), error[text].shape)
        return Difference(
            rung="int",
            stage="logits",
            token=int(token),
            index=int(index),
            expected=float(exact[text, token, index]),
            got=float(logits[text, token, index] / 2.0**self.chip.formats.logit_fraction),
            text=text,
        )

    def backend_rung(self, rung: str) -> tuple[Rung, Difference | None]:
        """What is compiled anew from the build's files, against the integer model."""
        self.progress(f"{rung}: compile", 0.0)
        with tempfile.TemporaryDirectory() as scratch:
            proved = FRESH[rung](
                self.build, Path(scratch), lambda stage, share: self.progress(f"{rung}: {stage}", share)
            )
            try:
                route = self._short_route(proved) if rung == "netlist" else self._route(rung)
                result, difference = climb(route, proved.backend, lambda share: self.progress(rung, share))
                difference = difference or self._at_once(route, proved, result, Path(scratch))
                difference = difference or self._drawn(route, proved, result, Path(scratch))
            finally:
                proved.close()
        notes = [proved.note, result.note]
        if rung == "csim" and difference is None:
            notes.append(
                f"compiled anew, through hls4ml's predict, to the last position of the context; every stage of "
                f"{min(TRACED, self.length)} tokens; the token loop's own top"
            )
        result.note = "; ".join(note for note in notes if note)
        return result, difference

    def _at_once(self, route: Route, proved: Proved, rung: Rung, scratch: Path) -> Difference | None:
        """All streams of a chip that has several: of an engine by itself, and behind the registers of its board."""
        backend, count = proved.backend, proved.backend.limits.streams
        if count == 1:
            return None
        if isinstance(backend, HostedChip):
            difference = listeners(rung, route.rung, self.chip, backend, GATES_ANSWERS)
        elif isinstance(backend, RtlSim):
            rounds = MIXES if route.rung == "rtl" else GATES_MIXES
            table = drafts_of(self.build.folder / "rtl")
            difference = mixes(rung, route.rung, self.chip, backend, route.plan, rounds, table)
            if table is not None:
                rung.tell(f"drafts from a table of {table.entries:,} entries")
            if difference is None and route.rung == "rtl" and "vivado" in self.build.manifest.parts:
                difference = self._behind_registers(rung, scratch)
        rung.status = "different" if difference else rung.status
        rung.tell(f"{count} streams at once, at random")
        return difference

    def _behind_registers(self, rung: Rung, scratch: Path) -> Difference | None:
        with self._board(scratch) as board:
            difference = listeners(rung, "rtl", self.chip, board, ANSWERS)
        rung.tell(f"{ANSWERS} answers of each behind the registers, stops and resets of one among the others")
        return difference

    def _drawn(self, route: Route, proved: Proved, rung: Rung, scratch: Path) -> Difference | None:
        """Requests to an extended sampler: of an engine by itself, and behind the registers of its board."""
        if not proved.backend.limits.best:
            return None
        engine = isinstance(proved.backend, RtlSim) and not self.build.of_hls
        count = GATES_DRAWS if route.rung == "netlist" else DRAWS
        difference = draws(rung, route.rung, self.chip, proved.backend, count, route.plan if engine else None)
        if difference is None and route.rung == "rtl" and "vivado" in self.build.manifest.parts:
            with self._board(scratch) as board:
                difference = draws(rung, "rtl", self.chip, board, DRAWS)
            rung.note += " behind the registers"
        rung.status = "different" if difference else rung.status
        return difference

    @contextmanager
    def _board(self, scratch: Path) -> Iterator[HostedChip]:
        """The RTL behind the registers that a board has."""
        board = fresh_board(
            self.build, scratch / "registers", lambda stage, share: self.progress(f"registers: {stage}", share)
        )
        try:
            assert isinstance(board.backend, HostedChip)
            yield board.backend
        finally:
            board.close()

    def _route(self, rung: str) -> Route:
        """Every text, and one that reaches the last position of the context; loops, greedy and sampled."""
        ids, logits = self.texts()
        context = self.chip.shape.context if rung == "csim" else self._engine_context()
        length = min(self.length, context)
        texts = [Text(row[:length], want[:length], length) for row, want in zip(ids, logits, strict=True)]
        if length < context:
            texts.append(self._full_context(ids, context))
        start = tuple(self.starts[0][:context])
        budget = min(LOOP_TOKENS, context - len(start))
        geometry = self.build.manifest.plan.geometry or {}
        traced = rung == "csim" or geometry.get("trace", False)
        return Route(
            rung=rung,
            chip=self.chip,
            texts=texts,
            traced=TRACED if traced else 0,
            loops=[Request(ids=start, budget=budget, **options) for options in ({}, SAMPLED)],
            timed=None if rung == "csim" else Request(ids=start[:1], drafts=False),  # C++ has no clock
            cycles=self.build.manifest.cycles,
            geometry=geometry,
        )

    def _short_route(self, proved: Proved) -> Route:
        """A prompt and its greedy continuation; over a serial line, logits as far as it can carry them."""
        start = tuple(self.starts[0][:GATES_PROMPT])
        length = min(len(start) + GATES_TOKENS, self._engine_context())
        greedy = Request(ids=start, budget=length - len(start), drafts=False)
        ids = np.array([*start, *Reference(self.chip).run(greedy).ids], np.int64)
        logits = step(self.chip, new_state(self.chip, 1, length), ids[None])[0]
        sampled = Request(ids=start, budget=greedy.budget, **SAMPLED)
        board = proved.bit_cycles > 0
        return Route(
            rung="netlist",
            chip=self.chip,
            texts=[Text(ids, logits, len(start))],
            loops=[] if board else [sampled],
            timed=None if board else greedy,
            cycles=self.build.manifest.cycles,
            geometry=self.build.manifest.plan.geometry or {},
            every=logits.size * BITS_PER_LOGIT * proved.bit_cycles <= MOST_LINE_CYCLES,
        )

    def _engine_context(self) -> int:
        """Positions that a stream of the engine has, where several share a cache."""
        share = (self.build.manifest.plan.geometry or {}).get("share", 0)
        return int(share) or self.chip.shape.context

    def _full_context(self, ids: Ints, context: int) -> Text:
        """A text that fills the context, to reach its last position."""
        row = np.resize(ids[0], context)
        return Text(row, step(self.chip, new_state(self.chip), row[None])[0], len(row))


def _recorded_error(chip: Chip) -> float:
    """Rms logit error of the worst calibration row, as the quantizer recorded it."""
    record = chip.about.get("logit_error")
    value = record.get("largest_row") if isinstance(record, dict) else None
    if not isinstance(value, float) or not 0 <= value < LARGEST_ERROR:
        raise ChipError(f"the chip records no usable logit error ({value!r}); run hardwire quantize again")
    return value


def drive(
    chip: Chip, starts: Sequence[Sequence[int]], length: int, progress: Share = lambda share: None
) -> tuple[Ints, Ints]:
    """Feed every start, then its greedy continuation, one token at a time for all texts together.

    Returns ids [B, length] and logits [B, length, V].
    """
    ids = np.zeros((len(starts), length), np.int64)
    logits = np.zeros((len(starts), length, chip.shape.vocab), np.int64)
    state = new_state(chip, len(starts), length)
    for position in range(length):
        for row, start in enumerate(starts):
            in_prompt = position < len(start)
            ids[row, position] = start[position] if in_prompt else logits[row, position - 1].argmax()
        logits[:, position] = step(chip, state, ids[:, position : position + 1])[:, 0]
        progress((position + 1) / length)
    return ids, logits


def _starts(chip: Chip, prompts: Sequence[str] | None) -> list[list[int]]:
    """Token ids to begin with: the prompts', or random ones for a chip without a tokenizer."""
    if chip.tokenizer is None:
        if prompts is not None:
            raise PromptError("this chip has no tokenizer, so --prompts cannot be encoded")
        draw = np.random.default_rng(0)
        return draw.integers(0, chip.shape.vocab, (4, min(4, chip.shape.context))).tolist()
    from ..driver.text import TextCodec

    codec = TextCodec(chip.tokenizer)
    if prompts is not None:
        if not prompts:
            raise PromptError("the prompt file holds no prompt; give one per line")
        return [codec.encode(prompt) for prompt in prompts]
    # Ours may hold characters that another model's tokenizer lacks, and be long for a small context.
    return [codec.encode(prompt, unknown="unk")[: max(chip.shape.context // 2, 1)] for prompt in PROMPTS]
