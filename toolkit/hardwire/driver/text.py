# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text to token ids and back from the data of a ``tokenizer.json``, with the standard library alone.

Boards have no ``tokenizers`` package. This is its BPE pipeline (added tokens, normalizer, pre-tokenizer,
merges, template, decoder), step by step the same; a feature it does not know is refused by name.
"""

from __future__ import annotations

import codecs
import heapq
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from ..errors import PromptError, TokenizerError

Json = dict[str, Any]
Pieces = list[tuple[str, bool]]  # text, and whether it starts the whole text

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # Unicode White_Space
_NEVER = "\ud800"  # in no valid text: keeps a character class from being empty
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def _byte_letters() -> list[str]:
    """GPT-2's printable stand-in for each byte."""
    keep = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(256, 512))
    return [chr(byte) if byte in keep else chr(next(spare)) for byte in range(256)]


_LETTER_OF_BYTE = _byte_letters()
_BYTE_OF_LETTER = {letter: byte for byte, letter in enumerate(_LETTER_OF_BYTE)}


def _refuse(what: str, part: object) -> TokenizerError:
    return TokenizerError(f"tokenizer: {what} {part!r} is not supported; hardwire reads BPE tokenizers "
                          "of the Llama and GPT-2 kinds")


def _check(what: str, part: Json, **allowed: tuple[object, ...]) -> None:
    """Refuse a setting that would change the result in a way nobody wrote."""
    for name, values in allowed.items():
        if part.get(name) not in values:
            raise _refuse(f"{what} with {name}", part.get(name))


