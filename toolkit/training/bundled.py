# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Train the bundled model from nothing: teacher text, tokenizer, weights, ONNX, calibration text.

    python toolkit/training/bundled.py --text a.txt --text b.txt --teacher hf-folder --evaluation held-out.txt \
        --minutes 240 -o out/

The teacher writes while the model trains on what it has written so far. Each stage leaves its file in the output
folder and is not repeated when that file is there; a run that was killed goes on from its last checkpoint. With
``--start model.onnx`` it goes on from a trained model of the same shape, whose tokenizer.json stands beside it.
``training.json`` holds the options, the hashes of what went in and came out, and the loss.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np
import torch
from tokenizers import Tokenizer

from hardwire.files import sha256
from hardwire.frontend import import_onnx
from hardwire.quality.evaluate import SEPARATOR
from hardwire.shapes.ladder import LlamaShape
from hardwire.training.documents import stories_of
from hardwire.training.export import bits_per_character, calibration_text, export_onnx
from hardwire.training.kernel import KernelLoss
from hardwire.training.llama import Llama, load_hugging_face
from hardwire.training.loops import Loops
from hardwire.training.overlap import RUN, runs_of, shares_run
from hardwire.training.rows import Rows
from hardwire.training.sampler import sample_stories
from hardwire.training.text import ALPHABET, BOS, EOS, train_tokenizer
from hardwire.training.trainer import Event, Recipe, Training

SHAPE = LlamaShape(vocab=512, dim=64, layers=5, heads=4, kv_heads=2, head_dim=16, hidden=192, context=512)
WATCHED = 60  # real stories that are kept out of training, to see how it goes
FILE_STORIES = 1024  # that the teacher begins per file
TOKENIZER_FILES = 4  # of the teacher that the tokenizer is trained on
HEAD = 1.0  # share of the way that the head goes to its grid: what was learned against loops holds on the grid
EVERY = 8  # steps between stories that are looked at for loops
REAL = 2  # times that it sees the real text

ExistingPath = click.Path(exists=True, path_type=Path)


def write_pool(teacher: Path, pool: Path, files: int, seed: int) -> None:
    """Sample the teacher at temperature 1 into ``files`` files; those that are there are left as they are.

    Stories that the context cuts off, and those with characters outside the alphabet, are left out.
    """
    torch.set_num_threads(1)
    model, tokenizer = load_hugging_face(teacher), Tokenizer.from_file(str(teacher / "tokenizer.json"))
    allowed = set(ALPHABET)
    for index in range(files):
        file = pool / f"{index:04d}.txt"
        if file.exists():
            continue
        written = sample_stories(model, [[BOS]] * FILE_STORIES, seed + index, ends=(BOS, EOS))
        texts = (tokenizer.decode(story.ids).strip() for story in written if story.ended)
        partial = file.with_suffix(".part")
        partial.write_text("".join(f"{text}\n{SEPARATOR}\n" for text in texts if text and set(text) <= allowed))
        partial.rename(file)


def wait_for(pool: Path, files: int) -> None:
    while len(list(pool.glob("*.txt"))) < files:
        time.sleep(1)


def real_stories(texts: list[Path], known: set[str]) -> list[str]:
    """The stories of all texts. Raises if one shares a run of characters with the held-out text."""
    stories = []
    for path in texts:
        for story in stories_of(path.read_text()):
            if shares_run(story, known):
                raise click.ClickException(
                    f"{path}: a story shares {RUN} characters with the held-out text: {story[:40]!r}; "
                    "remove it, or train on another text"
                )
            stories.append(story)
    return stories


def check_options(out: Path, options: dict[str, object]) -> None:
    """Raise if the output folder was begun with other options: its files would be taken for this run's."""
    file = out / "options.json"
    if file.exists() and json.loads(file.read_text()) != options:
        raise click.ClickException(f"{file} was written by a run with other options; choose another -o")
    file.write_text(json.dumps(options, indent=1) + "\n")


