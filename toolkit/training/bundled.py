# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Train the bundled model from nothing: teacher text, tokenizer, weights, ONNX, model card.

    python toolkit/training/bundled.py --text stories.txt --teacher hf-folder --evaluation held-out.txt -o out/

Each stage leaves its file in the output folder and is not repeated when that file is there.
Everything follows from the seed, the texts' hashes (kept in ``training.json``) and the torch version.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from llama import Llama, LlamaShape, load_hugging_face, write_stories
from notes import without_notes
from overlap import RUN, without_shared_runs
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from tqdm import tqdm

SEPARATOR = "<|endoftext|>"
ALPHABET = [chr(c) for c in range(32, 127)] + list("\n“”’–—▁")
BOS, EOS = 1, 2
EVALUATED = 256  # tokens of each evaluation story that count, BOS among them: 255 are scored
CALIBRATION_STORIES = 160  # that the finished model writes, for the quantizer to calibrate on
SHAPE = LlamaShape(vocab=512, dim=64, layers=5, heads=4, kv_heads=2, head_dim=16, hidden=192, context=512)


def stories_of(text: str) -> list[str]:
    return [story.strip() for story in text.split(SEPARATOR) if story.strip()]


def check_real_text(stories: list[str], held_out: list[str], name: Path) -> list[str]:
    """Raise if the real text shares a run of characters with the held-out one."""
    kept = without_shared_runs(stories, held_out)
    if len(kept) < len(stories):
        raise click.ClickException(
            f"{name}: {len(stories) - len(kept)} of its stories share {RUN} characters with the held-out text; "
            "remove them, or train on another text"
        )
    return kept


def check_options(out: Path, options: dict[str, object]) -> None:
    """Raise if the output folder was begun with other options: its files would be taken for this run's."""
    file = out / "options.json"
    if file.exists() and json.loads(file.read_text()) != options:
        raise click.ClickException(f"{file} was written by a run with other options; choose another -o")
    file.write_text(json.dumps(options, indent=1) + "\n")


def teacher_batch(folder: Path, stories: int, seed: int) -> list[str]:
    """One batch of teacher stories, those with characters outside the alphabet left out."""
    torch.set_num_threads(1)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = write_stories(load_hugging_face(folder), stories, seed, bos=BOS, ends=(BOS, EOS))
    allowed = set(ALPHABET)
    texts = (tokenizer.decode(story).strip() for story in ids)
    return [text for text in texts if text and set(text) <= allowed]


def write_teacher_text(folder: Path, batches: int, seed: int, jobs: int, out: Path) -> None:
    """Sample ``batches`` x 512 stories at temperature 1, in seed order, whatever the number of jobs."""
    partial = out.with_suffix(".part")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool, partial.open("w") as file:
        work = [pool.submit(teacher_batch, folder, 512, seed + index) for index in range(batches)]
        for future in tqdm(work, desc="teacher", unit="batch"):
            file.writelines(f"{story}\n{SEPARATOR}\n" for story in future.result())
    partial.rename(out)


