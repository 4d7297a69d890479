# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Whole steps of the command line, from files to files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .chip.adapter import Adapter
from .chip.model import Chip, Shape, Wiring, load_chip
from .chip.mould import Mould
from .errors import BoardError, HardwireError, ModelError, QuantizeError
from .frontend.tokenizer import HostTokenizer, load_tokenizer, tokenizer_file, tokenizer_of
from .plan.capacity import capacity
from .plan.fit import can_be_built
from .plan.widths import accumulator_bits, shifts_at_most
from .progress import Share, Stage
from .quality.evaluate import STORY_TOKENS, Evaluation, error_by_stage, mean_loss, plot_error, score_sets, split_text
from .quality.evaluate import evaluate as score
from .quantize import MOST, Options, Outline
from .quantize import quantize as to_integers
from .quantize.calibrate import calibration_rows
from .quantize.lora import Lora, merged, read_lora
from .targets.board import load_board

if TYPE_CHECKING:
    from .quality.tradeoff import Point

LARGEST_TEXT = 1 << 28
MOST_UNKNOWN = 0.01  # share of tokens that may be unknown characters
PICTURE_ROWS = 4  # stories behind the picture of the error by layer
COST_TOKENS = 4096  # that what a mould costs is measured on
SAMPLES, SAMPLE = 20, 500  # texts, and characters of each, that the board's tokenizer is tried on

# vocab, dim, layers, heads, KV heads, head_dim, hidden, context, rotated dimensions
SHAPES = {
    "bundled": Outline(
        shape=Shape(vocab=512, dim=64, layers=5, heads=4, kv_heads=2, head_dim=16, hidden=192, context=512, rotary=16)
    ),
    "stories260k": Outline(
        shape=Shape(vocab=512, dim=64, layers=5, heads=8, kv_heads=4, head_dim=8, hidden=172, context=512, rotary=8)
    ),
    "15m": Outline(
        shape=Shape(
            vocab=2048, dim=384, layers=8, heads=6, kv_heads=6, head_dim=64, hidden=1024, context=256, rotary=64
        )
    ),
    "kev-gpt": Outline(
        shape=Shape(vocab=193, dim=256, layers=4, heads=4, kv_heads=4, head_dim=64, hidden=1024, context=128, rotary=0),
        wiring=Wiring(gated=False, positions=True),
        activation="gelu",
        norm="layer",
        affine=True,
    ),
    "microgpt": Outline(
        shape=Shape(vocab=27, dim=16, layers=1, heads=4, kv_heads=4, head_dim=4, hidden=64, context=16, rotary=0),
        wiring=Wiring(gated=False, positions=True, embedding_norm=True, final_norm=False),
        activation="relu",
    ),
}


def shape_named(text: str) -> Outline:
    """A known shape by name, with its wiring; or a Llama-like one spelled out as eight numbers."""
    if text in SHAPES:
        return SHAPES[text]
    try:
        vocab, dim, layers, heads, kv_heads, head_dim, hidden, context = (int(part) for part in text.split(","))
    except ValueError:
        raise HardwireError(
            f"--shape {text!r} is neither one of {', '.join(SHAPES)} nor eight numbers, of a Llama-like decoder: "
            "vocab,dim,layers,heads,kv_heads,head_dim,hidden,context"
        ) from None
    numbers = (vocab, dim, layers, heads, kv_heads, head_dim, hidden, context)
    if min(numbers) < 1 or heads % kv_heads or head_dim % 2:
        raise HardwireError(f"--shape {text!r}: every number is positive, heads a multiple of kv_heads, head_dim even")
    shape = Shape(
        vocab=vocab,
        dim=dim,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        hidden=hidden,
        context=context,
        rotary=head_dim,
    )
    return Outline(shape=shape)


def read_text(path: Path) -> str:
    """A UTF-8 text file of bounded size."""
    try:
        if path.stat().st_size > LARGEST_TEXT:
            raise HardwireError(f"{path}: {path.stat().st_size:,} bytes of text, more than {LARGEST_TEXT:,}")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise HardwireError(f"{path}: cannot be read ({error.strerror}); give a text file") from None
    except UnicodeDecodeError as error:
        raise HardwireError(f"{path}: not UTF-8 at byte {error.start}; convert it first") from None


def read_lines(path: Path) -> list[str]:
    """The lines of a text file that are not empty, as prompts."""
    return [line for line in read_text(path).splitlines() if line]


class Quantized(NamedTuple):
    """The quantised chip, and the points of its trade-off between bits and loss.

    cost: of what was kept for a mould, in nats per token of the calibration text: of the chip, and of this model alone.
    """

    chip: Chip
    points: list[Point]  # of the trade-off, where one was asked for
    cost: dict[str, float]


