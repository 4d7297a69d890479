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
| net-  | the integer model and the simulated gates that | equal, logits, tokens and cycles     |
| list  | synthesis made of the RTL                      |                                      |

The bound between float and integer is measured, not chosen: the quantizer records the root mean square
logit error of each calibration row; a prompt's text may err half as much again as the worst of them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..backends.of_build import fresh_csim, fresh_netlistsim, fresh_rtlsim
from ..build.folder import Build
from ..chip.model import Chip
from ..chip.reference import Progress as LoopProgress
from ..chip.reference import Sampling, feeder, new_state, step, token_loop
from ..decoder import forward
from ..errors import BuildError, ChipError, PromptError
from ..ops.fixed import Ints
from ..progress import Progress, Share
from .receipts import Difference, Receipt, Rung, record, versions, write_junit

if TYPE_CHECKING:
    from ..backends.csim import CSim
    from ..backends.rtlsim import RtlSim

__all__ = ["RUNGS", "Difference", "Receipt", "Rung", "first_difference", "record", "rungs_of", "verify", "write_junit"]

RUNGS = ("float", "int", "csim", "rtl", "netlist")
PROMPTS = ("Once upon a time", "One day, a little girl named Lily", "Tom and his dog", "The sun was")
BOUND_MARGIN = 1.5  # of the worst calibration row's error
LARGEST_ERROR = 8.0  # of a record; logits that err by more belong to no working model
TRACED = 64  # tokens of the first text whose every stage is compared even when all logits agree
LOOP_TOKENS = 32


def rungs_of(build: Build) -> tuple[str, ...]:
    """The rungs that a build has something for. An excerpt of a chip begins at int: it has no float model."""
    parts = {"csim": "hls", "rtl": "rtl"}
    there = [r for r in RUNGS if r not in parts or parts[r] in build.manifest["parts"]]
    if "excerpt" in build.chip.about:
        there.remove("float")
    return tuple(r for r in there if r != "netlist" or build.has_netlist)


def verify(
    build: Build,
    rungs: Sequence[str] | None = None,
    tokens: int = 256,
    prompts: Sequence[str] | None = None,
    progress: Progress = lambda rung, share: None,
) -> Receipt:
    """Climb the ladder; stop at the first difference. ``tokens`` positions are compared for each prompt."""
    rungs = rungs_of(build) if rungs is None else rungs
    for rung in rungs:
        if rung not in RUNGS:
            raise BuildError(f"no rung {rung!r}; known are {', '.join(RUNGS)}")
    receipt = Receipt(
        versions=versions(),
        when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        digests={"build": build.manifest["digest"], "chip": build.chip.digest},
    )
    climb = _Climb(build, min(tokens, build.chip.shape.context), prompts, progress)
    if "netlist" in rungs and build.has_netlist:
        receipt.digests |= build.manifest["synthesis"]["files"]
    for rung in (r for r in RUNGS if r in rungs):
        started = time.perf_counter()
        result, difference = getattr(climb, f"{rung}_rung")()
        result.seconds = round(time.perf_counter() - started, 2)
        receipt.rungs[rung] = result
        if difference is not None:
            receipt.first_difference, receipt.verdict = difference, "different"
            return receipt
    missing = [r for r in rungs_of(build) if r not in receipt.rungs or receipt.rungs[r].status == "not run"]
    receipt.verdict = f"incomplete: {', '.join(missing)} not run" if missing else "proven"
    return receipt


