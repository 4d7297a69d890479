# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Small tokenizers of every kind that people have, made with the ``tokenizers`` library."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tokenizer_texts import CORPUS
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

N, P, D, Q = normalizers, pre_tokenizers, decoders, processors
LETTERS = P.ByteLevel.alphabet()
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]

# As the models' files have them.
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
GPT4 = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
KIMI = (
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BLOOM = r" ?[^(\s|[.,!?…。，、।۔،])]+"
CLIP = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def _bpe(model: models.BPE | None = None, **parts: Any) -> Tokenizer:
    return _with(Tokenizer(model or models.BPE()), **parts)


def _with(made: Tokenizer, **parts: Any) -> Tokenizer:
    for name, part in parts.items():
        setattr(made, name, part)
    return made


def _trained(
    made: Tokenizer, vocab: int = 600, special: tuple[str, ...] = (), letters: Any = (), **more: Any
) -> Tokenizer:
    options = {"vocab_size": vocab, "special_tokens": list(special), "show_progress": False} | more
    trainer: Any = trainers.BpeTrainer(initial_alphabet=list(letters), **options)
    if isinstance(made.model, models.WordPiece):
        trainer = trainers.WordPieceTrainer(**options)
    if isinstance(made.model, models.WordLevel):
        trainer = trainers.WordLevelTrainer(**options)
    if isinstance(made.model, models.Unigram):
        trainer = trainers.UnigramTrainer(unk_token=special[0], **options)
    made.train_from_iterator(CORPUS, trainer)
    return made


def _edited(made: Tokenizer, change: Callable[[dict[str, Any]], None]) -> Tokenizer:
    data = json.loads(made.to_str())
    change(data)
    return Tokenizer.from_str(json.dumps(data))


def byte_level(*before: Any, normalizer: Any = None, **options: Any) -> Tokenizer:
    """The GPT-2 kind; ``before`` splits in front of the byte alphabet, in place of GPT-2's pattern."""
    last = P.ByteLevel(add_prefix_space=False, use_regex=not before)
    made = _bpe(pre_tokenizer=P.Sequence([*before, last]) if before else last, decoder=D.ByteLevel())
    made.normalizer, made.post_processor = normalizer, Q.ByteLevel(trim_offsets=False)
    special = ("<|endoftext|>", "<|im_start|>")
    return _trained(made, 600, special, LETTERS, **options)


def normal(normalizer: Any) -> Tokenizer:
    """Every byte of the normalised text is a token."""
    made = _bpe(models.BPE({letter: i for i, letter in enumerate(sorted(LETTERS))}, []))
    return _with(made, normalizer=normalizer, pre_tokenizer=P.ByteLevel(False, False, False), decoder=D.ByteLevel())


def cuts(*before: Any) -> Tokenizer:
    """Every byte is a token, the last one of a piece another: ids show where a text is cut."""
    letters = sorted(LETTERS)
    vocab = {letter: i for i, letter in enumerate([*letters, *(letter + "</w>" for letter in letters)])}
    made = _bpe(models.BPE(vocab, [], end_of_word_suffix="</w>"))
    return _with(made, pre_tokenizer=P.Sequence([*before, P.ByteLevel(False, False, False)]))


# ---------------------------------------------------------------------------------------------------
# As models ship them.


def _llama2() -> Tokenizer:
    made = _bpe(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.normalizer = N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")])
    made.decoder = D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])
    made.post_processor = Q.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    made = _trained(made, 700, ("<unk>", "<s>", "</s>", *BYTES))
    return _edited(made, lambda data: data.update(added_tokens=data["added_tokens"][:3]))


def _mistral() -> Tokenizer:
    made = _llama2()
    made.normalizer, made.pre_tokenizer = None, P.Metaspace(prepend_scheme="first", split=False)
    return made


def _gemma() -> Tokenizer:
    made = _bpe(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.normalizer, made.pre_tokenizer = N.Replace(" ", "▁"), P.Split(" ", "merged_with_previous")
    made.decoder = D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse()])
    made.post_processor = Q.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    made = _trained(made, 700, ("<unk>", "<s>", "</s>", *BYTES))
    return _edited(made, lambda data: data.update(added_tokens=data["added_tokens"][:3]))


def _qwen() -> Tokenizer:
    made = byte_level(P.Split(Regex(QWEN), "isolated"), normalizer=N.NFC())
    made.add_tokens([AddedToken("<s>", special=False, normalized=False)])
    return made


def _gpt_neox() -> Tokenizer:
    made = byte_level(normalizer=N.NFC())
    made.add_tokens([AddedToken("  ", normalized=True), AddedToken("   ", normalized=True)])
    return made