def quantize_onnx(
    model: Path,
    out: Path,
    *,
    weights: int | None = 4,
    bits: dict[str, int] | None = None,
    activations: int = 8,
    calibration: Path | None = None,
    tokenizer: Path | None = None,
    context: int | None = None,
    rounding: str = "calibrated",
    rotation: bool = True,
    tune: int = 0,
    tune_stories: int = 0,
    mean_bits: float | None = None,
    board: str | None = None,
    tradeoff: Path | None = None,
    like: Path | None = None,
    patchable: bool = False,
    progress: Stage = lambda stage: None,
) -> Quantized:
    """Import, calibrate and quantise ``model``; write ``out``.

    ``weights`` None: the bits of each matrix that lose least of those that ``board`` holds and that are within
    ``mean_bits``. ``bits`` are exceptions by matrix, ``tune`` steps of fine-tuning, on ``tune_stories`` of the
    model's own too. ``tradeoff`` is a picture to draw
    for the board. ``like``: a chip whose mould the new one is of, its bits and formats among it; with ``patchable`` the
    shifts of its heads too, which a finished bitstream has in LUTs.
    """
    from .frontend import import_onnx

    if like is not None and (weights is None or bits or mean_bits is not None):
        raise QuantizeError("--like brings the bits of every matrix; leave --weights auto, --bits and --mean-bits out")
    if patchable and like is None:
        raise QuantizeError("--patchable is for the bitstream of another chip; give that chip by --like too")
    other = None if like is None else load_chip(like)
    mould = None if other is None else Mould.of(other)
    if weights is None and board is None and mean_bits is None:
        raise QuantizeError("--weights auto chooses bits for a board or within a mean; give --board or --mean-bits too")
    if weights is not None and mean_bits is not None:
        raise QuantizeError(f"--mean-bits {mean_bits:g} is for bits that are chosen; give --weights auto too")
    if tradeoff is not None and board is None:
        raise QuantizeError("--tradeoff shows the tokens/s of a board; give --board too")
    target = None if board is None else load_board(board)

    place = tokenizer or model
    early = load_tokenizer(place) if tokenizer_file(place).is_file() else None  # refused before the long work
    progress("import")
    imported = import_onnx(model, context=mould.shape.context if mould is not None and context is None else context)
    text_file = calibration or model.parent / "calibration.txt"
    if not text_file.exists():
        raise QuantizeError(
            f"no calibration text: {text_file} does not exist; give --calibration with text "
            "of the kind the model writes"
        )
    encoder = early or load_tokenizer(place)
    encoder.check_vocab(imported.decoder.vocab)
    progress("tokenize")
    texts = split_text(read_text(text_file))
    encoder.check_board(text[:SAMPLE] for text in texts[:SAMPLES])
    stories = [encoder.story_ids(text) for text in texts]
    refuse_unknown(sum(count_unknown(encoder, ids) for ids in stories), sum(map(len, stories)), text_file)
    options = Options(
        weights=MOST if weights is None else weights,
        activations=activations,
        rounding=rounding,
        rotation=rotation,
        tuning=tune,
        tuning_stories=tune_stories,
        matrix_bits=bits or {},
        mean_bits=mean_bits,
        like=mould,
        sums=None if other is None else accumulator_bits(other),
        shifts=(other.score_shift, other.value_shift) if other is not None and patchable else None,
        shifted=None if other is None else shifts_at_most(other),
    )
    about = {"onnx": {"file": model.name, "sha256": imported.sha256}, "rounding": rounding}
    chip = to_integers(
        imported.decoder,
        stories,
        options,
        progress=progress,
        tokenizer=encoder.data,
        bos=encoder.specials.bos,
        eos=encoder.specials.eos,
        about=about,
        fits=(lambda candidate: can_be_built(candidate, target)) if target is not None and weights is None else None,
    )
    if target is not None:
        verdict = capacity(chip, target)
        if not verdict.fits:
            raise BoardError(
                f"{model.name} at {options.weights} bits does not fit {board}: {verdict.limit}; {verdict.note}"
            )
    cost = {}
    if chip.about.get("kept"):
        alone = to_integers(
            imported.decoder,
            stories,
            replace(options, like=None, sums=None, shifts=None, shifted=None),
            progress=progress,
        )
        sample = calibration_rows(stories, COST_TOKENS, min(options.length, chip.shape.context))
        cost = {"mould": mean_loss(chip, sample), "alone": mean_loss(alone, sample)}
    progress("write")
    chip.save(out, origin=model)
    if tradeoff is None or target is None:
        return Quantized(chip, [], cost)
    from .quality.tradeoff import draw_tradeoff
    from .quality.tradeoff import tradeoff as measure

    points, exact = measure(imported.decoder, stories, options, target, progress)
    draw_tradeoff(points, exact, tradeoff, f"{model.name} on {target.key}")
    return Quantized(chip, points, cost)


class Adapted(NamedTuple):
    """An adapter in a chip's mould. chip: the merged one; loss: in nats per token of the calibration text, of both."""

    adapter: Adapter
    lora: Lora
    chip: Chip
    loss: dict[str, float]


