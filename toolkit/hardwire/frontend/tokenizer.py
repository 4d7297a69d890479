# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The tokenizer beside a model, for the host: the Hugging Face ``tokenizers`` library on its own JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..driver.text import TextCodec
from ..errors import TokenizerError, ToolMissing

_BOS_NAMES = ("<s>", "<|begin_of_text|>", "<bos>", "<|endoftext|>", "[BOS]")
_EOS_NAMES = ("</s>", "<|end_of_text|>", "<|eot_id|>", "<eos>", "<|im_end|>", "<|endoftext|>", "[EOS]")
_MAX_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Specials:
    """Start and end tokens, as far as the tokenizer has them."""

    bos: int | None
    eos: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class HostTokenizer:
    """``data`` is the parsed file, as ``hardwire.driver.text.TextCodec`` takes it on a board, not to cut or to pad."""

    name: str
    data: dict[str, Any]
    specials: Specials
    vocab: int
    _library: Any

    @property
    def unknown(self) -> int | None:
        """Id of the unknown token, where the tokenizer has one."""
        token = self.data["model"].get("unk_token")
        return None if token is None else self._library.token_to_id(token)

    def encode_with_offsets(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Ids of ``text`` without special tokens around it, and where each lies in it."""
        encoding = self._library.encode(text, add_special_tokens=False)
        return list(encoding.ids), [(int(start), int(stop)) for start, stop in encoding.offsets]

    def story_ids(self, text: str) -> list[int]:
        """BOS exactly once, then the text. A tokenizer without BOS gives the text alone."""
        ids, _ = self.encode_with_offsets(text)
        bos = self.specials.bos
        return ids if bos is None or ids[:1] == [bos] else [bos, *ids]

    def decode(self, ids: list[int]) -> str:
        return str(self._library.decode(ids))

    def check_board(self, texts: Iterable[str] = ()) -> None:
        """Refuse what a board, which has no ``tokenizers``, could not do; or does otherwise, on ``texts``."""
        try:
            codec = TextCodec(self.data)
        except TokenizerError as error:
            raise TokenizerError(f"{self.name}: {error}") from error
        for text in texts:
            ours, theirs = codec.encode(text, unknown="unk"), self._library.encode(text).ids
            if ours != theirs:
                at = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), -1)
                raise TokenizerError(
                    f"{self.name}: on a board {text[:40]!r} would become {len(ours)} tokens, by the tokenizers library "
                    f"{len(theirs)}"
                    + (f"; token {at} is {ours[at]}, not {theirs[at]}" if at >= 0 else "")
                    + "; please report it with this file"
                )

    def check_vocab(self, rows: int) -> None:
        """Refuse a tokenizer that can say tokens the model has no embedding for."""
        largest = max(self._library.get_vocab(with_added_tokens=True).values(), default=-1)
        if largest >= rows:
            token = self._library.id_to_token(largest)
            raise TokenizerError(
                f"{self.name}: token {token!r} has id {largest}, the model's vocabulary has {rows}; "
                "this tokenizer belongs to another model"
            )


def tokenizer_file(path: str | Path) -> Path:
    """Where the tokenizer of a model file or a folder lies, or an explicit ``.json``."""
    path = Path(path)
    return path if path.suffix == ".json" else (path if path.is_dir() else path.parent) / "tokenizer.json"


def load_tokenizer(path: str | Path, vocab: int | None = None) -> HostTokenizer:
    """The tokenizer of a model file, of a folder, or an explicit ``.json``, checked against ``vocab``.

    Raises TokenizerError, also for what a board could not do.
    """
    file = tokenizer_file(path)
    result = tokenizer_of(_read(file), str(file))
    result.check_board()
    if vocab is not None:
        result.check_vocab(vocab)
    return result


def tokenizer_of(data: dict[str, Any], name: str) -> HostTokenizer:
    """The tokenizer of a parsed ``tokenizer.json``; ``name`` is what errors call it."""
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ToolMissing('tokenizers is not installed; run: pip install "hardwire[onnx]"') from error
    data = {**data, "truncation": None, "padding": None}  # a prompt is told as a whole
    try:
        library = Tokenizer.from_str(json.dumps(data))
    except Exception as error:  # the library raises bare Exception
        text = str(error)[:200]
        raise TokenizerError(f"{name}: the tokenizers library refuses it ({text}); export it again") from error
    specials = find_specials(data, library.get_vocab(with_added_tokens=True))
    return HostTokenizer(
        name=name,
        data=data,
        specials=specials,
        vocab=int(library.get_vocab_size(with_added_tokens=True)),
        _library=library,
    )


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise TokenizerError(f"{file}: no such file; put the model's tokenizer.json there or give its path")
    if file.stat().st_size > _MAX_BYTES:
        raise TokenizerError(f"{file}: {file.stat().st_size} bytes, the limit is {_MAX_BYTES}")
    try:
        data = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise TokenizerError(f"{file}: not JSON, or truncated ({error}); export it again") from error
    if not isinstance(data, dict) or not isinstance(data.get("model"), dict):
        raise TokenizerError(f"{file}: no Hugging Face tokenizer: it has no object 'model'")
    return data


def find_specials(data: dict[str, Any], vocab: dict[str, int]) -> Specials:
    """BOS from the template where it has one, else from well-known names of added tokens; EOS from names."""
    listed = data.get("added_tokens") or []
    added = {token["content"]: int(token["id"]) for token in listed if token.get("special")}
    ids = {**{name: vocab[name] for name in (*_BOS_NAMES, *_EOS_NAMES) if name in vocab}, **added}
    bos = _template_bos(data.get("post_processor"))
    if bos is None:
        bos = next((ids[name] for name in _BOS_NAMES if name in ids), None)
    eos = tuple(dict.fromkeys(ids[name] for name in _EOS_NAMES if name in ids))
    return Specials(bos, eos)


def _template_bos(part: Any) -> int | None:
    if not isinstance(part, dict):
        return None
    if part.get("type") == "Sequence":
        starts = [_template_bos(processor) for processor in part.get("processors", [])]
        return next((token for token in starts if token is not None), None)
    if part.get("type") in ("BertProcessing", "RobertaProcessing"):
        return int(part["cls"][1])
    single = part.get("single") if part.get("type") == "TemplateProcessing" else None
    if not single:
        return None
    first = single[0]
    if "SpecialToken" not in first:
        return None
    return int(part["special_tokens"][first["SpecialToken"]["id"]]["ids"][0])