def _llama3() -> Tokenizer:
    made = byte_level(P.Split(Regex(LLAMA3), "isolated"))
    start = Q.TemplateProcessing(single="<|im_start|> $A", special_tokens=[("<|im_start|>", 1)])
    made.post_processor = Q.Sequence([Q.ByteLevel(trim_offsets=False), start])
    return _edited(made, lambda data: data["model"].update(ignore_merges=True))


def _deepseek() -> Tokenizer:
    ideographs = Regex("[一-龥\u0800-一가-\ud7ff]+")
    return byte_level(
        P.Split(Regex(r"\p{N}{1,3}"), "isolated"), P.Split(ideographs, "isolated"), P.Split(Regex(DEEPSEEK), "isolated")
    )


def _cohere() -> Tokenizer:
    made = byte_level(P.Digits(individual_digits=True), P.ByteLevel(False, True, True), normalizer=N.NFC())
    parts = P.Sequence([P.Digits(individual_digits=True), P.ByteLevel(False, True, True)])
    made.post_processor = Q.TemplateProcessing(single="<|im_start|> $A", special_tokens=[("<|im_start|>", 1)])
    return _with(made, pre_tokenizer=parts)


def _falcon() -> Tokenizer:
    three = P.Split(Regex("[0-9][0-9][0-9]"), "isolated")
    return byte_level(P.Punctuation("contiguous"), P.ByteLevel(False, True, True), P.Digits(False), three)


def _bert(cased: bool = False) -> Tokenizer:
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = N.BertNormalizer(lowercase=not cased), P.BertPreTokenizer()
    made.decoder = D.WordPiece(cleanup=True)
    made = _trained(made, 500, ("[UNK]", "[CLS]", "[SEP]", "[MASK]"))
    ends = [("[CLS]", 1), ("[SEP]", 2)]
    made.post_processor = Q.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    return _with(made, post_processor=Q.BertProcessing(("[SEP]", 2), ("[CLS]", 1))) if cased else made


def _roberta() -> Tokenizer:
    made = _bpe(pre_tokenizer=P.ByteLevel(add_prefix_space=True), decoder=D.ByteLevel())
    made = _trained(made, 600, ("<s>", "</s>", "<unk>"), LETTERS)
    made.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    return _with(made, post_processor=Q.RobertaProcessing(("</s>", 1), ("<s>", 0)))


def _clip() -> Tokenizer:
    made = _bpe(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix=""))
    made.normalizer = N.Sequence([N.NFC(), N.Replace(Regex(r"\s+"), " "), N.Lowercase()])
    made.pre_tokenizer = P.Sequence([P.Split(Regex(CLIP), "removed", invert=True), P.ByteLevel(add_prefix_space=False)])
    made.decoder = D.ByteLevel()
    made = _trained(made, 900, ("<|im_start|>", "<|endoftext|>"), LETTERS, end_of_word_suffix="</w>")
    return _with(made, post_processor=Q.RobertaProcessing(("<|endoftext|>", 1), ("<|im_start|>", 0), False, False))


def _gpt1() -> Tokenizer:
    made = _bpe(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    made.normalizer, made.pre_tokenizer, made.decoder = N.BertNormalizer(), P.BertPreTokenizer(), D.BPEDecoder("</w>")
    return _trained(made, 500, ("<unk>",), end_of_word_suffix="</w>")


def unigram(byte_fallback: bool = False, scheme: str = "always") -> Tokenizer:
    made = Tokenizer(models.Unigram())
    made.normalizer = N.Sequence([N.Replace(Regex(" {2,}"), " "), N.NFKC()])
    made.pre_tokenizer, made.decoder = P.Metaspace(prepend_scheme=scheme), D.Metaspace(prepend_scheme=scheme)
    made = _trained(made, 300, ("<unk>", "<s>", "</s>"))
    made.post_processor = Q.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    if not byte_fallback:
        return made
    made.decoder = D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])

    def change(data: dict[str, Any]) -> None:
        data["model"]["byte_fallback"] = True
        data["model"]["vocab"] += [[token, -20.0] for token in BYTES]

    return _edited(made, change)


def _words(pre: Any, model: Any = None) -> Tokenizer:
    made = Tokenizer(model or models.WordLevel(unk_token="<unk>"))
    made.pre_tokenizer = pre
    return _trained(made, 150, ("<unk>", "[UNK]"))


def _characters() -> Tokenizer:
    made = Tokenizer(models.WordLevel(unk_token="<unk>"))
    made.pre_tokenizer, made.decoder = P.Split("", "isolated"), D.Fuse()
    return _trained(made, 200, ("<unk>", "<s>"))


def _characters_bpe() -> Tokenizer:
    letters = sorted({letter for line in CORPUS for letter in line})
    return _bpe(models.BPE({letter: i for i, letter in enumerate(letters)}, []), decoder=D.Fuse())