def train_tokenizer(stories: list[str], out: Path) -> None:
    """Byte-pair encoding over whole words; a word begins with the space before it."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="first")
    tokenizer.train_from_iterator(
        stories,
        trainers.BpeTrainer(
            vocab_size=SHAPE.vocab,
            special_tokens=["<unk>", "<s>", "</s>"],
            initial_alphabet=[c for c in ALPHABET if c != " "],
            limit_alphabet=len(ALPHABET),
            show_progress=False,
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", BOS)])
    tokenizer.save(str(out))


def encode(tokenizer: Tokenizer, stories: list[str]) -> list[np.ndarray]:
    """Ids of each story, BOS in front."""
    parts = (stories[i : i + 4096] for i in range(0, len(stories), 4096))
    return [np.array(e.ids, np.int16) for part in parts for e in tokenizer.encode_batch(part)]


class Rows:
    """Training rows of ``length`` + 1 tokens from a stream of stories, shuffled again every epoch."""

    def __init__(self, stories: list[np.ndarray], seed: int) -> None:
        self.stories, self.draw, self.stream = stories, np.random.default_rng(seed), np.empty(0, np.int16)

    def next(self, rows: int, length: int) -> torch.Tensor:
        need = rows * (length + 1)
        while len(self.stream) < need:
            order = self.draw.permutation(len(self.stories))
            self.stream = np.concatenate([self.stream, *(self.stories[i] for i in order)])
        taken, self.stream = self.stream[:need], self.stream[need:]
        return torch.from_numpy(taken.astype(np.int64)).reshape(rows, length + 1)


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Warm-up over 200 steps, constant, then linear to zero over the last 60 %."""
    return peak * min((step + 1) / 200, 1.0, (steps - step) / (0.6 * steps))


def optimizer_of(model: Llama) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.dim() == 2]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}],
        betas=(0.9, 0.98),
        fused=True,
    )


