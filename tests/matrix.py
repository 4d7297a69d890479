# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Write docs/matrix.md: architectures x exporters, then integers, HLS and RTL of each; and the README's short form.

``make matrix`` runs it.

Reads the packed exports; every cell is a run of today. An architecture's chip is made of its dynamo-20 export at a
context of 32; its C-simulation and RTL simulation are compared with the integer reference by ``verify``.
With names of architectures it prints the rows of these, and writes nothing.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from exports import architectures, exports, failures, unpack

from hardwire.build.folder import open_build
from hardwire.build.make import make_build
from hardwire.decoder import Decoder, forward
from hardwire.errors import HardwireError
from hardwire.frontend import import_onnx
from hardwire.plan.geometry import Geometry
from hardwire.proof.receipts import versions
from hardwire.proof.verify import verify
from hardwire.quality.evaluate import integer_logits
from hardwire.quantize import Options, quantize
from hardwire.targets.board import load_board

ROOT = Path(__file__).parent.parent
OUT, README = ROOT / "docs" / "matrix.md", ROOT / "README.md"
BEGIN, END = "<!-- matrix: written by make matrix -->\n", "<!-- end of matrix -->\n"  # of the README's part
GROUPS = {  # of exporters, by how their names begin
    "torch.onnx dynamo": "dynamo",
    "TorchScript": "torchscript",
    "optimum": "optimum",
    "transformers 5": "transformers5",
    "onnxruntime-genai": "genai",
}
CHIP_OF, CONTEXT, TEXTS, BOARD = "dynamo-20", 32, 48, "pynq-z2"
SMALL = Geometry(columns=4, rows=4, depth=8, terms=2, banks=4)  # builds faster than the best of the board
LEAST_EQUAL, LEAST_EXACT = 18, 17  # architectures, of four exporters and of HLS and RTL; fewer is a step back


@dataclass
class Notes:
    """Reasons, numbered in the order they appear."""

    texts: list[str] = field(default_factory=list)

    def mark(self, text: str) -> str:
        if text not in self.texts:
            self.texts.append(text)
        return f"[{self.texts.index(text) + 1}](#{self.texts.index(text) + 1})"


def reason(error: HardwireError, path: Path) -> str:
    """The message without the temporary file's name."""
    return str(error).replace(f"{path}: ", "").replace(str(path), path.name)[:300]


def imported(architecture: str, exporter: str, folder: Path, notes: Notes) -> str:
    if exporter not in exports(architecture):
        why = failures(architecture).get(exporter)
        return "" if why is None else notes.mark(f"the exporter says: {re.sub('/tmp/[^ ]*', '...', why)}")
    path = unpack(architecture, exporter, folder)
    try:
        result = import_onnx(path)
    except HardwireError as error:
        return notes.mark(reason(error, path))
    return f"{result.check.max_relative_error:.0e}"


def integers(decoder: Decoder, folder: Path, notes: Notes) -> tuple[str, Path | None]:
    """Relative logit error at 8-bit weights, and the chip."""
    draw = np.random.default_rng(0)
    texts = draw.integers(0, decoder.vocab, (TEXTS, CONTEXT)).tolist()
    try:
        chip = quantize(decoder, texts, Options(weights=8, tokens=TEXTS * CONTEXT, length=CONTEXT))
    except HardwireError as error:
        return notes.mark(str(error)), None
    held_out = draw.integers(0, decoder.vocab, (4, CONTEXT))
    exact = forward(decoder, held_out)
    error = np.sqrt(np.square(integer_logits(chip, held_out) - exact).mean() / np.square(exact).mean())
    chip.save(folder / "a.chip")
    return f"{100 * error:.1f} %", folder / "a.chip"


def simulated(chip: Path, target: str, rung: str, folder: Path, notes: Notes) -> str:
    """Logits compared and equal, or why not."""
    out = folder / target
    try:
        make_build(chip, load_board(BOARD), out, target=target, lanes=4, geometry=SMALL if target == "rtl" else None)
        result = verify(open_build(out), [rung], tokens=CONTEXT)
    except HardwireError as error:
        return notes.mark(str(error).replace(str(out), "the build"))
    if result.first_difference is not None:
        return notes.mark(str(result.first_difference))
    return f"{result.rungs[rung].logits:,}" if result.rungs[rung].status == "equal" else notes.mark("not run")


