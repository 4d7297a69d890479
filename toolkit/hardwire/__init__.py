# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""hardwire: bake a small language model into an FPGA, and prove every step equal.

``load`` and what it gives run on a board, with numpy and the standard library. The other functions are those of
``api.py``, looked up when they are asked for: a board has neither the compiler's packages nor a use for them.
"""

from typing import Any

from .driver.model import LanguageModel, Token
from .driver.until import until
from .errors import HardwireError
from .openers import load
from .version import __version__

STEPS = (
    "board_names", "build_chip", "evaluate_chip", "fit_chip", "import_onnx", "load_chip", "open_build", "quantize_onnx",
    "random_chip", "reprint_build", "synthesize_builds", "train_model", "verify_build", "write_datasheet",
)  # fmt: skip

__all__ = ["HardwireError", "LanguageModel", "Token", "__version__", "load", "until", *STEPS]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in STEPS:
        from . import api

        return getattr(api, name)
    raise AttributeError(f"module 'hardwire' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *STEPS})