def fit(model: Llama, rows: Rows, steps: int, peak: float, quantized: float, checkpoint: Path) -> list[float]:
    """Train; 16,384 tokens a step. Rows are 256 long, 512 in the last fifth (the whole context).

    The last ``quantized`` share of the steps runs every matrix through its 4-bit grid.
    Returns the mean loss of every 100 steps, in nats per token.
    """
    optimizer, losses, history = optimizer_of(model), [], []
    bar = tqdm(range(steps), desc="train", unit="step")
    for step in bar:
        length = 256 if step < 0.8 * steps else 512
        model.weight_bits = 4 if step >= (1 - quantized) * steps else None
        batch = rows.next(16384 // length, length)
        loss = F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % 100 == 0:
            history.append(sum(losses[-100:]) / 100)
            bar.set_postfix(loss=f"{history[-1]:.4f}")
        if (step + 1) % 500 == 0:
            torch.save(model.state_dict(), checkpoint)
    model.weight_bits = None
    return history


@torch.inference_mode()
def bits_per_character(model: Llama, tokenizer: Tokenizer, stories: list[str]) -> float:
    """Mean negative log2 likelihood per character over the first EVALUATED tokens of each story."""
    nats, characters = 0.0, 0
    for story in stories:
        encoding = tokenizer.encode(story)
        ids, offsets = encoding.ids[:EVALUATED], encoding.offsets[:EVALUATED]
        row = torch.tensor([ids])
        nats += F.cross_entropy(model(row[:, :-1])[0], row[0, 1:], reduction="sum").item()
        characters += offsets[-1][1]
    return nats / math.log(2) / characters


def export_onnx(model: Llama, out: Path) -> None:
    """Export with torch's own exporter; the sequence length stays dynamic."""
    model.eval()
    ids = torch.ones(1, 7, dtype=torch.long)
    torch.onnx.export(
        model,
        (ids,),
        str(out),
        input_names=["input_ids"],
        output_names=["logits"],
        dynamic_shapes=({1: torch.export.Dim("length", min=2, max=model.shape.context)},),
        opset_version=20,
        dynamo=True,
        external_data=False,
    )
    onnx.save(without_notes(onnx.load(out)), out)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@click.command()
@click.option("--text", required=True, type=click.Path(exists=True, path_type=Path), help="real stories")
@click.option(
    "--teacher", required=True, type=click.Path(exists=True, path_type=Path), help="Hugging Face Llama folder"
)
@click.option("--evaluation", required=True, type=click.Path(exists=True, path_type=Path), help="held-out stories")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path))
@click.option("--batches", default=64, help="teacher batches of 512 stories")
@click.option("--steps", default=4000)
@click.option("--peak", default=6e-3, help="peak learning rate")
@click.option("--quantized", default=0.3, help="share of the steps trained on the 4-bit grid")
@click.option("--real-repeat", default=3, help="how often an epoch repeats the real text")
@click.option("--seed", default=1)
@click.option("--jobs", default=2, help="processes for the teacher, threads for training")
def main(
    text: Path,
    teacher: Path,
    evaluation: Path,
    out: Path,
    batches: int,
    steps: int,
    peak: float,
    quantized: float,
    real_repeat: int,
    seed: int,
    jobs: int,
) -> None:
    """Train and export the bundled model."""
    out.mkdir(parents=True, exist_ok=True)
    options: dict[str, object] = {
        "batches": batches,
        "steps": steps,
        "peak": peak,
        "quantized": quantized,
        "real_repeat": real_repeat,
        "seed": seed,
        "jobs": jobs,
        "torch": torch.__version__,
        "text": digest(text),
        "teacher": digest(teacher / "model.safetensors"),
        "evaluation": digest(evaluation),
    }
    check_options(out, options)
    teacher_text, tokenizer_file, weights = out / "teacher.txt", out / "tokenizer.json", out / "model.pt"
    started = time.time()
    if not teacher_text.exists():
        write_teacher_text(teacher, batches, seed, jobs, teacher_text)
    held_out = stories_of(evaluation.read_text())
    model = Llama(SHAPE)
    if not weights.exists():
        written = stories_of(teacher_text.read_text())
        taught = without_shared_runs(written, held_out)
        print(f"teacher: {len(written) - len(taught)} of {len(written)} stories dropped, shared with held-out text")
        real = check_real_text(stories_of(text.read_text()), held_out, text)
        if not tokenizer_file.exists():
            train_tokenizer(real * 10 + taught[:20000], tokenizer_file)
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
        stories = encode(tokenizer, taught) + real_repeat * encode(tokenizer, real)
        print(f"{len(stories):,} stories, {sum(map(len, stories)):,} tokens, {SHAPE.parameters:,} parameters")
        torch.manual_seed(seed)
        torch.set_num_threads(jobs)
        model = Llama(SHAPE)
        losses = fit(model, Rows(stories, seed), steps, peak, quantized, out / "checkpoint.pt")
        torch.save(model.state_dict(), weights)
        record = {
            "command": " ".join(sys.argv),
            "options": options,
            "shape": SHAPE.as_dict(),
            "parameters": SHAPE.parameters,
            "train_tokens": sum(map(len, stories)),
            "seconds": round(time.time() - started),
            "loss_every_100_steps": [round(loss, 4) for loss in losses],
            "sha256": {"teacher_text": digest(teacher_text)},
        }
        write_record(out, record)
    model.load_state_dict(torch.load(weights, weights_only=True))
    finish(model.eval(), Tokenizer.from_file(str(tokenizer_file)), held_out, seed, out)


def finish(model: Llama, tokenizer: Tokenizer, held_out: list[str], seed: int, out: Path) -> None:
    """Score and export a trained model, and let it write the calibration text that ships with it."""
    latent = bits_per_character(model, tokenizer, held_out)
    model.snap(4)  # trained through this grid, the model is better on it than off it
    score = bits_per_character(model, tokenizer, held_out)
    print(f"evaluation: {score:.4f} bits per character; before the weights were put on their grid {latent:.4f}")
    export_onnx(model, out / "model.onnx")
    written = write_stories(model, CALIBRATION_STORIES, seed, bos=BOS, ends=(BOS, EOS))
    (out / "calibration.txt").write_text(f"\n{SEPARATOR}\n".join(tokenizer.decode(ids) for ids in written) + "\n")
    record = json.loads((out / "training.json").read_text())
    record |= {"bits_per_char_float": round(score, 4), "bits_per_char_latent": round(latent, 4)}
    record["sha256"] |= {name: digest(out / name) for name in ("tokenizer.json", "model.onnx", "calibration.txt")}
    write_record(out, record)


def write_record(out: Path, record: dict[str, object]) -> None:
    (out / "training.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
