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
from hardwire.errors import PromptError, TokenizerError
from hardwire.frontend.tokenizer import load_tokenizer

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
    with pytest.raises(PromptError, match="character 1 is a lone surrogate"):
        codec.encode("a\ud800")


BROKEN: dict[str, tuple[tuple[str, ...], object, str]] = {
    "model": (("model", "type"), "WordPiece", "the model 'WordPiece' is not supported"),
    "dropout": (("model", "dropout"), 0.1, "BPE with dropout 0.1 is not supported"),
    "suffix": (("model", "end_of_word_suffix"), "</w>", "BPE with end_of_word_suffix '</w>' is not"),
    "merge": (("model", "merges"), ["q zz"], "merge 0, 'q' 'zz', is not in the vocabulary"),
    "vocab": (("model", "vocab"), None, r"malformed data \(AttributeError"),
    "normalizer": (("normalizer",), {"type": "NFKC"}, "the normalizer 'NFKC' is not supported"),
    "pre-tokenizer": (("pre_tokenizer",), {"type": "Whitespace"}, "the pre-tokenizer 'Whitespace'"),
    "post-processor": (("post_processor",), {"type": "BertProcessing"}, "post-processor 'BertProcessing'"),
    "decoder": (("decoder",), {"type": "WordPiece"}, "the decoder 'WordPiece' is not supported"),
    "truncation": (("truncation",), {"max_length": 5}, "the setting 'truncation' is not supported"),
}


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
