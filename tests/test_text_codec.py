# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The standard-library tokenizer against the ``tokenizers`` library: same ids, same text, also streamed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from hardwire.driver.text import TextCodec
from hardwire.driver.text.patterns import Pattern
from hardwire.errors import PromptError, TokenizerError
from hardwire.frontend.tokenizer import load_tokenizer, tokenizer_of

pytestmark = pytest.mark.tools

CORPUS = 20 * ["Once upon a time there was a little girl named Lily. She don't like 12 bugs, he'll say über!"]
SPECIALS = ["<unk>", "<s>", "</s>"]
WORDS = (
    *"Once upon time, girl's don't we'll Lily 123 4567 x² ½ über naïve 日本語 😀 🇩🇪 e\u0301 Ⅷ !?".split(" "),
    *"<s> </s> <unk> <0x0A> ▁ ▁▁ \u00a0 \u3000 \x1c \ufffd".split(" "),
    *("\n", "\t", "\r\n", " ", "   "),
)
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _bos(name: str, index: int) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(single=f"{name} $A", special_tokens=[(name, index)])


def _trained(made: Tokenizer, vocab: int, **options: Any) -> Tokenizer:
    made.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=vocab, show_progress=False, **options))
    return made


def metaspace(scheme: str = "first", split: bool = True) -> Tokenizer:
    """The bundled model's kind."""
    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=split))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=split)
    made.decoder = decoders.Metaspace(prepend_scheme=scheme)
    made.post_processor = _bos("<s>", 1)
    return _trained(made, 120, special_tokens=SPECIALS)


def byte_fallback() -> Tokenizer:
    """The SentencePiece kind of Llama 2: unknown characters become bytes."""
    made = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    strip = decoders.Strip(" ", 1, 0)
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), strip]
    made.decoder = decoders.Sequence(steps)
    made.post_processor = _bos("<s>", 1)
    tokens = SPECIALS + [f"<0x{byte:02X}>" for byte in range(256)]
    data = json.loads(_trained(made, 420, special_tokens=tokens).to_str())
    data["added_tokens"] = data["added_tokens"][:3]
    return Tokenizer.from_str(json.dumps(data))


def byte_level(pre: Any = None) -> Tokenizer:
    """The GPT-2 kind; ``pre`` splits in front of the byte alphabet."""
    made = Tokenizer(models.BPE())
    last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pre is None)
    made.pre_tokenizer = last if pre is None else pre_tokenizers.Sequence([pre, last])
    made.decoder, made.post_processor = decoders.ByteLevel(), processors.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return _trained(made, 330, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet)


