# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Commands from the ONNX file to the chip: inspect, quantize, evaluate, random, excerpt."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE
from rich.table import Table

from ..errors import HardwireError
from .group import AS_JSON, GITHUB, IN_FILE, annotated, answer, bar, key_values, main, spinner

if TYPE_CHECKING:
    from ..quality.evaluate import Evaluation


@main.command()
@click.argument("model", type=IN_FILE)
@click.option("--context", type=int, help="Positions, where the file does not say.")
@AS_JSON
def inspect(model: Path, context: int | None, as_json: bool) -> None:
    """Read MODEL.onnx, say what was recognised, and check it against ONNX Runtime."""
    from ..frontend import import_onnx

    with spinner("import"):
        imported = import_onnx(model, context=context)
    d = imported.decoder
    a, check = d.blocks[0].attention, imported.check
    kinds = (("rotary", a.rope is not None), ("learned", d.positions is not None))
    positions = [kind for kind, present in kinds if present]
    data = {
        "architecture": d.architecture,
        "parameters": d.parameters,
        "layers": len(d.blocks),
        "dim": d.dim,
        "heads": a.heads,
        "kv_heads": a.kv_heads,
        "head_dim": a.head_dim,
        "hidden": int(d.blocks[0].mlp.up.weight.shape[0]),
        "vocab": d.vocab,
        "context": d.context,
        "tied_embedding": d.tied,
        "activation": d.blocks[0].mlp.activation,
        "gated": d.blocks[0].mlp.gate is not None,
        "norm": d.blocks[0].attention_norm.kind,
        "positions": " and ".join(positions) or "none",
        "onnx_equal": asdict(check) | {"lengths": list(check.lengths)},
        "notes": list(imported.notes),
    }
    answer(data, as_json, key_values(str(model), data))