class TextCodec:
    """A tokenizer from a parsed ``tokenizer.json``."""

    def __init__(self, data: Json) -> None:
        try:
            self._read(data)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise TokenizerError(f"tokenizer: malformed data ({type(error).__name__}: {error}); export it again"
                                 ) from error

    def _read(self, data: Json) -> None:
        for name in ("truncation", "padding"):
            if data.get(name) is not None:
                raise _refuse("the setting", name)
        model = data["model"]
        if model.get("type", "BPE") != "BPE" or "merges" not in model:
            raise _refuse("the model", model.get("type"))
        _check("BPE", model, dropout=(None, 0.0), continuing_subword_prefix=(None, ""), end_of_word_suffix=(None, ""))
        self._model = _Bpe(model)
        self._added = _Added(data.get("added_tokens") or [], data.get("normalizer") is not None)
        self._normalize = _normalizer(data.get("normalizer"))
        self._split = _pre_tokenizer(data.get("pre_tokenizer"))
        self._before, self._after = _template(data.get("post_processor"))
        self._decode = _decoder(data.get("decoder"))
        self._token_of = {index: token for token, index in self._model.vocab.items()}
        self._token_of.update({index: token for token, index in self._added.ids.items()})
        plain = (i for i, token in self._token_of.items() if token.isascii() and token.isalpha())
        self._anchor = next((i for i in plain if i not in self._added.special), None)

    def encode(self, text: str, unknown: Literal["refuse", "unk"] = "refuse") -> list[int]:
        """Token ids, with the start token if the tokenizer's template has one.

        A character the tokenizer cannot spell raises PromptError, or becomes its unknown token.
        """
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise PromptError(f"prompt: character {error.start} is a lone surrogate, which no text has") from error
        ids = list(self._before)
        for start, segment, added in self._added.cut(text):
            if added is not None:
                ids.append(added)
            elif segment:
                pieces = self._split([(self._normalize(segment), start == 0)])
                for piece in pieces:
                    ids += self._model.encode(piece[0], lambda letter: self._unknown(letter, text, unknown))
        return ids + self._after

    def _unknown(self, letter: str, text: str, unknown: str) -> None:
        if unknown != "unk" or self._model.unk is None:
            raise PromptError(f"prompt: character {letter!r} at offset {max(text.find(letter), 0)} is not in the "
                              "model's vocabulary; remove or replace it")

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; special tokens are left out."""
        return self._decode(self._plain(ids))

    def _plain(self, ids: Iterable[int]) -> list[str]:
        """Tokens that become text: known ones, and none of the special ones."""
        return [self._token_of[i] for i in ids if i in self._token_of and i not in self._added.special]

    def stream(self, ids: Iterable[int] = ()) -> Stream:
        """Decode what follows ``ids`` (a prompt) token by token."""
        return Stream(self, ids)

    def _bytes(self, ids: list[int]) -> bytes:
        """The bytes that tokens stand for, as far as they stand for bytes at all."""
        result = b""
        for token in self._plain(ids):
            match = _BYTE_TOKEN.fullmatch(token)
            if self._decode.byte_level:
                result += bytes(_BYTE_OF_LETTER.get(letter, 0x3F) for letter in token)
            else:
                result += bytes([int(match[1], 16)]) if match and self._decode.byte_fallback else token.encode()
        return result


class Stream:
    """Printable text, token by token: the pieces of valid text add up to the text of all tokens.

    Bytes of an unfinished character are held back until it is complete, or cannot become one.
    """

    def __init__(self, codec: TextCodec, ids: Iterable[int] = ()) -> None:
        self._codec = codec
        self._started = bool(codec._plain(ids))
        self._held: list[int] = []

    def feed(self, token: int) -> str:
        """What can be printed after this token; maybe nothing."""
        self._held.append(token)
        incomplete = codecs.getincrementaldecoder("utf-8")()
        try:
            incomplete.decode(self._codec._bytes(self._held))
            if incomplete.getstate()[0]:
                return ""
        except UnicodeDecodeError:
            pass  # it will never be complete: print the replacement character
        return self.flush()

    def flush(self) -> str:
        """What was held back, complete or not."""
        anchor = self._codec._anchor
        lead = [anchor] if self._started and anchor is not None else []  # only the first word loses its space
        text = self._codec.decode(lead + self._held)[len(self._codec.decode(lead)) :]
        self._started = self._started or bool(self._codec._plain(self._held))
        self._held = []
        return text


# ---------------------------------------------------------------------------------------------------
# Added tokens, model, template.


class _Added:
    """Tokens that are cut out of the text before anything else, longest first."""

    def __init__(self, tokens: list[Json], normalizes: bool) -> None:
        self.ids: dict[str, int] = {}
        self.special: set[int] = set()
        self._strip: dict[str, tuple[bool, bool]] = {}
        for token in tokens:
            content, index = str(token["content"]), int(token["id"])
            _check("an added token", token, single_word=(None, False))
            if normalizes and token.get("normalized", False):
                raise _refuse("an added token behind the normalizer,", content)
            self.ids[content] = index
            self._strip[content] = bool(token.get("lstrip")), bool(token.get("rstrip"))
            if token.get("special"):
                self.special.add(index)
        names = sorted((name for name in self.ids if name), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, names))) if names else None

    def cut(self, text: str) -> Iterator[tuple[int, str, int | None]]:
        """(start, text, None) and (start, token, id), in order."""
        at = 0
        for match in self._pattern.finditer(text) if self._pattern else ():
            start, stop = match.span()
            left, right = self._strip[match[0]]
            while left and start > at and text[start - 1].isspace():
                start -= 1
            while right and stop < len(text) and text[stop].isspace():
                stop += 1
            if match.start() >= at:
                yield at, text[at:start], None
                yield start, match[0], self.ids[match[0]]
                at = stop
        yield at, text[at:], None


class _Bpe:
    """Byte-pair encoding (Sennrich et al., 2016): always the earliest learned merge, leftmost first."""

    def __init__(self, model: Json) -> None:
        self.vocab: dict[str, int] = {str(token): int(index) for token, index in model["vocab"].items()}
        self._byte_fallback = bool(model.get("byte_fallback"))
        self._fuse = bool(model.get("fuse_unk"))
        self._whole = bool(model.get("ignore_merges"))
        self.unk = None if model.get("unk_token") is None else self.vocab.get(model["unk_token"])
        self._merges: dict[tuple[int, int], tuple[int, int]] = {}
        for rank, merge in enumerate(model["merges"]):
            left, right = merge.split(" ", 1) if isinstance(merge, str) else merge
            if left not in self.vocab or right not in self.vocab or left + right not in self.vocab:
                raise TokenizerError(f"tokenizer: merge {rank} of {left!r} and {right!r} is not in the vocabulary")
            self._merges[self.vocab[left], self.vocab[right]] = rank, self.vocab[left + right]

    def encode(self, piece: str, unknown: Callable[[str], None]) -> list[int]:
        if self._whole and piece in self.vocab:
            return [self.vocab[piece]]
        ids: list[int] = []
        pending = False  # an unknown token not written yet: a run of them may become one
        for letter in piece:
            if letter in self.vocab:
                ids += [self.unk] if pending and self.unk is not None else []
                ids.append(self.vocab[letter])
                pending = False
                continue
            fallback = [self.vocab.get(f"<0x{byte:02X}>") for byte in letter.encode()] if self._byte_fallback else [None]
            if None not in fallback:
                ids += [index for index in fallback if index is not None]
                continue
            unknown(letter)
            ids += [self.unk] if pending and not self._fuse and self.unk is not None else []
            pending = True
        return self._merge(ids + ([self.unk] if pending and self.unk is not None else []))

    def _merge(self, ids: list[int]) -> list[int]:
        """Merge with a heap of candidate pairs and a linked list of what is left."""
        after = [*range(1, len(ids) + 1)]
        before = [*range(-1, len(ids) - 1)]
        heap: list[tuple[int, int, int, int]] = []

        def offer(left: int) -> None:
            right = after[left] if left >= 0 else len(ids)
            if right < len(ids) and (found := self._merges.get((ids[left], ids[right]))) is not None:
                heapq.heappush(heap, (found[0], left, ids[left], ids[right]))

        for position in range(len(ids)):
            offer(position)
        while heap:
            _, left, first, second = heapq.heappop(heap)
            right = after[left]
            if ids[left] != first or right >= len(ids) or ids[right] != second:
                continue  # one side has been merged meanwhile
            ids[left], ids[right] = self._merges[first, second][1], -1
            after[left] = after[right]
            if after[right] < len(ids):
                before[after[right]] = left
            offer(before[left])
            offer(left)
        return [index for index in ids if index >= 0]


def _template(part: Json | None) -> tuple[list[int], list[int]]:
    """Ids in front of and behind the text."""
    if part is None or part["type"] == "ByteLevel":
        return [], []
    if part["type"] == "Sequence":
        before: list[int] = []
        after: list[int] = []
        for each in part["processors"]:
            first, last = _template(each)
            before, after = first + before, after + last
        return before, after
    if part["type"] != "TemplateProcessing":
        raise _refuse("the post-processor", part["type"])
    sides: tuple[list[int], list[int]] = [], []
    side = 0
    for item in part["single"]:
        if "Sequence" in item:
            side += 1
        else:
            sides[min(side, 1)].extend(part["special_tokens"][item["SpecialToken"]["id"]]["ids"])
    if side != 1:
        raise _refuse("a template whose number of texts is", side)
    return sides


# ---------------------------------------------------------------------------------------------------
# Normalizers and pre-tokenizers.


def _literal(what: str, part: Json) -> str:
    if "String" not in part["pattern"]:
        raise _refuse(f"{what} of a pattern", part["pattern"])
    return str(part["pattern"]["String"])


def _normalizer(part: Json | None) -> Callable[[str], str]:
    if part is None:
        return lambda text: text
    if part["type"] == "Sequence":
        steps = [_normalizer(each) for each in part["normalizers"]]
        return lambda text: _chain(steps, text)
    if part["type"] == "Prepend":
        prefix = str(part["prepend"])
        return lambda text: prefix + text if text else text
    if part["type"] == "Replace":
        old, new = _literal("normalizer Replace", part), str(part["content"])
        return lambda text: text.replace(old, new)
    raise _refuse("the normalizer", part["type"])


def _chain(steps: list[Callable[[Any], Any]], value: Any) -> Any:
    for step in steps:
        value = step(value)
    return value


def _pre_tokenizer(part: Json | None) -> Callable[[Pieces], Pieces]:
    if part is None:
        return lambda pieces: pieces
    if part["type"] == "Sequence":
        steps = [_pre_tokenizer(each) for each in part["pretokenizers"]]
        return lambda pieces: _chain(steps, pieces)
    if part["type"] == "Metaspace":
        return _metaspace(part)
    if part["type"] == "ByteLevel":
        return _byte_level(part)
    if part["type"] == "Digits":
        pattern = r"\p{N}" if part.get("individual_digits") else r"\p{N}+"
        return lambda pieces: _cut(pieces, pattern, "Isolated", False)
    if part["type"] == "Split":
        pattern = part["pattern"].get("Regex") or re.escape(_literal("Split", part))
        _check("pre-tokenizer Split", part, behavior=("Isolated", "Removed", "MergedWithNext", "MergedWithPrevious"))
        _unicode(pattern, "")
        return lambda pieces: _cut(pieces, pattern, part["behavior"], bool(part.get("invert")))
    raise _refuse("the pre-tokenizer", part["type"])


def _metaspace(part: Json) -> Callable[[Pieces], Pieces]:
    mark, scheme = str(part["replacement"]), part.get("prepend_scheme", "always")
    _check("Metaspace", {"prepend_scheme": scheme}, prepend_scheme=("first", "always", "never"))

    def run(pieces: Pieces) -> Pieces:
        done: Pieces = []
        for text, first in pieces:
            text = text.replace(" ", mark)
            if text and not text.startswith(mark) and (scheme == "always" or (scheme == "first" and first)):
                text = mark + text
            done.append((text, first))
        return _cut(done, re.escape(mark), "MergedWithNext", False) if part.get("split", True) else done

    return run


def _byte_level(part: Json) -> Callable[[Pieces], Pieces]:
    def run(pieces: Pieces) -> Pieces:
        if part.get("add_prefix_space", True):
            pieces = [(" " + t if t and not t.startswith(" ") else t, first) for t, first in pieces]
        if part.get("use_regex", True):
            pieces = _cut(pieces, _GPT2, "Isolated", False)
        return [("".join(_LETTER_OF_BYTE[byte] for byte in text.encode()), first) for text, first in pieces]

    return run


def _cut(pieces: Pieces, pattern: str, behavior: str, invert: bool) -> Pieces:
    """Cut pieces where ``pattern`` matches; ``behavior`` says where the match itself goes."""
    done: Pieces = []
    for text, first in pieces:
        parts: list[tuple[str, bool]] = []  # text, is a separator
        at = 0
        for match in _unicode(pattern, text).finditer(text):
            parts += [(text[at : match.start()], invert), (match[0], not invert)]
            at = match.end()
        parts = [part for part in (*parts, (text[at:], invert)) if part[0]]
        for index, piece in enumerate(_join(parts, behavior)):
            done.append((piece, first and index == 0))
    return done


def _join(parts: list[tuple[str, bool]], behavior: str) -> list[str]:
    result: list[str] = []
    glue = False  # the piece before wants to be continued
    for text, separator in parts:
        if separator and behavior == "Removed":
            continue
        if behavior == "MergedWithNext" and glue and not separator:
            result[-1] += text
        elif behavior == "MergedWithPrevious" and separator and glue:
            result[-1] += text
        else:
            result.append(text)
        glue = separator if behavior == "MergedWithNext" else not separator
    return result


def _unicode(pattern: str, text: str) -> re.Pattern[str]:
    r"""``re`` knows neither \p{L} nor Unicode's \s: spell the classes with the characters of ``text``."""
    result, inside, at = "", False, 0
    letters = sorted(set(text))
    while at < len(pattern):
        token = re.compile(r"\\[pP]\{(\w+)\}|\\.|.", re.DOTALL).match(pattern, at)
        assert token is not None
        at, spelled = token.end(), token[0]
        if token[1] is not None or spelled in (r"\s", r"\S"):
            members = _SPACE if token[1] is None else "".join(
                re.escape(c) for c in letters if unicodedata.category(c).startswith(token[1]))
            negated = spelled[1] in "PS"
            if negated and inside:
                raise _refuse("a Split pattern with a negated class inside a class", pattern)
            members += _NEVER
            spelled = members if inside else f"[{'^' if negated else ''}{members}]"
        elif spelled in "[]":
            inside = spelled == "["
        result += spelled
    try:
        return re.compile(result)
    except re.error as error:
        raise _refuse(f"a Split pattern ({error})", pattern) from error


