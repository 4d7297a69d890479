# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Every step as a function, for scripts and notebooks: ``import hardwire`` is all that they need.

Functions are named by what they do and what they take. Where one takes a chip it may be a ``Chip`` or the path of a
``.chip``; where one takes a build, a ``Build`` or its folder. Each raises a ``HardwireError`` that says where, what and
what to do. ``progress`` is called with the name of a stage, with the share that is done, or with both: its type says.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .build.folder import Build
from .build.folder import open_build as _open_build
from .chip.model import Chip
from .chip.model import load_chip as _load_chip
from .plan.geometry import Geometry
from .progress import JobProgress, Progress, Share, Stage

if TYPE_CHECKING:
    from .frontend import Imported
    from .plan.fit import Fit
    from .proof.receipts import Receipt
    from .quality.evaluate import Evaluation
    from .synth.rows import Table

AnyChip = Chip | str | Path
AnyBuild = Build | str | Path


def import_onnx(path: str | Path, context: int | None = None) -> Imported:
    """Read an ONNX export and prove it equal to ONNX Runtime.

    Args:
        path: the export; external data lies beside it.
        context: positions, where the file does not say, or fewer than it says.

    Returns:
        The decoder in float64, the comparison with ONNX Runtime, and notes of what was assumed.

    Raises:
        ModelError: the file cannot be read, or is not a decoder that is understood; the node is named.

    >>> import hardwire
    >>> hardwire.import_onnx("absent.onnx")   # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    hardwire.errors.ModelError: absent.onnx: ...
    """
    from .frontend import import_onnx as read

    return read(path, context)


def quantize_onnx(
    path: str | Path,
    out: str | Path,
    *,
    weights: int | None = 4,
    bits: dict[str, int] | None = None,
    activations: int = 8,
    calibration: str | Path | None = None,
    tokenizer: str | Path | None = None,
    context: int | None = None,
    tune: int = 0,
    tune_stories: int = 0,
    mean_bits: float | None = None,
    board: str | None = None,
    like: str | Path | None = None,
    patchable: bool = False,
    progress: Stage = lambda stage: None,
) -> Chip:
    """Turn an ONNX export into integers, and write them as a ``.chip``.

    Args:
        path: the export.
        out: the ``.chip`` to write.
        weights: bits of every matrix, 2 to 8; None chooses them for ``board`` or within ``mean_bits``.
        bits: other bits for single matrices, as ``{"down": 6}``.
        activations: bits of the static activations.
        calibration: text of the kind that the model writes; by default calibration.txt beside the model.
        tokenizer: a Hugging Face tokenizer.json; by default beside the model.
        context: positions, where the file does not say, or fewer.
        tune: steps of fine-tuning, which needs torch; 300 take minutes.
        tune_stories: that the float model writes first, to be tuned on beside the calibration text.
        mean_bits: of a weight, at the most, where ``weights`` is None.
        board: refuse a result that does not fit this board.
        like: a ``.chip`` whose mould the new one is to have: its bits and formats are kept, and no synthesis is needed
            where it was built to be reprinted.
        patchable: with ``like``, the shifts of its heads too, as a finished bitstream of that chip has them in LUTs.

    Returns:
        The chip, as it was written.

    Raises:
        ModelError, TokenizerError, QuantizeError: what of the input cannot be taken.
        BoardError: the result does not fit the board.

    >>> import hardwire
    >>> chip = hardwire.quantize_onnx("model.onnx", "m.chip", weights=4)   # doctest: +SKIP
    """
    from .pipeline import quantize_onnx as quantize

    return quantize(
        Path(path),
        Path(out),
        weights=weights,
        bits=bits,
        activations=activations,
        calibration=None if calibration is None else Path(calibration),
        tokenizer=None if tokenizer is None else Path(tokenizer),
        context=context,
        tune=tune,
        tune_stories=tune_stories,
        mean_bits=mean_bits,
        board=board,
        like=None if like is None else Path(like),
        patchable=patchable,
        progress=progress,
    ).chip