def openings(real: list[str], tokenizer: Tokenizer, seed: int) -> list[list[int]]:
    """The first two to eight words of each story: what the model is given to go on from when loops are looked for."""
    draw = np.random.default_rng(seed)
    return [tokenizer.encode(" ".join(story.split()[: draw.integers(2, 9)])).ids for story in real]


def weights_from(onnx: Path) -> Llama:
    """The model of SHAPE that an ONNX file holds. Raises if it is of another shape."""
    decoder, model = import_onnx(onnx).decoder, Llama(SHAPE)
    state = {"embed_tokens.weight": decoder.embedding}
    norms = {"norm": decoder.final_norm}
    for index, block in enumerate(decoder.blocks):
        a, mlp, layer = block.attention, block.mlp, f"layers.{index}"
        norms |= {f"{layer}.input_layernorm": block.attention_norm, f"{layer}.post_attention_layernorm": block.mlp_norm}
        linears = {"q": a.q, "k": a.k, "v": a.v, "o": a.o, "gate": mlp.gate, "up": mlp.up, "down": mlp.down}
        state |= {f"{layer}.{name}_proj.weight": linear.weight for name, linear in linears.items() if linear}
    state |= {f"{name}.weight": norm.gain for name, norm in norms.items() if norm and norm.gain is not None}
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in state.items()}
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if wanted != {name: tuple(tensor.shape) for name, tensor in tensors.items()}:
        raise click.ClickException(f"{onnx} is not a model of the shape that is trained here, {SHAPE}")
    model.load_state_dict(tensors)
    return model


def tell(event: Event) -> None:
    """A line per hundred steps and per checkpoint."""
    if event["event"] == "checkpoint" or event["step"] % 100 == 0:
        print(", ".join(f"{name} {value}" for name, value in event.items()), flush=True)


def train(
    model: Llama, out: Path, rows: Rows, real: list[str], watched: list[str], recipe: Recipe, threads: int
) -> Training:
    """Train to the end, or on from the last checkpoint."""
    torch.set_num_threads(1)  # the kernel has its own
    tokenizer = rows.tokenizer

    def write(model: Llama, prompts: list[list[int]], seed: int, limit: int) -> list[list[int]]:
        return [story.ids for story in sample_stories(model, prompts, seed, (BOS, EOS), 0.0, limit)]

    loops = Loops(openings(real, tokenizer, recipe.seed), write, every=EVERY, seed=recipe.seed)
    run = Training(
        model,
        rows,
        recipe,
        out,
        loss=KernelLoss(model, threads),
        loops=loops,
        tell=tell,
        watch=lambda model: {
            "bits_per_char": round(bits_per_character(model, tokenizer, watched), 4),
            "loops": loops.share,
        },
    )
    run.fit()
    model.weight_bits = None
    return run


