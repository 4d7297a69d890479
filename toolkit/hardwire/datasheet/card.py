# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The card of a model: where it lies, and the licence that it states."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..chip.origin import onnx_files
from ..errors import HardwireError
from ..files import sha256
from .source import Source

NAMES = ("MODEL_CARD.md", "README.md")  # as hardwire and Hugging Face call it
LARGEST = 1 << 20
# A field in front of the text, as Hugging Face has it; or a row of a table.
LICENCE = (
    re.compile(r"^licen[cs]e:\s*[\"']?(?P<said>[^\"'\n]+)", re.IGNORECASE | re.MULTILINE),
    re.compile(r"^\|\s*\**licen[cs]e\**\s*\|\s*(?P<said>[^|\n]+)\|", re.IGNORECASE | re.MULTILINE),
)


@dataclass(frozen=True)
class Card:
    """A card. licence: in its words; None where it states none."""

    name: str
    digest: str
    licence: str | None


def card_of(source: Source, given: Path | None) -> Card | None:
    """The card that was given, or the one beside the ONNX that the chip came from.

    Raises HardwireError for a file that is none.
    """
    if given is not None:
        return _read(given)
    files = onnx_files(source.chip, source.folder / "model.chip")  # a copy in the build has no card beside it
    found = (file.parent / name for file in files for name in NAMES)
    return next((_read(path) for path in found if path.is_file()), None)


def _read(path: Path) -> Card:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise HardwireError(f"{path}: more than {LARGEST:,} bytes, which is no model's card; give --card")
        text = data.decode()
    except OSError as error:
        raise HardwireError(f"{path}: cannot be read ({error.strerror}); give the model's card") from None
    except UnicodeDecodeError as error:
        raise HardwireError(f"{path}: not UTF-8 at byte {error.start}; give the model's card") from None
    matches = (pattern.search(text) for pattern in LICENCE)
    return Card(path.name, sha256(path), next((m["said"].strip() for m in matches if m), None))