def train_model(
    text: str | Path,
    out: str | Path,
    *,
    board: str | None = None,
    parameters: int | None = None,
    weights: int = 4,
    context: int = 512,
    minutes: float | None = None,
    steps: int | None = None,
    seed: int = 1,
    threads: int = 1,
    device: str = "auto",
    licence: str | None = None,
    tell: Callable[[dict[str, Any]], None] = lambda event: None,
) -> Chip:
    """Train a model on a text, and write its ONNX, tokenizer, card and chip into a folder.

    A run that was stopped goes on from its last checkpoint when the same is asked again. Needs torch.

    Args:
        text: a file of UTF-8; documents between lines of ``<|endoftext|>``, or one.
        out: the folder.
        board: take the largest shape that it holds.
        parameters: at most; with ``board`` too, what it holds of that.
        weights: bits of every matrix, through whose grid the last part of the training runs.
        context: positions, a multiple of 16.
        minutes: to train; by default 120.
        steps: of 8,192 tokens, in place of minutes.
        seed: the same seed gives the same model, on one kind of CPU with as many threads.
        threads: of the CPU.
        device: "auto", "cpu" or "cuda".
        licence: of the text, for the card.
        tell: is called with an event of every step, checkpoint and stage.

    Returns:
        The chip, as it was written to model.chip.

    Raises:
        TrainError: the text teaches nothing, or the folder holds another training.
        BoardError: no shape fits the board.
        ToolMissing: torch is not installed; the extra is named.

    >>> import hardwire
    >>> hardwire.train_model("mine.txt", "mine")   # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    hardwire.errors.TrainError: nothing says how large the model is; give --board, or --parameters as 500k
    >>> hardwire.train_model("mine.txt", "mine", board="pynq-z2")   # doctest: +SKIP
    """
    from .training.request import Request, Task

    request = Request(
        text=Path(text),
        out=Path(out),
        board=board,
        parameters=parameters,
        weights=weights,
        context=context,
        minutes=minutes,
        steps=steps,
        seed=seed,
        threads=threads,
        device=device,
        licence=licence,
    )
    task = Task.of(request)
    from .training.run import train

    return train(task, tell).chip


def random_chip(shape: str = "bundled", seed: int = 0, weights: int = 4) -> Chip:
    """A chip with random weights, for hardware work that needs no trained model.

    Args:
        shape: bundled, stories260k, 15m, kev-gpt or microgpt; or, Llama-like, eight numbers by comma:
            vocab, dim, layers, heads, kv_heads, head_dim, hidden, context.
        seed: the same seed gives the same chip.
        weights: bits of every matrix, 2 to 8.

    >>> import hardwire
    >>> chip = hardwire.random_chip("microgpt", seed=1)
    >>> chip.shape.vocab, chip.shape.context, chip.bits["up"]
    (27, 16, 4)
    """
    from .pipeline import shape_named
    from .quantize import Options
    from .quantize import random_chip as draw

    return draw(shape_named(shape), seed, Options(weights=weights, rounding="plain"))


def load_chip(path: str | Path) -> Chip:
    """Open a ``.chip``, which is checked whole before any of it is believed.

    Raises:
        ChipError: malformed, truncated or inconsistent; the array or field is named.

    >>> import hardwire
    >>> hardwire.load_chip("absent.chip")   # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    hardwire.errors.ChipError: absent.chip: cannot be read (No such file or directory); give a file that ...
    """
    return _load_chip(Path(path))


def evaluate_chip(
    chip: AnyChip,
    text: str | Path,
    onnx: str | Path | None = None,
    *,
    plot: str | Path | None = None,
    progress: Share = lambda share: None,
) -> Evaluation:
    """Score a chip on a held-out text, and the float model beside it where it is given.

    A text is split at ``<|endoftext|>``; each story gets the tokenizer's BOS and is cut at 256 tokens; all count.

    Args:
        chip: the chip, with a tokenizer in it.
        text: a file of UTF-8 text.
        onnx: the export that the chip was made from.
        plot: a picture of the error of every stage, which needs ``onnx``.

    Returns:
        Bits per character and perplexity of the integers and of the float model, and how often both say the same.

    >>> import hardwire
    >>> hardwire.evaluate_chip("m.chip", "held-out.txt").integer.perplexity   # doctest: +SKIP
    9.7
    """
    from .pipeline import evaluate_chip as score

    with _file_of(chip) as path:
        result, _ = score(
            path,
            None if onnx is None else Path(onnx),
            Path(text),
            None if plot is None else Path(plot),
            progress,
        )
    return result


def board_names() -> list[str]:
    """The boards that are known: what ``board`` may be in the other functions.

    >>> import hardwire
    >>> "pynq-z2" in hardwire.board_names()
    True
    """
    from .targets.board import board_names as names

    return names()


