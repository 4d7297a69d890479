# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Assertions for tests of a model: where they fail, they say what differs first and what command repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..build.folder import Build, open_build
from ..chip.model import load_chip
from ..chip.origin import find_onnx
from ..errors import QualityLoss
from ..pipeline import evaluate_chip, read_lines
from ..proof.receipts import Receipt, record
from ..proof.verify import verify
from ..quality.evaluate import Evaluation
from ..quality.gate import check_rise, share_of


class NotEqual(AssertionError):
    """A build is not equal to its model; ``receipt`` has how far it is."""

    def __init__(self, receipt: Receipt, command: str) -> None:
        self.receipt, self.command = receipt, command
        super().__init__(_difference(receipt, command))


class Loss(AssertionError):
    """A chip is worse than it was allowed to be; ``evaluation`` says by how much."""

    def __init__(self, evaluation: Evaluation, reason: str, command: str) -> None:
        self.evaluation, self.command = evaluation, command
        super().__init__(f"{reason}\n  repeat:   {command}")


def assert_equal(
    build: Build | str | Path,
    rungs: Sequence[str] | None = None,
    *,
    tokens: int = 256,
    prompts: str | Path | None = None,
    onnx: str | Path | None = None,
) -> Receipt:
    """Assert that a build is equal to its model, rung by rung; the receipt, which the build's manifest has too.

    Args:
        build: the build, or its folder. It is a program: open only folders that you trust.
        rungs: of float, int, csim, rtl and netlist; by default all that the build has.
        tokens: positions per prompt.
        prompts: a text file, a prompt per line; by default four of ours.
        onnx: the float model that the chip was made from, where the build has no copy of it.

    Raises:
        NotEqual: an AssertionError that says the first rung, stage, token and index that differ, both values, and the
            command that repeats it.
        BuildError: a rung that was asked for was not run.
    """
    __tracebackhide__ = True
    opened = build if isinstance(build, Build) else open_build(Path(build))
    lines = None if prompts is None else read_lines(Path(prompts))
    receipt = verify(opened, rungs, tokens, lines, onnx=None if onnx is None else Path(onnx))
    record(opened, receipt)
    if receipt.first_difference is not None:
        options = {"--rungs": ",".join(rungs or ()), "--tokens": tokens, "--prompts": prompts, "--onnx": onnx}
        raise NotEqual(receipt, _command("verify", opened.folder, options))
    receipt.check()
    return receipt


def assert_quality(
    chip: str | Path,
    text: str | Path,
    max_rise: float | str,
    *,
    onnx: str | Path | None = None,
) -> Evaluation:
    """Assert that a chip predicts a text nearly as well as its float model does; the evaluation.

    Args:
        chip: the file.
        text: a file of held-out text.
        max_rise: of perplexity over the float model's, at the most: "2%" or 0.02.
        onnx: the float model; by default found by its hash, where the chip remembers it or beside the chip.

    Raises:
        Loss: an AssertionError that says both perplexities and the command that repeats it.
        HardwireError: the text cannot be scored, or the float model is not found.
    """
    __tracebackhide__ = True
    most, path = share_of(max_rise), Path(chip)
    source = find_onnx(load_chip(path), path) if onnx is None else Path(onnx)
    result, _ = evaluate_chip(path, source, Path(text), None, lambda share: None)
    try:
        check_rise(result, most)
    except QualityLoss as error:
        options = {"--onnx": source, "--text": text, "--max-rise": f"{most:.6%}"}
        raise Loss(result, str(error), _command("evaluate", path, options)) from None
    return result


def _difference(receipt: Receipt, command: str) -> str:
    first = receipt.first_difference
    assert first is not None  # or nothing is raised
    before = [f"{name} {rung.status} ({rung.logits:,} logits)" for name, rung in receipt.rungs.items()]
    rows = {
        "stage": first.stage,
        "token": f"{first.token} of text {first.text}",
        "index": first.index,
        "expected": first.expected,
        "got": first.got,
        "before it": ", ".join(before[:-1]) or "nothing was compared",
        "repeat": command,
    }
    lines = (f"  {name + ':':<10} {value}" for name, value in rows.items())
    return "\n".join((f"rung {first.rung} is not equal to the model", *lines))


def _command(name: str, path: Path, options: Mapping[str, object]) -> str:
    given = [str(word) for option, value in options.items() if value not in (None, "") for word in (option, value)]
    return shlex.join(["hardwire", name, str(path), *given])
