# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Asks the ``tokenizers`` library about every code point, and writes ``driver/text/tables.py``.

    python tests/unicode_tables.py

The library's parts come with Unicode tables of their own, of different versions; a board's Python has another one.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

TABLES = Path(__file__).parents[1] / "toolkit/hardwire/driver/text/tables.py"
CHARACTERS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
CATEGORIES = (
    "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn".split()
)  # fmt: skip
CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcd"

HEADER = f'''\
# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the ``tokenizers`` library says of every code point. Written by tests/unicode_tables.py; do not edit.

Asked of tokenizers {tokenizers.__version__}. Ranges of code points are hexadecimal.
"""

'''


def matched(pattern: str) -> set[str]:
    """Characters that the library's regular expressions match."""
    remove, found = normalizers.Replace(Regex(pattern), ""), set()
    for start in range(0, len(CHARACTERS), 4096):
        block = CHARACTERS[start : start + 4096]
        found |= set(block) - set(remove.normalize_str("".join(block)))
    return found


def that(is_so: Callable[[str], bool]) -> set[str]:
    return {char for char in CHARACTERS if is_so(char)}


def categories() -> dict[str, str]:
    found = {char: name for name in CATEGORIES for char in matched(rf"\p{{{name}}}")}
    assert len(found) == len(CHARACTERS)
    return found


def numeric() -> set[str]:
    digits = pre_tokenizers.Digits()
    return that(lambda char: len(digits.pre_tokenize_str("a" + char)) == 2)


def word() -> set[str]:
    split = pre_tokenizers.Whitespace()
    return that(lambda char: len(split.pre_tokenize_str("a" + char + "a")) == 1)


def punctuation() -> set[str]:
    split = pre_tokenizers.Punctuation()
    return that(lambda char: len(split.pre_tokenize_str("a" + char)) == 2)


def marks() -> set[str]:
    strip = normalizers.StripAccents()
    return that(lambda char: strip.normalize_str(char) == "")


def nonspacing() -> set[str]:
    strip = normalizers.BertNormalizer(False, False, True, False)
    return that(lambda char: strip.normalize_str(char) == "")


def cleaned() -> set[str]:
    clean = normalizers.BertNormalizer(True, False, False, False)
    return that(lambda char: clean.normalize_str(char) == "")


def composing() -> set[str]:
    """Characters that the library's normal forms change, reorder or compose."""
    full, canonical = normalizers.NFKD(), normalizers.NFD()
    changed = that(lambda char: full.normalize_str(char) != char)
    parts = {part for char in changed if len(text := canonical.normalize_str(char)) > 1 for part in text}
    # Class 240 goes behind every other mark, and class 1 in front of it.
    before = that(lambda char: canonical.normalize_str("\u0345" + char)[0] != "\u0345")
    behind = that(lambda char: canonical.normalize_str(char + "\u0334")[-1] != "\u0334")
    return changed | parts | before | behind


def lower() -> dict[str, str]:
    change = normalizers.Lowercase()
    return {char: small for char in CHARACTERS if (small := change.normalize_str(char)) != char}


# ---------------------------------------------------------------------------------------------------
# Writing.


def as_ranges(characters: Iterable[str]) -> str:
    codes = sorted(map(ord, characters))
    found = []
    for _, run in groupby(enumerate(codes), lambda pair: pair[1] - pair[0]):
        run = [code for _, code in run]
        found.append(f"{run[0]:X}" if len(run) == 1 else f"{run[0]:X}-{run[-1]:X}")
    return " ".join(found)


def as_runs(names: dict[str, str]) -> str:
    """A letter for the category and how many code points have it, where more than one."""
    runs = [(name, len(list(run))) for name, run in groupby(names.get(chr(c), "Cs") for c in range(0x110000))]
    return " ".join(CODES[CATEGORIES.index(name)] + (str(count) if count > 1 else "") for name, count in runs)


def as_shifts(pairs: dict[str, str]) -> str:
    """``first-last/step+shift`` of characters with one small letter each."""
    runs: list[list[int]] = []  # first, last, step, shift
    for char, small in sorted(pairs.items()):
        if len(small) > 1:
            continue
        code, shift = ord(char), ord(small) - ord(char)
        if runs and runs[-1][3] == shift and code - runs[-1][1] in (runs[-1][2] or 1, runs[-1][2] or 2):
            runs[-1][2] = code - runs[-1][1]
            runs[-1][1] = code
        else:
            runs.append([code, code, 0, shift])
    return " ".join(f"{first:X}-{last:X}/{step or 1}{shift:+d}" for first, last, step, shift in runs)


def wrapped(name: str, value: str, comment: str) -> str:
    lines = textwrap.wrap(value, 110, break_on_hyphens=False)
    body = "\n".join(f'    "{line} "' for line in lines[:-1]) + f'\n    "{lines[-1]}"\n'
    return f"# {comment}\n{name} = (\n{body.lstrip(chr(10))})\n\n"


def main() -> None:
    small, names_of = lower(), categories()
    longer = {char: text for char, text in small.items() if len(text) > 1}
    names = "".join(f"{name} " for name in CATEGORIES).strip()
    text = HEADER + f'CATEGORY_CODES = "{CODES}"\nCATEGORY_NAMES = "{names}"\n\n'
    text += wrapped("CATEGORIES", as_runs(names_of), "Oniguruma's general categories, from code point 0 on.")
    text += wrapped("NUMERIC", as_ranges(numeric()), "char::is_numeric of Rust.")
    lettered = {char for char, name in names_of.items() if name[0] in "LM" or name in ("Nd", "Nl", "Pc")}
    for name, what, found in (("WORD", "Rust's regex", word()), ("PATTERN_WORD", "Oniguruma", matched(r"\w"))):
        assert lettered <= found, f"{name}: a letter, mark, digit or connector that is no part of a word"
        more = "Beside letters, marks, digits, letter numbers and connectors"
        text += wrapped(f"{name}_MORE", as_ranges(found - lettered), rf"{more}: \w of {what}.")
    text += wrapped("HAN", as_ranges(matched(r"\p{Han}")), r"\p{Han} of Oniguruma.")
    text += wrapped("PUNCTUATION", as_ranges(punctuation()), "What Punctuation and BertPreTokenizer cut out.")
    text += wrapped("MARKS", as_ranges(marks()), "What StripAccents takes out.")
    text += wrapped("NONSPACING", as_ranges(nonspacing()), "What BertNormalizer takes out as accents.")
    text += wrapped("CLEANED", as_ranges(cleaned()), "What BertNormalizer takes out as control characters.")
    text += wrapped("COMPOSING", as_ranges(composing()), "What the normal forms change, reorder or compose.")
    text += wrapped("LOWER", as_shifts(small), "char::to_lowercase of Rust: first-last/step and the way to go.")
    escaped = {ascii(char)[1:-1]: ascii(value)[1:-1] for char, value in longer.items()}
    text += (
        f"LONGER_LOWER = {{{', '.join(f'{chr(34)}{a}{chr(34)}: {chr(34)}{b}{chr(34)}' for a, b in escaped.items())}}}\n"
    )
    TABLES.write_text(text)


if __name__ == "__main__":
    main()