def fit_chip(chip: AnyChip, *boards: str, progress: Progress = lambda stage, share: None) -> list[Fit]:
    """Plan the fastest engine of a chip for boards: does it fit, what limits it, its cycles.

    Args:
        chip: the chip.
        boards: names of boards; all that are known where none is given.

    Returns:
        An answer per board, in their order. ``cycles`` are those of a generated token by position, and exact;
        resources are predicted, and the clock is estimated.

    >>> import hardwire
    >>> chip = hardwire.random_chip("microgpt")
    >>> answer, = hardwire.fit_chip(chip, "pynq-z2")
    >>> answer.fits, len(answer.cycles)
    (True, 16)
    """
    from .plan.fit import fit
    from .plan.planner import Planner
    from .targets.board import board_names as names
    from .targets.board import load_board

    model = chip if isinstance(chip, Chip) else load_chip(chip)
    planner = Planner(model)
    return [fit(model, load_board(name), planner, progress) for name in boards or names()]


def build_chip(
    chip: AnyChip,
    out: str | Path,
    *,
    board: str = "pynq-z2",
    target: str = "rtl",
    ip: str = "rtl",
    lanes: int | None = None,
    geometry: Geometry | None = None,
    streams: int | None = 1,
    clock_mhz: float | None = None,
    reprintable: bool = False,
    extended_sampler: bool = False,
    guide_words: int = 0,
    drafts: int | None = 0,
    progress: Stage = lambda stage: None,
) -> Build:
    """Write the project of a chip with its weights baked in; nothing is compiled or synthesized.

    Args:
        chip: the chip.
        out: the build folder, which appears complete or not at all.
        board: its name.
        target: "hls", "rtl" (with an HLS project beside it where it is expected to fit) or "bitstream" (the engine
            behind AXI4-Lite and a Vivado project around it).
        ip: of a bitstream, "rtl", or "hls" for a decoder that Vitis HLS makes.
        lanes: of the HLS project.
        geometry: of the RTL engine; by default the fastest that is expected to fit.
        streams: contexts in flight of the RTL engine; None: as many as give the most tokens.
        clock_mhz: to build for; by default the board's.
        reprintable: the board's host can pour other chips of the mould into the RTL engine.
        extended_sampler: top-k, top-p, penalty, log probabilities and guides, in the chip.
        guide_words: of an extended sampler's memory for a guide's automaton: 0, or a power of two.
        drafts: entries of the table by which the RTL engine of several streams guesses the next token in the pass of an
            idle one, a power of two; 0: it guesses nothing; None: if it pays, which the manifest's plan then tells.

    Raises:
        BoardError: the chip does not fit.
        BuildError: ``out`` holds something else, the engine lacks a part of the chip, or options do not go together.

    >>> import hardwire, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     build = hardwire.build_chip(hardwire.random_chip("microgpt"), f"{folder}/build")
    ...     len(build.manifest.cycles), (build.folder / "rtl" / "hardwire_top.sv").is_file()
    (16, True)
    """
    from .build.make import make_build
    from .ops.choice import EXTENDED
    from .targets.board import load_board

    place = load_board(board)
    with _file_of(chip) as path:
        return make_build(
            path,
            place if clock_mhz is None else replace(place, clock_mhz=clock_mhz),
            Path(out),
            target=target,
            ip=ip,
            lanes=lanes,
            geometry=geometry,
            streams=streams,
            reprintable=reprintable,
            best=EXTENDED if extended_sampler else 0,
            guide_words=guide_words,
            drafts=drafts,
            progress=progress,
        )


def open_build(folder: str | Path) -> Build:
    """Open a build folder whose files match its manifest.

    Raises:
        BuildError: the first file that is missing, changed or outside.

    >>> import hardwire
    >>> hardwire.open_build("absent")   # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    hardwire.errors.BuildError: absent: no readable manifest.json (No such file or directory); give a folder that ...
    """
    return _open_build(Path(folder))


def synthesize_builds(
    *builds: AnyBuild,
    jobs: int = 1,
    on: str = "local",
    route: bool = True,
    clock_mhz: float | None = None,
    seeds: Sequence[int] = (1,),
    timeout_minutes: float | None = None,
    progress: JobProgress = lambda job, stage, share: None,
) -> Table:
    """Synthesize builds that have RTL, and where open tools can, place, route and write the bitstream.

    What is finished is not run again. A failure is that build's row, and stops no other.

    Args:
        builds: the builds.
        jobs: how many steps at a time; of a batch system, how many of its jobs.
        on: "local", "slurm", "pbs", "lsf", "sge", "ssh:HOST,HOST" or a Dask scheduler's address.
        route: False stops after Yosys.
        clock_mhz: to reach, or to assume; by default the build's.
        seeds: of the placer, tried side by side until one meets the clock.
        timeout_minutes: that a tool may take; by default 60, and a day for Vivado and Vitis HLS.

    Returns:
        A row per build: status, resources, clock, tokens per second, or the reason of a failure.

    >>> import hardwire
    >>> hardwire.synthesize_builds("build/").rows[0].resources["lut"]   # doctest: +SKIP
    44982
    """
    from .jobs.cluster import Place
    from .synth.batch import Options, run_batch
    from .synth.builds import jobs_of

    folders = [build.folder if isinstance(build, Build) else Path(build) for build in builds]
    options, place = Options(timeout_minutes and timeout_minutes * 60, route=route), Place(on=on, jobs=jobs)
    return run_batch(jobs_of(folders, clock_mhz, seeds), progress=progress, options=options, place=place)