@click.command()
@click.option("--text", "texts", required=True, multiple=True, type=ExistingPath, help="real stories; may be repeated")
@click.option("--teacher", required=True, type=ExistingPath, help="Hugging Face Llama folder")
@click.option("--evaluation", required=True, type=ExistingPath, help="held-out stories")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path))
@click.option("--files", default=60, help="of the teacher's text, about 0.26M tokens each")
@click.option("--minutes", type=float, help="of training; the schedule follows the clock")
@click.option("--steps", type=int, help="of training, in place of minutes")
@click.option("--peak", default=8e-3, help="peak learning rate")
@click.option("--start", type=ExistingPath, help="ONNX of a trained model to go on from, in place of random weights")
@click.option("--decay", default=0.6, help="share of the run over which the learning rate falls to zero")
@click.option("--long", default=0.1, help="share of the run with rows of the whole context, at its end")
@click.option("--unlooped", default=0.2, help="share of the run in which loops are made unlikely")
@click.option("--unlikelihood", default=1.0, help="weight of a token of a loop against one of the text")
@click.option("--quantized", default=0.3, help="share of the run trained on the 4-bit grid")
@click.option("--real-share", default=0.2, help="of the tokens")
@click.option("--seed", default=1)
@click.option("--threads", default=1, help="for training; the teacher takes one more")
def main(
    texts: tuple[Path, ...],
    teacher: Path,
    evaluation: Path,
    out: Path,
    files: int,
    minutes: float | None,
    steps: int | None,
    peak: float,
    start: Path | None,
    decay: float,
    long: float,
    unlooped: float,
    unlikelihood: float,
    quantized: float,
    real_share: float,
    seed: int,
    threads: int,
) -> None:
    """Train and export the bundled model."""
    if (minutes is None) == (steps is None):
        raise click.UsageError("give either --minutes or --steps")
    pool = out / "teacher"
    pool.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(
        steps=steps, minutes=minutes, peak=peak, decay=decay, quantized=quantized, long=long,
        unlooped=unlooped, unlikelihood=unlikelihood, seed=seed,
    )  # fmt: skip
    options: dict[str, object] = {
        "files": files,
        "real_share": real_share,
        "recipe": recipe.as_dict(),
        "torch": torch.__version__,
        "text": [sha256(text) for text in texts],
        "teacher": sha256(teacher / "model.safetensors"),
        "evaluation": sha256(evaluation),
        "start": sha256(start) if start else None,
    }
    check_options(out, options)
    writer = get_context("spawn").Process(target=write_pool, args=(teacher, pool, files, 1000 * seed), daemon=True)
    writer.start()
    held_out = stories_of(evaluation.read_text())
    known = runs_of(held_out)
    real = real_stories(list(texts), known)
    real, watched = real[:-WATCHED], real[-WATCHED:]
    tokenizer_file = out / "tokenizer.json"
    if start and not tokenizer_file.exists():
        shutil.copyfile(start.with_name("tokenizer.json"), tokenizer_file)
    if not tokenizer_file.exists():
        wait_for(pool, min(files, TOKENIZER_FILES))
        first = sorted(pool.glob("*.txt"))[:TOKENIZER_FILES]
        train_tokenizer(
            real * REAL + [s for file in first for s in stories_of(file.read_text())], SHAPE.vocab, tokenizer_file
        )
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    rows = Rows(
        tokenizer, real, pool, real_share, seed, lambda stories: [s for s in stories if not shares_run(s, known)]
    )
    torch.manual_seed(recipe.seed)
    run = train(weights_from(start) if start else Llama(SHAPE), out, rows, real, watched, recipe, threads)
    record = {
        "command": " ".join(sys.argv),
        "options": options,
        "shape": SHAPE.as_dict(),
        "parameters": SHAPE.parameters,
        "steps": run.step,
        "seconds": round(run.seconds),
        "tokens_read": rows.tokens,
        "loss_every_100_steps": [round(loss, 4) for loss in run.history],
        "sha256": {"teacher_text": {name: sha256(pool / name) for name in sorted(rows.reads)}},
    }
    finish(run.model, tokenizer, held_out, record, recipe, out)


def finish(model: Llama, tokenizer: Tokenizer, held_out: list[str], record: dict, recipe: Recipe, out: Path) -> None:
    """Score and export a trained model, and let it write the calibration text that ships with it."""
    latent = bits_per_character(model, tokenizer, held_out)
    model.snap(recipe.weight_bits, HEAD)  # trained through this grid, the model is better on it than off it
    score = bits_per_character(model, tokenizer, held_out)
    print(f"evaluation: {score:.4f} bits per character; before the weights were put on their grid {latent:.4f}")
    export_onnx(model, out / "model.onnx")
    (out / "calibration.txt").write_text(calibration_text(model, tokenizer, recipe.seed))
    record |= {"bits_per_char_float": round(score, 4), "bits_per_char_latent": round(latent, 4)}
    record["sha256"] |= {name: sha256(out / name) for name in ("tokenizer.json", "model.onnx", "calibration.txt")}
    (out / "training.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