def row(architecture: str, columns: list[str], notes: Notes) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cells = [imported(architecture, exporter, folder, notes) for exporter in columns]
        decoder = import_onnx(unpack(architecture, CHIP_OF, folder), context=CONTEXT).decoder
        quality, chip = integers(decoder, folder, notes)
        cells.append(quality)
        for target, rung in (("hls", "csim"), ("rtl", "rtl")):
            cells.append("not run" if chip is None else simulated(chip, target, rung, folder, notes))
    return cells


def page(rows: dict[str, list[str]], columns: list[str], notes: Notes) -> str:
    heads = ["architecture", *columns, "integers", "HLS", "RTL"]
    tools = ", ".join(f"{name} {version}" for name, version in sorted(versions().items()))
    lines = [
        "# Architectures and exporters",
        "",
        f"Written by `make matrix` on {time.strftime('%Y-%m-%d')} ({tools}) from the packed exports of tiny random",
        "models (two layers, a width of 32; `tests/exporters`).",
        "",
        "- Under an exporter: largest difference between the rebuilt float model and ONNX Runtime on the file,",
        "  relative to the largest logit, over lengths 3, 17, 200 and one beyond any sliding window. Above 1e-4 the",
        "  import fails.",
        "- Integers: rms error of the integer reference's logits, 8-bit weights, against the float model, on",
        f"  {CONTEXT} positions of random tokens.",
        "- HLS and RTL: logits that the C-simulation and the Verilator simulation of the RTL made, all of them equal",
        "  to the integer reference's, bit for bit.",
        "- A number in brackets is the reason why there is no result, below. An empty cell: an exporter that differs",
        "  little from another is tried on llama only; onnxruntime-genai 0.15, of before transformers 5, on Gemma 3,",
        "  which the builder of today does not take.",
        "",
        "| " + " | ".join(heads) + " |",
        "|" + " --- |" * len(heads),
        *(f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows.items()),
        "",
        *(f'<a id="{n}"></a>[{n}] {text}\n' for n, text in enumerate(notes.texts, 1)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def summary(rows: dict[str, list[str]], columns: list[str]) -> str:
    """The README's short form: how many files of a group of exporters are float-equal; HLS and RTL."""
    heads = ["architecture", *GROUPS, "HLS", "RTL"]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for name, cells in rows.items():
        counts = by_exporter(cells, columns)
        exact = ["exact" if works(cell) else "not yet" for cell in cells[-2:]]
        lines.append("| " + " | ".join([name, *(str(count or "") for count in counts), *exact]) + " |")
    return "\n".join(lines) + "\n"


def by_exporter(cells: list[str], columns: list[str]) -> list[int]:
    """Float-equal files of each of GROUPS."""
    equal = [column for column, cell in zip(columns, cells, strict=False) if works(cell)]
    return [sum(one.startswith(start) for one in equal) for start in GROUPS.values()]


def works(cell: str) -> bool:
    """Whether a cell is a result, not empty and not a reason."""
    return bool(cell) and not cell.startswith("[") and cell != "not run"


def into_readme(text: str) -> None:
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    README.write_text(before + BEGIN + text + END + rest.split(END)[1], encoding="utf-8")


def main() -> None:
    names, chosen = architectures(), sys.argv[1:]
    columns = list(dict.fromkeys(e for name in names for e in sorted(exports(name))))
    notes, rows = Notes(), {}
    for name in chosen or names:
        rows[name] = row(name, columns, notes)
        print(name, *rows[name], flush=True)
    if chosen:
        print(*(f"[{n}] {text}" for n, text in enumerate(notes.texts, 1)), sep="\n")
    else:
        OUT.write_text(page(rows, columns, notes), encoding="utf-8")
        into_readme(summary(rows, columns))
        from_four = sum(sum(map(bool, by_exporter(cells, columns))) >= 4 for cells in rows.values())
        exact = sum(works(cells[-2]) and works(cells[-1]) for cells in rows.values())
        if from_four < LEAST_EQUAL or exact < LEAST_EXACT:
            raise SystemExit(f"{from_four} architectures from four exporters, {exact} exact in HLS and RTL: too few")


if __name__ == "__main__":
    main()