def reprint_build(
    build: AnyBuild,
    chip: str | Path,
    out: str | Path,
    *,
    onnx: str | Path | None = None,
    progress: Progress = lambda stage, share: None,
) -> Build:
    """Put another chip into the finished bitstream of a build, without place and route; an ECP5's.

    Args:
        build: one that was placed and routed. It stays as it is.
        chip: the ``.chip``, of the build's mould; ``quantize_onnx(…, like=…, patchable=True)`` makes such.
        out: the build to write.
        onnx: the float model that the chip was made from, where it is not beside it.

    Returns:
        The new build, with its bitstream, its netlist and its model.

    Raises:
        BuildError: what is in the way, by name.

    >>> import hardwire
    >>> new = hardwire.reprint_build("build/", "other.chip", "new/")   # doctest: +SKIP
    >>> hardwire.verify_build(new, ["netlist"]).verdict   # doctest: +SKIP
    """
    from .synth.reprint import reprint

    opened = build if isinstance(build, Build) else open_build(build)
    return reprint(opened, Path(chip), Path(out), progress, None if onnx is None else Path(onnx)).build


def verify_build(
    build: AnyBuild,
    rungs: Sequence[str] | None = None,
    *,
    tokens: int = 256,
    prompts: Sequence[str] | None = None,
    record: bool = True,
    onnx: str | Path | None = None,
    progress: Progress = lambda rung, share: None,
) -> Receipt:
    """Prove a build equal to its model, rung by rung.

    Args:
        build: the build. It is a program: open only folders that you trust.
        rungs: of float, int, csim, rtl and netlist; by default all that the build has.
        tokens: positions per prompt.
        prompts: texts to begin with; by default four of ours.
        record: whether to write the receipt into the build's manifest.
        onnx: the float model that the chip was made from, where the build has no copy of it.

    Returns:
        The receipt. Its verdict is "proven" where every rung ran and agreed; otherwise ``first_difference`` says which
        stage, token and index, and both values, or the verdict which rungs were not run.

    >>> import hardwire, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     build = hardwire.build_chip(hardwire.random_chip("microgpt"), f"{folder}/build")
    ...     hardwire.verify_build(build, ["int"], tokens=8).rungs["int"].status
    'equal'
    """
    from .proof.receipts import record as keep
    from .proof.verify import verify

    opened = build if isinstance(build, Build) else open_build(build)
    receipt = verify(opened, rungs, tokens, prompts, progress, None if onnx is None else Path(onnx))
    if record:
        keep(opened, receipt)
    return receipt


def write_datasheet(
    build: AnyBuild,
    out: str | Path,
    *,
    card: str | Path | None = None,
    evaluation: str | Path | None = None,
    pdf: str | Path | None = None,
) -> Path:
    """Write a build as its maker would print it: one HTML file, from its manifest, chip and plan.

    Args:
        build: the build, its folder, or a folder that ``hardwire synth --collect`` wrote.
        out: the file.
        card: the model's card, whose licence is told; by default what lies beside its ONNX.
        evaluation: a file that ``hardwire evaluate --json`` wrote, for the quality.
        pdf: print it to this file too, by a Chromium that is installed.

    Returns:
        ``out``.

    Raises:
        BuildError: the folder's files do not match its manifest.
        ToolMissing: Jinja2 or, for ``pdf``, a browser is not installed.

    >>> import hardwire, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     build = hardwire.build_chip(hardwire.random_chip("microgpt"), f"{folder}/build")
    ...     hardwire.write_datasheet(build, f"{folder}/sheet.html").name
    'sheet.html'
    """
    from .datasheet import write_datasheet as write
    from .datasheet import write_pdf

    page = write(
        build.folder if isinstance(build, Build) else Path(build),
        Path(out),
        None if card is None else Path(card),
        None if evaluation is None else Path(evaluation),
    )
    if pdf is not None:
        write_pdf(page, Path(pdf))
    return page


@contextmanager
def _file_of(chip: AnyChip) -> Iterator[Path]:
    """A chip's file: the one that was given, or one that goes away again."""
    if not isinstance(chip, Chip):
        yield Path(chip)
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.chip"
        chip.save(path)
        yield path