# ---------------------------------------------------------------------------------------------------
# Decoders.


class _Decoder:
    """Steps from tokens to text."""

    def __init__(self, steps: list[Callable[[list[str]], list[str]]], kinds: set[str], glue: str) -> None:
        self._steps, self._glue = steps, glue
        self.byte_level, self.byte_fallback = "ByteLevel" in kinds, "ByteFallback" in kinds

    def __call__(self, tokens: list[str]) -> str:
        return self._glue.join(_chain(self._steps, tokens))


def _decoder(part: Json | None) -> _Decoder:
    if part is None:
        return _Decoder([], set(), " ")
    parts = _flat(part)
    return _Decoder([_decode_step(each) for each in parts], {each["type"] for each in parts}, "")


def _flat(part: Json) -> list[Json]:
    return [step for each in part["decoders"] for step in _flat(each)] if part["type"] == "Sequence" else [part]


def _decode_step(part: Json) -> Callable[[list[str]], list[str]]:
    kind = part["type"]
    if kind == "Replace":
        old, new = _literal("decoder Replace", part), str(part["content"])
        return lambda tokens: [token.replace(old, new) for token in tokens]
    if kind == "Fuse":
        return lambda tokens: ["".join(tokens)]
    if kind == "ByteFallback":
        return _join_bytes
    if kind == "Strip":
        return lambda tokens: [_strip(t, str(part["content"]), int(part["start"]), int(part["stop"])) for t in tokens]
    if kind == "Metaspace":
        mark = str(part["replacement"])
        first = " " if part.get("prepend_scheme", "always") == "never" else ""
        return lambda tokens: [t.replace(mark, " " if index else first) for index, t in enumerate(tokens)]
    if kind == "ByteLevel":
        return lambda tokens: [b"".join(map(_letters_to_bytes, tokens)).decode(errors="replace")]
    raise _refuse("the decoder", kind)


def _letters_to_bytes(token: str) -> bytes:
    known = all(letter in _BYTE_OF_LETTER for letter in token)
    return bytes(_BYTE_OF_LETTER[letter] for letter in token) if known else token.encode()


def _strip(token: str, content: str, start: int, stop: int) -> str:
    left = next((i for i in range(min(start, len(token))) if token[i] != content), min(start, len(token)))
    right = len(token)
    while right > left and len(token) - right < stop and token[right - 1] == content:
        right -= 1
    return token[left:right]


def _join_bytes(tokens: list[str]) -> list[str]:
    """Runs of byte tokens become their characters, or one replacement character per byte."""
    result: list[str] = []
    run = b""
    for token in [*tokens, ""]:
        match = _BYTE_TOKEN.fullmatch(token)
        if match:
            run += bytes([int(match[1], 16)])
            continue
        if run:
            try:
                result.append(run.decode())
            except UnicodeDecodeError:
                result += ["\ufffd"] * len(run)
            run = b""
        result.append(token)
    return result[:-1]