class _Climb:
    """The texts that every rung shares, made once by the integer reference."""

    def __init__(self, build: Build, tokens: int, prompts: Sequence[str] | None, progress: Progress) -> None:
        self.build, self.chip, self.progress = build, build.chip, progress
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
        if self.build.onnx is None:
            return Rung(note="no ONNX beside the chip with the hash it was made from; build where the model is"), None
        from ..frontend import import_onnx

        self.imported = import_onnx(self.build.onnx, context=self.chip.shape.context)
        check = self.imported.check
        return Rung(
            "within bound",
            tokens=sum(check.lengths),
            logits=sum(check.lengths) * self.chip.shape.vocab,
            note=f"largest error {check.max_abs_error:.2g} against ONNX Runtime",
        ), None

    def int_rung(self) -> tuple[Rung, Difference | None]:
        ids, stepwise = self.texts()
        whole = step(self.chip, new_state(self.chip, len(ids), self.length), ids)
        difference = first_difference("int", {"logits": whole}, {"logits": stepwise})
        rung = Rung(
            "equal",
            tokens=ids.size,
            logits=whole.size,
            note=f"{len(ids)} texts of {self.length} positions; token by token equals all at once",
        )
        if difference is None and hasattr(self, "imported"):
            rung.status = "within bound"
            difference = self._against_float(ids, whole, rung)
        if difference is not None:
            rung.status = "different"
        return rung, difference

    def _against_float(self, ids: Ints, logits: Ints, rung: Rung) -> Difference | None:
        bound = _recorded_error(self.chip) * BOUND_MARGIN
        exact = forward(self.imported.decoder, ids)
        error = logits / 2.0**self.chip.formats.logit_fraction - exact
        rows = np.sqrt(np.square(error).mean((1, 2)))
        rung.note += f"; rms logit error {rows.max():.3f}, bound {bound:.3f}"
        if rows.max() <= bound:
            return None
        text = int(rows.argmax())
        token, index = np.unravel_index(np.abs(error[text]).argmax(), error[text].shape)
        return Difference(
            "int",
            "logits",
            int(token),
            int(index),
            float(exact[text, token, index]),
            float(logits[text, token, index] / 2.0**self.chip.formats.logit_fraction),
            text,
        )

    def csim_rung(self) -> tuple[Rung, Difference | None]:
        self.progress("csim: compile", 0.0)
        with tempfile.TemporaryDirectory() as scratch:
            csim = fresh_csim(self.build, Path(scratch))
            try:
                return self._against_csim(csim)
            finally:
                csim.close()

    def _against_csim(self, csim: CSim) -> tuple[Rung, Difference | None]:
        ids, logits = self.texts()
        texts = [(row, want) for row, want in zip(ids, logits, strict=True)]
        if self.length < self.chip.shape.context:
            texts.append(self._full_context(ids))
        rung = Rung("equal")
        total = sum(len(row) for row, _ in texts)
        for number, (row, want) in enumerate(texts):
            difference = self._compare_text(csim, number, row, want, rung, total)
            if difference is not None:
                rung.status = "different"
                return rung, difference
        difference = self._stages(csim, ids[0], 0, min(TRACED, self.length), rung) or self._token_loop(csim, rung)
        if difference is None:
            rung.note = (
                f"compiled anew, through hls4ml's predict, to the last position of the context; every stage of "
                f"{min(TRACED, self.length)} tokens; the token loop's own top"
            )
        rung.status = "different" if difference else "equal"
        return rung, difference

    def rtl_rung(self) -> tuple[Rung, Difference | None]:
        self.progress("rtl: compile", 0.0)
        with tempfile.TemporaryDirectory() as scratch:
            rtlsim = fresh_rtlsim(self.build, Path(scratch))
            try:
                return self._against_rtl(rtlsim)
            finally:
                rtlsim.close()

    def _against_rtl(self, rtlsim: RtlSim) -> tuple[Rung, Difference | None]:
        ids, logits = self.texts()
        rung, texts = Rung("equal"), list(zip(ids, logits, strict=True))
        if self.length < self.chip.shape.context:
            texts.append(self._full_context(ids))
        difference = None
        for number, (row, want) in enumerate(texts):
            got = rtlsim.predict(row.tolist())
            rung.tokens, rung.logits = rung.tokens + len(row), rung.logits + got.size
            self.progress("rtl", (number + 1) / len(texts))
            difference = first_difference("rtl", {"logits": want[None]}, {"logits": got[None]}, 0, number)
            if difference is not None:
                break
        difference = difference or self._rtl_loop(rtlsim, rung)
        rung.status = "different" if difference else "equal"
        return rung, difference

    def _rtl_loop(self, rtlsim: RtlSim, rung: Rung) -> Difference | None:
        """The engine's own token loop: tokens as the reference's, and cycles as the manifest has them."""
        context, start = self.chip.shape.context, self.starts[0]
        for sampling in (Sampling(), Sampling(0.9, 7)):
            budget = min(LOOP_TOKENS, context - len(start))
            want = list(token_loop(feeder(self.chip, sampling), start, context, budget, ()))
            got = rtlsim.run(start, budget, sampling).tokens
            for index, (expected, actual) in enumerate(zip(want, [*got, *[-1] * len(want)], strict=False)):
                if expected != actual:
                    return Difference("rtl", "token", len(start) + index, 0, expected, actual)
            rung.tokens += len(want)
        if self.build.of_hls:
            rung.note = (
                "the HLS core as C++ behind its ports, in the simulated RTL around it; its cycles are Vitis HLS's"
            )
            return None
        cycles = rtlsim.run(start[:1]).token_cycles
        for position, (expected, actual) in enumerate(zip(self.build.manifest["cycles"], cycles, strict=False)):
            if expected != actual:
                return Difference("rtl", "cycles", position, 0, expected, actual)
        rung.note = (
            f"cycles as planned at {len(cycles)} positions, {cycles[0]:,} at the first, {cycles[-1]:,} at the last"
        )
        return None

    def netlist_rung(self) -> tuple[Rung, Difference | None]:
        from . import gates

        with tempfile.TemporaryDirectory() as scratch:
            sim = fresh_netlistsim(
                self.build, Path(scratch), lambda stage, share: self.progress(f"netlist: {stage}", share)
            )
            try:
                return gates.climb(self.build, sim, self.starts[0], lambda share: self.progress("netlist", share))
            finally:
                sim.close()

    def _compare_text(
        self, csim: CSim, number: int, row: Ints, want: Ints, rung: Rung, total: int
    ) -> Difference | None:
        for position, token in enumerate(row.tolist()):
            got, _ = csim.step(token, position, position == 0, Sampling())
            rung.tokens += 1
            rung.logits += len(got)
            self.progress("csim", rung.tokens / total)
            if not np.array_equal(got, want[position]):
                index = int(np.flatnonzero(got != want[position])[0])
                last = Difference(
                    "csim", "logits", position, index, int(want[position, index]), int(got[index]), number
                )
                return self._stages(csim, row, number, position + 1, rung) or last
        return None

    def _full_context(self, ids: Ints) -> tuple[Ints, Ints]:
        """A text that fills the context, to reach its last position."""
        row = np.resize(ids[0], self.chip.shape.context)
        return row, step(self.chip, new_state(self.chip), row[None])[0]

    def _stages(self, csim: CSim, row: Ints, number: int, tokens: int, rung: Rung) -> Difference | None:
        """Compare every stage of the first ``tokens`` tokens of a text."""
        want: dict[str, Ints] = {}
        step(self.chip, new_state(self.chip, 1, tokens), row[None, :tokens], want.__setitem__)
        for position in range(tokens):
            got = csim.trace(int(row[position]), position, position == 0)
            missing = set(want) - set(got)
            if missing:
                raise BuildError(f"the C-simulation has no stage {sorted(missing)[0]!r}; build again")
            here = {stage: values[:, position : position + 1] for stage, values in want.items()}
            seen = {stage: got[stage].reshape(1, 1, -1) for stage in want}
            difference = first_difference("csim", here, seen, position, number)
            if difference is not None:
                return difference
            rung.stages += sum(values.size for stage, values in here.items() if stage != "logits")
        return None

    def _token_loop(self, csim: CSim, rung: Rung) -> Difference | None:
        """The synthesis top's own loop: the same tokens, greedy and sampled, as the reference's."""
        for sampling in (Sampling(), Sampling(0.9, 7)):
            loop = LoopProgress()
            budget = min(LOOP_TOKENS, self.chip.shape.context - len(self.starts[0]))
            want = list(
                token_loop(feeder(self.chip, sampling), self.starts[0], self.chip.shape.context, budget, (), loop)
            )
            got = list(csim.generate(self.starts[0], budget, sampling))
            for index, (expected, actual) in enumerate(zip(want, [*got, *[-1] * len(want)], strict=False)):
                if expected != actual:
                    return Difference("csim", "token", len(self.starts[0]) + index, 0, expected, actual)
            rung.tokens += len(want)
        return None


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
            known = position < len(start)
            ids[row, position] = start[position] if known else logits[row, position - 1].argmax()
        logits[:, position] = step(chip, state, ids[:, position : position + 1])[:, 0]
        progress((position + 1) / length)
    return ids, logits


def first_difference(
    rung: str, expected: dict[str, Ints], got: dict[str, Ints], token: int = 0, text: int = 0
) -> Difference | None:
    """The first differing value of stages [B, T, N], in the order of ``expected``."""
    for stage, want in expected.items():
        unequal = np.argwhere(want != got[stage])
        if len(unequal):
            row, position, index = unequal[0]
            return Difference(
                rung,
                stage,
                token + int(position),
                int(index),
                int(want[tuple(unequal[0])]),
                int(got[stage][tuple(unequal[0])]),
                text + int(row),
            )
    return None


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