def _weights(context: click.Context, option: click.Parameter, value: str) -> int | None:
    if value == "auto":
        return None
    try:
        return int(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a number of bits nor auto") from None


def _bits(context: click.Context, option: click.Parameter, value: tuple[str, ...]) -> dict[str, int]:
    from ..chip.model import Wiring, matrix_names

    bits_by_name = {}
    for text in value:
        name, _, bits = text.partition("=")
        if name not in matrix_names(Wiring(positions=True)) or not bits.isdigit():
            raise click.BadParameter(f"{text!r} is not a matrix and its bits; give one as down=6")
        bits_by_name[name] = int(bits)
    return bits_by_name


def _share(context: click.Context, option: click.Parameter, value: str | None) -> float | None:
    from ..quality.gate import share_of

    try:
        return None if value is None else share_of(value)
    except HardwireError as error:
        raise click.BadParameter(str(error)) from None


@main.command()
@click.argument("model", type=IN_FILE)
@click.option("-o", "--out", type=IN_FILE, required=True, help="The .chip to write.")
@click.option(
    "--weights",
    default="4",
    show_default=True,
    callback=_weights,
    help="Bits of every matrix, 2 to 8; auto: the best that --board holds, or within --mean-bits.",
)
@click.option("--mean-bits", type=float, help="Of a weight, at the most, where --weights is auto; as 4.5.")
@click.option("--bits", multiple=True, callback=_bits, metavar="NAME=N", help="Other bits for one matrix, as down=6.")
@click.option("--activations", type=int, default=8, show_default=True, help="Bits of the static activations.")
@click.option("--calibration", type=IN_FILE, help="Text; default: calibration.txt beside the model.")
@click.option("--tokenizer", type=IN_FILE, help="tokenizer.json; default: beside the model.")
@click.option("--context", type=int, help="Positions, where the file does not say, or fewer.")
@click.option("--board", help="Refuse a result that does not fit this board.")
@click.option("--tune", type=int, default=0, help="Steps of fine-tuning; 300 take minutes. Needs torch.")
@click.option("--tune-stories", type=int, default=0, help="That MODEL writes first, to be tuned on beside the text.")
@click.option("--rotation/--no-rotation", default=True, show_default=True, help="Spread outliers over all channels.")
@click.option("--rounding", type=click.Choice(["calibrated", "plain"]), default="calibrated", show_default=True)
@click.option("--like", type=IN_FILE, help="A chip whose mould the new one is to have: its shape, bits and formats.")
@click.option("--patchable", is_flag=True, help="With --like: for `hardwire reprint` of that chip's bitstream.")
@click.option("--tradeoff", type=IN_FILE, help="Picture of bits against perplexity and --board's tokens/s; minutes.")
@AS_JSON
def quantize(model: Path, out: Path, as_json: bool, **options: Any) -> None:
    """Turn MODEL.onnx into integers: one .chip file with everything the hardware needs."""
    from ..chip.mould import Mould
    from ..pipeline import quantize_onnx
    from ..quality.tradeoff import mean_bits

    with spinner("quantize") as stage:
        chip, points, cost = quantize_onnx(model, out, progress=stage, **options)
    data: dict[str, Any] = {
        "chip": str(out),
        "digest": chip.digest,
        "bits": chip.bits,
        "mean_bits": round(mean_bits(chip), 3),
        "exceptions": chip.exceptions(),
        "size_bytes": out.stat().st_size,
        "mould": Mould.of(chip).digest,
    }
    if options["like"] is not None:
        data |= {"kept": chip.about["kept"], "cost": cost}
    if points:
        data["tradeoff"] = [point.as_dict() for point in points]
    answer(data, as_json, key_values("quantized", {key: value for key, value in data.items() if key != "tradeoff"}))


@main.command()
@click.argument("model", type=IN_FILE)
@click.argument("folder", type=IN_FILE)
@click.option("--like", type=IN_FILE, required=True, help="The .chip of MODEL that it is for.")
@click.option("-o", "--out", type=IN_FILE, required=True, help="The .adapter to write.")
@click.option(
    "--calibration", type=IN_FILE, help="Text of the adapter's kind; default: calibration.txt beside the model."
)
@AS_JSON
def adapter(model: Path, folder: Path, like: Path, out: Path, calibration: Path | None, as_json: bool) -> None:
    """Merge a LoRA adapter, FOLDER as PEFT saves it, into MODEL.onnx and the mould of a chip; write what differs."""
    from ..pipeline import adapter_onnx

    with spinner("adapter") as stage:
        made = adapter_onnx(model, folder, like, out, calibration=calibration, progress=stage)
    data: dict[str, Any] = {
        "adapter": str(out),
        "rank": made.lora.rank,
        "matrices": made.lora.matrices,
        "bytes": out.stat().st_size,
        "changed": {name: len(places) for name, (places, _) in made.adapter.changes.items()},
        "digest": made.chip.digest,
        "loss": made.loss,
    }
    answer(data, as_json, key_values("adapter", {key: value for key, value in data.items() if key != "changed"}))


@main.command()
@click.argument("chip", type=IN_FILE)
@click.option("--onnx", type=IN_FILE, help="The float model to compare with.")
@click.option("--text", type=IN_FILE, required=True, help="Held-out text.")
@click.option("--plot", type=IN_FILE, help="Write a picture of the error by layer.")
@click.option(
    "--max-rise",
    callback=_share,
    metavar="SHARE",
    help="Exit code 2 where perplexity rises by more over the float model's, as 2%; --onnx: found by its hash.",
)
@click.option("--junit", type=IN_FILE, help="Write the result as JUnit XML too.")
@GITHUB
@AS_JSON
def evaluate(
    chip: Path,
    onnx: Path | None,
    text: Path,
    plot: Path | None,
    max_rise: float | None,
    junit: Path | None,
    github: bool,
    as_json: bool,
) -> None:
    """Bits per character and perplexity of CHIP on a text, beside the float model's."""
    from ..chip.model import load_chip
    from ..chip.origin import find_onnx
    from ..pipeline import evaluate_chip
    from ..quality.gate import check_rise, write_junit

    with annotated(github, as_json, "hardwire evaluate", chip):
        if max_rise is not None and onnx is None:
            onnx = find_onnx(load_chip(chip), chip)
        with bar("evaluate") as progress:
            result, errors = evaluate_chip(chip, onnx, text, plot, lambda share: progress("stories", share))
        if junit:
            write_junit(result, max_rise, junit)
        answer(result.as_dict() | ({"error_by_stage": errors} if errors else {}), as_json, _quality_table(result))
        if max_rise is not None:
            check_rise(result, max_rise)


def _quality_table(result: Evaluation) -> Table:
    title = f"{result.tokens:,} tokens, {result.characters:,} characters"
    table = Table("model", "bits per character", "perplexity", title_justify="left", box=SIMPLE, title=title)
    for name, quality in (("float", result.exact), ("integer", result.integer)):
        if quality is not None:
            table.add_row(name, f"{quality.bits_per_char:.4f}", f"{quality.perplexity:.4f}")
    return table


@main.command()
@click.option("-o", "--out", type=IN_FILE, required=True, help="The .chip to write.")
@click.option(
    "--shape",
    default="bundled",
    show_default=True,
    help="bundled, stories260k, 15m, kev-gpt, microgpt; or, Llama-like: "
    "vocab,dim,layers,heads,kv_heads,head_dim,hidden,context.",
)
@click.option("--seed", default=0, show_default=True)
@click.option("--weights", default=4, show_default=True, help="Bits of every matrix.")
@AS_JSON
def random(out: Path, shape: str, seed: int, weights: int, as_json: bool) -> None:
    """Write a chip with random weights, for hardware work."""
    from ..pipeline import shape_named
    from ..quantize import Options, random_chip

    with spinner("random chip"):
        chip = random_chip(shape_named(shape), seed, Options(weights=weights, rounding="plain"))
        chip.save(out)
    data = {
        "chip": str(out),
        "shape": asdict(chip.shape),
        "wiring": asdict(chip.wiring),
        "parameters": chip.about["parameters"],
        "bits": chip.bits,
        "size_bytes": out.stat().st_size,
    }
    answer(data, as_json, key_values("random chip", data))


@main.command()
@click.argument("chip", type=IN_FILE)
@click.option("-o", "--out", type=IN_FILE, required=True, help="The .chip to write.")
@click.option("--layers", default="0:1", show_default=True, help="The first, and the one behind the last.")
@click.option("--vocab", type=int, help="Token ids to keep, from 0; default: all.")
@click.option("--context", type=int, help="Positions to keep; default: all.")
@AS_JSON
def excerpt(chip: Path, out: Path, layers: str, vocab: int | None, context: int | None, as_json: bool) -> None:
    """Write a few layers of CHIP as a chip of their own.

    What is too large for a board or a simulation is built and verified block by block.
    """
    from ..chip.excerpt import excerpt as cut
    from ..chip.model import load_chip

    span = re.fullmatch(r"(\d+):(\d+)", layers)
    if span is None:
        raise click.UsageError(f"--layers {layers}: give them as 0:1")
    with spinner("excerpt"):
        part = cut(load_chip(chip), int(span[1]), int(span[2]), vocab, context)
        part.save(out)
    data = {"chip": str(out), "digest": part.digest, "shape": asdict(part.shape), "size_bytes": out.stat().st_size}
    answer(data, as_json, key_values("excerpt", data))