def _prefixed() -> Tokenizer:
    made = _bpe(models.BPE(unk_token="<unk>", continuing_subword_prefix="##"), pre_tokenizer=P.Whitespace())
    made.decoder = D.WordPiece(cleanup=False)
    return _trained(made, 400, ("<unk>",), continuing_subword_prefix="##")


def _added(normalizer: Any) -> Tokenizer:
    made = byte_level(normalizer=normalizer)
    special = [
        AddedToken("<left>", lstrip=True),
        AddedToken("<right>", rstrip=True),
        AddedToken("<mask>", lstrip=True, rstrip=True),
        AddedToken("[MASK]", single_word=True),
    ]
    made.add_special_tokens(special)
    words = [
        AddedToken("word", single_word=True),
        AddedToken("Éclair"),
        AddedToken("Lily", normalized=False),
        AddedToken("<s>"),
        AddedToken("Straßen", lstrip=True, rstrip=True),
        AddedToken("<s><s>", normalized=False),
        AddedToken("a  b", normalized=True),
    ]
    made.add_tokens(words)
    return made


def _metaspace(scheme: str, split: bool) -> Tokenizer:
    made = _bpe(
        models.BPE(unk_token="<unk>", fuse_unk=split), pre_tokenizer=P.Metaspace(prepend_scheme=scheme, split=split)
    )
    made.decoder = D.Metaspace(prepend_scheme=scheme, split=split)
    made.post_processor = Q.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return _trained(made, 300, ("<unk>", "<s>", "</s>"))


def split(pattern: str, behavior: str = "isolated", invert: bool = False) -> Tokenizer:
    return cuts(P.Split(Regex(pattern), behavior, invert))