def words() -> Tokenizer:
    made = Tokenizer(models.WordLevel({"<unk>": 0, "the": 1}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


MAKERS: dict[str, Callable[[], Tokenizer]] = {
    "metaspace first": metaspace,
    "metaspace always": lambda: metaspace("always", split=False),
    "metaspace never": lambda: metaspace("never"),
    "byte fallback": byte_fallback,
    "byte level": byte_level,
    "digits": lambda: byte_level(pre_tokenizers.Digits(individual_digits=True)),
    "llama 3": lambda: byte_level(pre_tokenizers.Split(Regex(LLAMA3), "isolated")),
}


def texts(rng: random.Random, count: int = 150) -> Iterator[str]:
    yield from ["", " ", "  ", "a", " a", "<s>", "<s> a", " <s>a", "▁a", "\n", "a\n\nb  c ", "<|endoftext|>x"]
    for _ in range(count):
        yield "".join(rng.choice(WORDS) + rng.choice(["", " ", "  "]) for _ in range(rng.randint(1, 12)))


@pytest.mark.parametrize("kind", MAKERS)
def test_equal_to_the_library(kind: str) -> None:
    library, rng = MAKERS[kind](), random.Random(1)
    codec = TextCodec(json.loads(library.to_str()))
    for text in texts(rng):
        ids = library.encode(text).ids
        assert codec.encode(text, unknown="unk") == ids, text
        assert codec.decode(ids) == library.decode(ids), text
    for _ in range(150):  # sequences that no text gives
        ids = [rng.randrange(library.get_vocab_size() + 2) for _ in range(rng.randint(0, 15))]
        assert codec.decode(ids) == library.decode(ids), ids


@pytest.mark.parametrize("kind", MAKERS)
def test_stream_adds_up(kind: str) -> None:
    """Wherever a prompt ends, the pieces continue its text to the whole."""
    library, rng = MAKERS[kind](), random.Random(2)
    codec = TextCodec(json.loads(library.to_str()))
    for text in texts(rng, 60):
        ids = library.encode(text).ids
        for cut in (0, len(ids) // 2):
            lead = library.decode(ids[:cut])
            stream = codec.stream(ids[:cut])
            pieces = [stream.feed(index) for index in ids[cut:]]
            if "\ufffd" not in lead:  # a prompt that ends inside a character cannot be continued as text
                assert lead + "".join(pieces) + stream.flush() == library.decode(ids), (text, cut)


def test_stream_holds_bytes_back() -> None:
    codec = TextCodec(json.loads(byte_fallback().to_str()))
    stream = codec.stream(codec.encode("Once"))
    tokens = [3 + byte for byte in "é😀".encode()]
    assert [stream.feed(token) for token in tokens] == ["", "é", "", "", "", "😀"]
    assert stream.feed(3 + 0xE2) == ""
    assert stream.feed(3 + ord("a")) == "\ufffd\ufffd"  # the run is no text: the library says the same
    assert stream.feed(3 + 0xE2) == "" and stream.flush() == "\ufffd"


def test_merges_as_strings_and_ignore_merges() -> None:
    data = json.loads(byte_level().to_str())
    data["model"]["merges"] = [" ".join(merge) for merge in data["model"]["merges"]]
    data["model"]["ignore_merges"] = True
    library = Tokenizer.from_str(json.dumps(data))
    assert TextCodec(data).encode("Once upon a time") == library.encode("Once upon a time").ids


def test_unknown_character_is_named() -> None:
    codec = TextCodec(json.loads(metaspace().to_str()))
    with pytest.raises(PromptError, match="character '日' at offset 5 is not in the model's vocabulary"):
        codec.encode("Once 日本")
    assert codec.encode("Once 日本", unknown="unk").count(0) == 1
    with pytest.raises(PromptError, match="word 'zebra' at offset 4 is not in the model's vocabulary"):
        TextCodec(json.loads(words().to_str())).encode("the zebra")
    with pytest.raises(PromptError, match="character 1 is a lone surrogate"):
        codec.encode("a\ud800")


BROKEN: dict[str, tuple[tuple[str, ...], object, str]] = {
    "model": (("model", "type"), "Guess", "the model 'Guess' is not supported on a board; docs/tokenizers.md lists"),
    "dropout": (("model", "dropout"), 0.1, "BPE with dropout 0.1 is not supported"),
    "option": (("model", "lookahead"), 2, "the model BPE with lookahead 2 is not supported"),
    "merge": (("model", "merges"), ["q zz"], "merge 0, 'q' 'zz', is not in the vocabulary"),
    "vocab": (("model", "vocab"), None, r"malformed data \(AttributeError"),
    "normalizer": (("normalizer",), {"type": "Nmt"}, "the normalizer 'Nmt' is not supported"),
    "expansion": (
        ("normalizer",), {"type": "Replace", "pattern": {"Regex": "(a)b"}, "content": "$1"},
        r"the normalizer Replace of a pattern with content '\$1'",
    ),
    "nothing": (
        ("normalizer",), {"type": "Replace", "pattern": {"String": ""}, "content": "x"},
        "the normalizer Replace of a pattern '' is not",
    ),
    "first": (
        ("normalizer",), {"type": "Strip", "strip_left": True, "strip_right": True},
        "behind such a normalizer or pre-tokenizer, Metaspace with prepend_scheme 'first' is not",
    ),
    "pre-tokenizer": (("pre_tokenizer",), {"type": "UnicodeScripts"}, "the pre-tokenizer 'UnicodeScripts'"),
    "inner": (
        ("pre_tokenizer",), {"type": "Sequence", "pretokenizers": [{"type": "Rhyme"}]}, "the pre-tokenizer 'Rhyme'"
    ),
    "behavior": (
        ("pre_tokenizer",), {"type": "Punctuation", "behavior": "Doubled"}, "Punctuation with behavior 'Doubled'"
    ),
    "post-processor": (("post_processor",), {"type": "Sign"}, "the post-processor 'Sign'"),
    "two ends": (
        ("post_processor",),
        {"type": "Sequence", "processors": 2 * [{"type": "BertProcessing", "cls": ["a", 1], "sep": ["b", 2]}]},
        "more than one post-processor that adds tokens: 2",
    ),
    "decoder": (("decoder",), {"type": "CTC"}, "the decoder 'CTC' is not supported"),
    "decoder pattern": (
        ("decoder",), {"type": "Replace", "pattern": {"Regex": "a"}, "content": ""},
        "the decoder Replace with pattern 'Regex' is not",
    ),
    "across tokens": (
        ("decoder",),
        {
            "type": "Sequence",
            "decoders": [{"type": "Fuse"}, {"type": "Replace", "pattern": {"String": "ab"}, "content": ""}],
        },
        "behind Fuse, the decoder Replace of several characters, 'ab' is not",
    ),
    "added twice": (
        ("added_tokens",), 2 * [{"id": 1, "content": "<s>"}],
        "an added token that is empty, or there twice, '<s>' is not",
    ),
    "added option": (
        ("added_tokens",), [{"id": 1, "content": "<s>", "loud": 1}], "the added token '<s>' with loud 1 is"
    ),
    "truncation": (("truncation",), {"max_length": 5}, "the setting 'truncation' is not supported"),
}  # fmt: skip
PATTERNS = {
    r"a(b)\1": r"\\1 in the pattern",
    r"\bword": r"\\b in the pattern",
    r"(?<name>a)": r"'\(\?<n' in the pattern",
    r"(?i)a": r"'\(\?i\)' in the pattern",
    r"[[:alpha:]]": "a POSIX class in the pattern",
    r"\p{Greek}": r"\\p\{Greek\} in the pattern",
    r"(?i:é)": "'é' without case in the pattern",
    r"(?i:miss)": "'ss' without case in the pattern",
    r"(?i:\w)": r"\\w without case in the pattern",
    r"a*": "a pattern that can match nothing, 'a",
    r"a|": "a pattern that can match nothing, 'a",
    r"(?:a?)*b": "a repeat of what can match nothing in the pattern",
    r"a{2}?b": r"\{2\}\? in the pattern",
    r"(?i:\x73s)": "'ss' without case in the pattern",
    r"a{0,2}+b": "a repeat of what can match nothing in the pattern",
    r"a{2}{3}": "a repeat of a repeat in the pattern",
    r"+a": "a repeat of nothing in the pattern",
    r"(a": "a parenthesis without its end in the pattern",
    r"a)": "a closing parenthesis too many in the pattern",
    r"[a": "a class without its end in the pattern",
    r"[]a]": "an empty class, or a ] that begins one, in the pattern",
    r"[b-a]": "the range b-a in the pattern",
    r"[a-\s]": "a range without an end in the pattern",
    r"(?<=a+)b": r"a pattern \(look-behind requires fixed-width pattern\)",
    30 * "(" + "a" + 30 * ")": "more than 20 groups in each other in the pattern",
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_that_are_refused_are_named(pattern: str) -> None:
    with pytest.raises(TokenizerError, match=PATTERNS[pattern]):
        Pattern(pattern)


@pytest.mark.parametrize("case", BROKEN)
def test_unsupported_features_are_named(case: str) -> None:
    where, value, message = BROKEN[case]
    data = copy.deepcopy(json.loads(metaspace().to_str()))
    inner = data
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    with pytest.raises(TokenizerError, match=message):
        TextCodec(data)


# ---------------------------------------------------------------------------------------------------
# The host's tokenizer.


def test_host_tokenizer(tmp_path: Path) -> None:
    metaspace().save(str(tmp_path / "tokenizer.json"))
    host = load_tokenizer(tmp_path / "model.onnx", vocab=120)
    assert (host.specials.bos, host.specials.eos) == (1, (2,))
    text = "Once upon a time"
    ids, offsets = host.encode_with_offsets(text)
    assert host.story_ids(text) == [1, *ids] == TextCodec(host.data).encode(text)
    assert host.story_ids("<s>" + text)[:2] != [1, 1]
    assert (offsets[0][0], offsets[-1][1]) == (0, len(text))
    assert host.decode(host.story_ids(text)) == text


def test_host_tokenizer_refuses(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    with pytest.raises(TokenizerError, match="no such file; put the model's tokenizer.json there or"):
        load_tokenizer(tmp_path / "model.onnx")
    for content, message in ((b'{"model": ', "not JSON, or truncated"), (b"[1]", "it has no object 'model'"),
                             (b'{"model": {}}', "the tokenizers library refuses it")):  # fmt: skip
        file.write_bytes(content)
        with pytest.raises(TokenizerError, match=message):
            load_tokenizer(file)
    metaspace().save(str(file))
    with pytest.raises(TokenizerError, match=r"has id \d+, the model's vocabulary has 60; this tokenizer"):
        load_tokenizer(file, vocab=60)


def test_what_a_board_cannot_do_is_refused_with_the_file(tmp_path: Path) -> None:
    made = metaspace()
    made.pre_tokenizer = pre_tokenizers.UnicodeScripts()
    made.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(TokenizerError, match=r"tokenizer.json: tokenizer: the pre-tokenizer 'UnicodeScripts' is not"):
        load_tokenizer(tmp_path)


def test_truncation_and_padding_are_left_out(tmp_path: Path) -> None:
    made = metaspace()
    made.enable_truncation(3)
    made.enable_padding(length=9)
    made.save(str(tmp_path / "tokenizer.json"))
    host = load_tokenizer(tmp_path)
    assert (host.data["truncation"], host.data["padding"]) == (None, None)
    host.check_board(["Once upon a time there was"])


def test_a_board_that_says_other_ids_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metaspace().save(str(tmp_path / "tokenizer.json"))
    host = load_tokenizer(tmp_path)
    encode = TextCodec.encode
    monkeypatch.setattr(TextCodec, "encode", lambda self, text, unknown: [*encode(self, text, unknown)[:2], 7])
    with pytest.raises(
        TokenizerError, match=r"'Once upon' would become 3 tokens, by .* \d+; token 2 is 7, not \d+; please report"
    ):
        host.check_board(["Once upon"])


def test_the_start_token_of_bert_and_roberta() -> None:
    made = metaspace()
    for post in (
        processors.BertProcessing(("</s>", 2), ("<s>", 1)),
        processors.RobertaProcessing(("</s>", 2), ("<s>", 1)),
    ):
        made.post_processor = post
        assert tokenizer_of(json.loads(made.to_str()), "it").specials.bos == 1