def adapter_onnx(
    model: Path,
    folder: Path,
    like: Path,
    out: Path,
    *,
    calibration: Path | None = None,
    progress: Stage = lambda stage: None,
) -> Adapted:
    """Merge a LoRA adapter into the ONNX that the chip ``like`` was made from, quantise into its mould, and write to
    ``out`` what differs. Raises ModelError, QuantizeError, ChipError."""
    from .frontend import import_onnx

    base, lora = load_chip(like), read_lora(folder)
    if base.tokenizer is None:
        raise HardwireError(
            f"{like} carries no tokenizer, so text cannot be calibrated with; quantize with --tokenizer"
        )
    progress("import")
    imported = import_onnx(model, context=base.shape.context)
    source = base.about.get("onnx")
    if isinstance(source, dict) and source.get("sha256") != imported.sha256:
        raise ModelError(f"{model} is not the model that {like} was made from; give that one")
    decoder = merged(imported.decoder, lora)
    text_file = calibration or model.parent / "calibration.txt"
    stories = [ids for ids, _ in encoded_stories(base, read_text(text_file))]
    rounding = str(base.about.get("rounding", "calibrated"))
    options = Options(rounding=rounding, like=Mould.of(base), sums=accumulator_bits(base), shifted=shifts_at_most(base))
    chip = to_integers(
        decoder, stories, options, progress=progress, tokenizer=base.tokenizer, bos=base.bos, eos=base.eos,
        about=base.about | {"adapter": {"rank": lora.rank, "matrices": lora.matrices}},
    )  # fmt: skip
    rows = calibration_rows(stories, COST_TOKENS, min(options.length, base.shape.context))
    adapter = Adapter.between(base, chip)
    progress("write")
    adapter.save(out)
    return Adapted(adapter, lora, chip, {"base": mean_loss(base, rows), "adapter": mean_loss(chip, rows)})


def evaluate_chip(
    chip_file: Path, onnx: Path | None, text: Path, plot: Path | None, progress: Share
) -> tuple[Evaluation, dict[str, float]]:
    """Score a chip, and the float model where given, on a text; the error of every stage with the float model."""
    from .frontend import import_onnx

    chip = load_chip(chip_file)
    if plot is not None and onnx is None:
        raise HardwireError("--plot shows the error against the float model; give --onnx too")
    decoder = None
    if onnx is not None:
        imported = import_onnx(onnx, context=chip.shape.context)
        decoder = imported.decoder
        expected = chip.about.get("onnx", {}).get("sha256")
        if expected is not None and expected != imported.sha256:
            raise ModelError(
                f"{onnx} is not the model that {chip_file} was made from (sha256 {imported.sha256[:12]}, "
                f"not {expected[:12]}); give that one"
            )
    stories = score_sets(encoded_stories(chip, read_text(text)), min(STORY_TOKENS, chip.shape.context))
    unknown = sum(count_unknown(tokenizer_of(chip.tokenizer or {}, "the chip's tokenizer"), s.ids) for s in stories)
    refuse_unknown(unknown, sum(len(story.ids) for story in stories), text)
    result = replace(score(chip, decoder, stories, progress), unknown_tokens=unknown)
    errors: dict[str, float] = {}
    if decoder is not None:
        longest = max(len(story.ids) for story in stories)
        full = [story.ids for story in stories if len(story.ids) == longest]
        errors = error_by_stage(chip, decoder, np.array(full[:PICTURE_ROWS], np.int64))
        if plot is not None:
            plot_error(errors, plot, f"{chip_file.name}: error of each stage against the float model")
    return result, errors


def count_unknown(encoder: HostTokenizer, ids: list[int]) -> int:
    """How many of the ids stand for characters that the tokenizer does not know; the BOS in front may have the same."""
    spoken = ids[1:] if ids[:1] == [encoder.specials.bos] else ids
    return 0 if encoder.unknown is None else spoken.count(encoder.unknown)


def refuse_unknown(unknown: int, tokens: int, text: Path) -> None:
    """A text that the tokenizer cannot spell measures nothing."""
    if unknown > MOST_UNKNOWN * tokens:
        raise HardwireError(
            f"{text}: {unknown:,} of {tokens:,} tokens are characters that the tokenizer does not know; "
            "give a text of the kind the model writes"
        )


def encoded_stories(chip: Chip, text: str) -> list[tuple[list[int], list[int]]]:
    """(ids with BOS, end offset of each id) of every story of a text, by the chip's own tokenizer."""
    if chip.tokenizer is None:
        raise HardwireError("this chip carries no tokenizer, so text cannot be scored; quantize with --tokenizer")
    encoder = tokenizer_of(chip.tokenizer, "the chip's tokenizer")
    encoded = []
    for story in split_text(text):
        ids, offsets = encoder.encode_with_offsets(story)
        start = [] if encoder.specials.bos is None else [encoder.specials.bos]
        encoded.append(([*start, *ids], [0] * len(start) + [end for _, end in offsets]))
    return encoded