NORMAL: dict[str, Callable[[], Tokenizer]] = {
    "NFC": lambda: normal(N.NFC()),
    "NFD": lambda: normal(N.NFD()),
    "NFKC": lambda: normal(N.NFKC()),
    "NFKD": lambda: normal(N.NFKD()),
    "Lowercase": lambda: normal(N.Lowercase()),
    "Strip": lambda: normal(N.Strip()),
    "Strip, left": lambda: normal(N.Strip(left=True, right=False)),
    "Strip, right": lambda: normal(N.Strip(left=False, right=True)),
    "StripAccents": lambda: normal(N.StripAccents()),
    "Replace of a string": lambda: normal(N.Replace("a", "bb")),
    "Replace of a pattern": lambda: normal(N.Replace(Regex(r"\s+|[\p{P}&&[^.]]{2,}"), "_")),
    "Prepend": lambda: normal(N.Prepend("▁")),
    "ByteLevel": lambda: _with(normal(N.ByteLevel()), pre_tokenizer=None),
    "BertNormalizer": lambda: normal(N.BertNormalizer()),
    "BertNormalizer, cased": lambda: normal(N.BertNormalizer(lowercase=False)),
    "BertNormalizer, accents alone": lambda: normal(N.BertNormalizer(False, False, True, False)),
    "BertNormalizer, cleaning alone": lambda: normal(N.BertNormalizer(True, True, False, False)),
    "NFD, StripAccents, Lowercase": lambda: normal(N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase()])),
    "NFKC, Strip, Replace, Prepend": lambda: normal(
        N.Sequence([N.NFKC(), N.Sequence([N.Strip(), N.Replace(Regex(r"\s+"), " ")]), N.Prepend(" ")])
    ),
}
CUT: dict[str, Callable[[], Tokenizer]] = {
    "none": cuts,
    "Whitespace": lambda: cuts(P.Whitespace()),
    "WhitespaceSplit": lambda: cuts(P.WhitespaceSplit()),
    "BertPreTokenizer": lambda: cuts(P.BertPreTokenizer()),
    "Digits": lambda: cuts(P.Digits()),
    "Digits, individual": lambda: cuts(P.Digits(individual_digits=True)),
    "CharDelimiterSplit": lambda: cuts(P.CharDelimiterSplit("e")),
    "FixedLength": lambda: cuts(P.FixedLength(3)),
    **{
        f"Punctuation, {behavior}": lambda behavior=behavior: cuts(P.Punctuation(behavior))
        for behavior in ("isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous")
    },
    "Split of a string": lambda: cuts(P.Split("e", "merged_with_next")),
    "Split of nothing": lambda: cuts(P.Split("", "isolated")),
    **{
        f"Split, {behavior}{', inverted' if invert else ''}": lambda behavior=behavior, invert=invert: split(
            r"\p{L}|\d+", behavior, invert
        )
        for behavior in ("isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous")
        for invert in (False, True)
    },
    "Metaspace, always": lambda: cuts(P.Metaspace(prepend_scheme="always")),
    "Metaspace, first": lambda: cuts(P.Digits(), P.Metaspace(prepend_scheme="first")),
    "Metaspace, never, unsplit": lambda: cuts(P.Metaspace(prepend_scheme="never", split=False), P.WhitespaceSplit()),
    "Metaspace, first, behind WhitespaceSplit": lambda: cuts(P.WhitespaceSplit(), P.Metaspace(prepend_scheme="first")),
    "ByteLevel, prefix": lambda: cuts(P.ByteLevel(add_prefix_space=True, use_regex=True)),
    "ByteLevel, prefix, no pattern": lambda: cuts(P.ByteLevel(add_prefix_space=True, use_regex=False)),
    "ByteLevel": lambda: cuts(P.ByteLevel(add_prefix_space=False, use_regex=True)),
    "Sequence": lambda: cuts(P.Sequence([P.WhitespaceSplit(), P.Sequence([P.Punctuation(), P.Digits(True)])])),
}
PATTERNS: dict[str, Callable[[], Tokenizer]] = {
    "GPT-2": lambda: split(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
    "Qwen 2": lambda: split(QWEN),
    "Llama 3": lambda: split(LLAMA3),
    "GPT-4 (cl100k)": lambda: split(GPT4),
    "GPT-4o (o200k)": lambda: split(GPT4O),
    "DeepSeek V3": lambda: split(DEEPSEEK),
    "Kimi K2": lambda: split(KIMI),
    "BLOOM": lambda: split(BLOOM),
    "CLIP": lambda: split(CLIP, "removed", True),
    "digits from the right": lambda: split(r"\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))"),
    "looks, lines, atoms": lambda: split(
        r"^\w{1,2}|(?<=[aeiou])[^\W\d]|(?<!\s)\s(?>a+|ab)|.$|[\w-]+?-|\S*+!|\d{2,3}?\D|(?i:x{2}+y)"
    ),
    "classes": lambda: split(r"[\x41-\u005A&&[^AEIOU]]{2,}|[^\s\P{L}]{3}|[\[\]\-^]|\p{^Lu}\p{Lu}|(?i:[a-k]s|kelvin)"),
}
SHIPPED: dict[str, Callable[[], Tokenizer]] = {
    "GPT-2": byte_level,
    "GPT-NeoX, Pythia": _gpt_neox,
    "Qwen 2 and 3": _qwen,
    "Llama 2, TinyLlama": _llama2,
    "Mistral": _mistral,
    "Llama 3": _llama3,
    "Gemma": _gemma,
    "Cohere": _cohere,
    "DeepSeek V3": _deepseek,
    "GPT-4 (cl100k)": lambda: byte_level(P.Split(Regex(GPT4), "isolated")),
    "GPT-4o (o200k)": lambda: byte_level(P.Split(Regex(GPT4O), "isolated")),
    "Kimi K2": lambda: byte_level(P.Split(Regex(KIMI), "isolated")),
    "StarCoder, SmolLM": lambda: byte_level(P.Digits(individual_digits=True), P.ByteLevel(False, True, True)),
    "Falcon": _falcon,
    "BLOOM": lambda: byte_level(P.Split(Regex(BLOOM), "isolated")),
    "BERT, uncased": _bert,
    "BERT, cased": lambda: _bert(cased=True),
    "RoBERTa": _roberta,
    "CLIP": _clip,
    "GPT (of 2018)": _gpt1,
    "this project's own": lambda: _metaspace("first", True),
    "characters (WordLevel)": _characters,
    "characters (BPE)": _characters_bpe,
}
MODEL: dict[str, Callable[[], Tokenizer]] = {
    "BPE, unknown token": lambda: _metaspace("always", False),
    "BPE, unknown token fused": lambda: _metaspace("never", True),
    "BPE, continuing_subword_prefix": _prefixed,
    "BPE, byte fallback, not fused": lambda: _edited(_gemma(), lambda data: data["model"].update(fuse_unk=False)),
    "Unigram": unigram,
    "Unigram, first word marked": lambda: unigram(scheme="first"),
    "Unigram, byte fallback": lambda: unigram(byte_fallback=True),
    "WordPiece": lambda: _words(P.Whitespace(), models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=9)),
    "WordLevel": lambda: _words(P.Whitespace()),
    "added tokens": lambda: _added(None),
    "added tokens, NFC": lambda: _added(N.NFC()),
    "added tokens, NFKC and Lowercase": lambda: _added(N.Sequence([N.NFKC(), N.Lowercase()])),
    "added tokens, Prepend and Replace": lambda: _added(N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")])),
    "added tokens, BertNormalizer": lambda: _added(N.BertNormalizer()),
}
GROUPS = {
    "normalizer": NORMAL,
    "pre-tokenizer": CUT,
    "pattern": PATTERNS,
    "model, added tokens": MODEL,
    "as shipped": SHIPPED,
}
