# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The bundled model, all the way: ONNX, integers, HLS C++, compiled, a story, the proof."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..backends.of_build import csim
from ..build.folder import Build, open_build
from ..build.make import make_build
from ..driver.model import LanguageModel
from ..files import bundled_folder
from ..pipeline import quantize_onnx
from ..progress import Progress, Stage
from ..targets.board import load_board
from .receipts import Receipt, Rung, record
from .verify import verify

MODEL, BOARD = "bundled", "pynq-z2"


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the demonstration gave: the story, and how much of it was proved."""

    model: str
    parameters: int
    tokens: int
    text: str
    ended: str  # why: "stop token" where the story came to its end
    csim_equal: bool
    logits_compared: int
    seconds: float
    verdict: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Demonstration:
    """Its steps, in their order: ``make``, ``tell``, ``prove``. A build is kept in ``folder``, if that is given."""

    def __init__(self, folder: Path | None = None) -> None:
        self._scratch = tempfile.TemporaryDirectory()
        self.folder = folder or Path(self._scratch.name) / "build"
        self.began = time.perf_counter()
        self.text, self.tokens = "", 0
        self.build: Build | None = None
        self.story: LanguageModel | None = None

    def __enter__(self) -> Demonstration:
        return self

    def __exit__(self, *_: object) -> None:
        if self.story is not None:
            self.story.close()
        self._scratch.cleanup()

    def make(self, progress: Stage = lambda stage: None) -> LanguageModel:
        """ONNX to integers to HLS C++ to a library; the model that runs in it."""
        chip_file = Path(self._scratch.name) / f"{MODEL}.chip"
        quantize_onnx(bundled_folder() / "model.onnx", chip_file, progress=progress)
        make_build(chip_file, load_board(BOARD), self.folder, progress=progress)
        progress("compile the C-simulation")
        self.build = open_build(self.folder)
        self.story = LanguageModel(self.build.chip, csim(self.build), f"{MODEL} (csim)")
        return self.story

    def tell(
        self,
        prompt: str,
        tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        say: Callable[[str], None] = lambda piece: None,
    ) -> str:
        """A story behind a prompt; ``say`` hears its pieces."""
        assert self.story is not None  # made before
        self.text, self.tokens = prompt, 0
        for piece in self.story.stream(prompt, tokens, temperature, seed):
            say(piece)
            self.text, self.tokens = self.text + piece, self.tokens + 1
        return self.text

    def prove(self, progress: Progress = lambda rung, share: None) -> tuple[Demo, Receipt]:
        """Climb the ladder; what the demonstration gave, and the receipt, which is in the build's manifest too."""
        assert self.build is not None and self.story is not None  # made before
        receipt = verify(self.build, progress=progress)
        record(self.build, receipt)
        rung = receipt.rungs.get("csim", Rung())
        return Demo(
            model=MODEL,
            parameters=self.build.chip.about["parameters"],
            tokens=self.tokens,
            text=self.text,
            ended=self.story.last.status,
            csim_equal=rung.status == "equal",
            logits_compared=rung.logits,
            seconds=round(time.perf_counter() - self.began, 1),
            verdict=receipt.verdict,
        ), receipt
