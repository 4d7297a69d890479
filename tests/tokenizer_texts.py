# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Texts to try tokenizers with: words, code points of every kind, and what is known to go wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator

CORPUS = [
    "Once upon a time there was a little girl named Lily. She didn't like 12 bugs; he'll say über, we're 3,456!",
    "The cat sat on the mat and looked at the 2 red balls. I'm sure they've done it, don't you think? 100% of them.",
    "Ein kleiner Fluß fließt durch das Tal, größer als Straßen. L'été à la façade: déjà vu, garçon naïve, ÉCOLE.",
    "Маленький кот живёт дома. İstanbul'da ılık bir gün. Ο μικρός σκύλος, ΣΟΦΟΣ. Việt Nam đẹp lắm ạ.",
    "小さな猫がいました。 今天天气很好！ 한국어 문장 하나. हिन्दी में एक वाक्य। สวัสดีครับ ภาษาไทย. שָׁלוֹם עולם. مرحبا بالعالم.",
    "for (int i = 0; i < 10; i++) {\n\tprintf(\"%d\\n\", x[i] + 1);\n}\n\n# comment  with   spaces\r\nend_of_file 0x1F",
] * 6  # fmt: skip
WORDS = sorted({word for line in CORPUS for word in line.split()})
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'LL", "'Re", "'\u017f", "'\u212a", "’s", "' s")
CASES = (
    "İ", "ı", "ß", "ẞ", "ſ", "Σ", "ς", "ΑΣ", "ǅ", "ﬃ", "ŉ", "ΐ", "K", "Å", "Ω", "Ⅷ", "ⓐ", "Ꭰ", "ꭰ", "Ა", "ა",
    "\U00010400",
)  # fmt: skip
SPACES = (
    *" \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u1680\u2002\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
    "  ", "\r\n", "   ",
)  # fmt: skip
JOINERS = (
    "\u200d", "\u200c", "\u200b", "\ufeff", "\u2060", "\u00ad", "\ufe0f", "\ufe0e", "\U000e0100", "\U000e0001",
    "\u034f",
)  # fmt: skip
DIRECTIONS = ("\u202e", "\u200f", "\u2067", "שלום", "مُحَمَّد", "ﷺ", "لا", "\u06dd", "\u0600")
EDGES = (
    "\ud7ff", "\ue000", "\uf8ff", "\ufffe", "\uffff", "\ufffd", "\ufdd0", "\x00", "\x7f", "\x80", "\U0001fffe",
    "\U0010ffff",
)  # fmt: skip
MARKS = (
    "\u0301", "\u0300", "\u0323", "\u0345", "\u0334", "\u0307", "\u0327", "\u05b0", "\u064b", "\u093c",
    "\u0e38", "\u0f71", "\u0f72", "\u3099", "\u20dd", "\u1dfa", "\u1ab0", "\u0898", "\U0001d165", "\U00011938",
    "\U00011930",
)  # fmt: skip
HANGUL = ("\u1100", "\u1161", "\u11a8", "\u11a7", "가", "각", "힣", "\ua960", "\ud7b0", "\ud7cb", "\u3131", "\uffa1")
EMOJI = ("😀", "👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "❤\ufe0f", "#\ufe0f\u20e3", "🏴\U000e0067\U000e007f")
NUMBERS = (
    "12", "4567", "²", "½", "Ⅷ", "٣", "１２", "\U0001d7ce", "৳", "①", "㊿", "\U00011de0", "\U00016ff4", "零",
    "3.14",
)  # fmt: skip
SHAPES = (
    "㍻", "㋿", "ﬁ", "ｶﾞ", "ガ", "Ａ", "™", "…", "¼", "\u212b", "\u2126", "\u0958", "\u2adc", "\U0002f800",
    "\U0001fbf0", "\uab69", "\u0958\u093c", "e\u0301", "é", "ậ", "a\u0323\u0302", "\u1e9b\u0323",
    "\U00011131\U00011127", "\ua7f2",
)  # fmt: skip
TOKENS = (
    "<s>", "</s>", "<unk>", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "<mask>", "<|endoftext|>", "<|im_start|>",
    "<0x0A>", "<left>", "<right>", "word", "Éclair", "▁", "▁▁", "##", "</w>", "Ġ", "Ċ", "<s",
)  # fmt: skip
PUNCTUATION = tuple("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ("...", "——", "。", "«", "»", "\u2e52", "\u061d", "\u166d")
KINDS = (
    WORDS, WORDS, CONTRACTIONS, CASES, SPACES, SPACES, JOINERS, DIRECTIONS, EDGES, MARKS, MARKS, HANGUL, EMOJI,
    NUMBERS, SHAPES, TOKENS, TOKENS, PUNCTUATION,
)  # fmt: skip
BLOCKS = (
    (0x20, 0x7F), (0, 0xA0), (0xA0, 0x250), (0x250, 0x530), (0x530, 0x1100), (0x1100, 0x2000), (0x2000, 0x3000),
    (0x3000, 0xA000), (0xA000, 0xD800), (0xE000, 0x10000), (0x10000, 0x11D00), (0x11D00, 0x1D000), (0x1D000, 0x20000),
    (0x20000, 0x32400), (0xE0000, 0xE0200), (0x32400, 0x110000),
)  # fmt: skip


def _piece(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.65:
        return rng.choice(rng.choice(KINDS))
    if kind < 0.85:
        return chr(rng.randrange(*rng.choice(BLOCKS)))
    if kind < 0.9:
        return rng.choice("aeoAEOnuiyσכ가가") + "".join(rng.choice(MARKS) for _ in range(rng.randint(1, 4)))
    return rng.choice(WORDS)[: rng.randint(1, 4)].upper()


def texts(seed: int, count: int) -> Iterator[str]:
    """``count`` texts, the same ones for a seed; none has a lone surrogate."""
    rng = random.Random(seed)
    simple = (
        "",
        " ",
        "  ",
        "a",
        " a",
        "a ",
        "\n",
        "\n\n a",
        "<s>",
        " <s> a",
        "▁a",
        "<s><s>",
        "'s",
        "é",
        "e\u0301",
        "İ",
    )
    for index in range(count):
        if index < len(simple):
            yield simple[index]
            continue
        glue = rng.choice(("", "", " ", " ", "  ", "\n"))
        text = glue.join(_piece(rng) for _ in range(rng.randint(1, rng.choice((3, 8, 16)))))
        yield rng.choice(("", "", "", " ", "\n")) + text + rng.choice(("", "", "", " ", "\u3000"))
