# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
r"""Patterns of Oniguruma (Ruby's syntax), as tokenizers ship them, on top of ``re``.

Taken: characters and their escapes, ``.``, ``^``, ``$``, ``\s \d \w \p{..}`` and their negations, classes with
ranges, classes in classes and ``&&``, groups, ``(?i:..)`` around ASCII, looks ahead and behind, atomic groups, and
repeats: greedy, lazy, possessive, ``{n,m}``. All else is refused by name, and so is a pattern that can match nothing.

``re`` knows no ``\p{..}`` and another ``\s``. So a class is a predicate. Characters of which all classes of a pattern
say the same are the same to it: one of them stands for all, and ``re`` sees classes and texts of such ones only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .steps import refuse
from .tables import CATEGORY_NAMES
from .unicode import category, character_set, is_class_word, is_pattern_word, is_space

Predicate = Callable[[str], bool]
Piece = str | Predicate  # what ``re`` understands, or a class

_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
_HEX = re.compile(r"\\(?:x\{([0-9A-Fa-f]{1,6})\}|x([0-7][0-9A-Fa-f])|u([0-9A-Fa-f]{4}))")
_PROPERTY = re.compile(r"\\([pP])\{(\^?)(\w+)\}")
_REPEAT = re.compile(r"\{(?:(\d{1,3})(,\d{0,3})?|,(\d{1,3}))\}")
_GROUPS = {"(?:": ("(?:", ")"), "(?=": ("(?=", ")"), "(?!": ("(?!", ")"), "(?<=": ("(?<=", ")"), "(?<!": ("(?<!", ")")}
_NAMES = {*CATEGORY_NAMES.split(), *"LMNPSZC"}
_FOLDED_PAIRS = {"ss", "ff", "fi", "fl", "st"}  # one letter such as ß stands for both
_DEEPEST = 20


class Pattern:
    """A pattern, checked and compiled. Raises TokenizerError, which names what is not supported."""

    def __init__(self, source: str) -> None:
        self._source = source
        parser = _Parser(source)
        self._pieces, least = parser.parse()
        if least == 0:
            raise refuse("a pattern that can match nothing,", source)
        self._predicates = [piece for piece in self._pieces if not isinstance(piece, str)]
        self._stands: dict[int, str] = {}  # by code point, the character that stands for it
        self._stand_in: dict[tuple[bool, ...], str] = {}  # by what the classes say of it
        self._members: list[list[str]] = [[] for _ in self._predicates]
        for letter in {*parser.letters, "\n"}:  # spelled out, so nothing else stands for them
            self._stands[ord(letter)] = letter
            self._count(letter, self._signature(letter))
        self._learn(set(map(chr, range(0x100))))
        self._compiled = self._compile()

    def cut(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the matches start and end, in order."""
        new = {char for char in set(text) if ord(char) not in self._stands}
        if new and self._learn(new):
            self._compiled = self._compile()
        return (match.span() for match in self._compiled.finditer(text.translate(self._stands)))

    def _signature(self, char: str) -> tuple[bool, ...]:
        return tuple(is_member(char) for is_member in self._predicates)

    def _count(self, char: str, signature: tuple[bool, ...]) -> None:
        for members, is_member in zip(self._members, signature, strict=True):
            if is_member:
                members.append(char)

    def _learn(self, chars: set[str]) -> bool:
        """Say what stands for each of ``chars``; whether that made the classes larger."""
        larger = False
        for char in sorted(chars):
            if ord(char) in self._stands:
                continue
            signature = self._signature(char)
            if signature not in self._stand_in:
                self._stand_in[signature], larger = char, True
                self._count(char, signature)
            self._stands[ord(char)] = self._stand_in[signature]
        return larger

    def _compile(self) -> re.Pattern[str]:
        classes = iter(self._members)
        spelled = (piece if isinstance(piece, str) else _class(next(classes)) for piece in self._pieces)
        try:
            return re.compile("".join(spelled))
        except (re.error, RecursionError, OverflowError) as error:
            raise refuse(f"a pattern ({error})", self._source) from error


def _class(members: list[str]) -> str:
    """A class of ``re`` with these characters."""
    return f"[{''.join(map(re.escape, members))}]" if members else "(?!)"


def _any_of(parts: list[Predicate]) -> Predicate:
    return lambda char: any(part(char) for part in parts)


def _all_of(parts: list[Predicate]) -> Predicate:
    return lambda char: all(part(char) for part in parts)


def _not(part: Predicate) -> Predicate:
    return lambda char: not part(char)


def _between(first: str, last: str) -> Predicate:
    return lambda char: first <= char <= last


def _folded(char: str) -> set[str]:
    """What an ASCII character stands for where case does not count."""
    return {char, char.lower(), char.upper()} | {"s": {"ſ"}, "k": {"\u212a"}}.get(char.lower(), set())


def _one_of(chars: set[str]) -> Predicate:
    return lambda char: char in chars


class _Parser:
    """Recursive descent. Methods return pieces and the least number of characters that they match."""

    def __init__(self, source: str) -> None:
        self._text, self._at = source, 0
        self.letters: set[str] = set()  # that the pattern spells out
        self._fold = False
        self._folded_letter = ""  # the one just read, where case does not count
        self._atoms = self._depth = 0

    def parse(self) -> tuple[list[Piece], int]:
        pieces, least = self._alternatives()
        if self._at < len(self._text):
            raise self._refuse("a closing parenthesis too many in")
        return pieces, least

    def _refuse(self, what: str) -> Exception:
        return refuse(f"{what} the pattern", self._text)

    def _next(self, what: str) -> bool:
        """Whether ``what`` comes next; then it is passed."""
        matches = self._text.startswith(what, self._at)
        self._at += len(what) if matches else 0
        return matches

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _alternatives(self) -> tuple[list[Piece], int]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._refuse(f"more than {_DEEPEST} groups in each other in")
        pieces, least = self._sequence()
        while self._next("|"):
            more, width = self._sequence()
            pieces, least = [*pieces, "|", *more], min(least, width)
        self._depth -= 1
        return pieces, least

    def _sequence(self) -> tuple[list[Piece], int]:
        pieces: list[Piece] = []
        least = 0
        before = ""  # the letter in front, where case does not count
        while self._peek() not in ("", "|", ")"):
            self._folded_letter = ""
            atom, width = self._atom()
            letter = self._folded_letter
            if before + letter in _FOLDED_PAIRS:
                raise self._refuse(f"{before + letter!r} without case in")
            atom, width, repeated = self._repeated(atom, width)
            pieces += atom
            least += width
            before = "" if repeated else letter
        return pieces, least

    # -- repeats -------------------------------------------------------------------------------------

    def _repeated(self, atom: list[Piece], width: int) -> tuple[list[Piece], int, bool]:
        """An atom with the repeat behind it, if there is one."""
        repeat = _REPEAT.match(self._text, self._at)
        if repeat is not None:
            self._at = repeat.end()
            pieces, width = self._interval(atom, width, repeat)
        elif self._peek() in ("?", "*", "+"):
            pieces, width = self._sign(atom, width)
        else:
            return atom, width, False
        if _REPEAT.match(self._text, self._at) or self._peek() in ("?", "*", "+"):
            raise self._refuse("a repeat of a repeat in")
        return pieces, width, True

    def _sign(self, atom: list[Piece], width: int) -> tuple[list[Piece], int]:
        """``?``, ``*``, ``+``; lazy with a ``?`` behind it, possessive with a ``+``."""
        sign = self._peek()
        self._at += 1
        if width == 0 and sign != "?":
            raise self._refuse("a repeat of what can match nothing in")
        lazy = "?" if self._next("?") else ""
        group: list[Piece] = ["(?:", *atom, f"){sign}{lazy}"]
        return (self._atomic(group) if not lazy and self._next("+") else group), width * (sign == "+")

    def _interval(self, atom: list[Piece], width: int, repeat: re.Match[str]) -> tuple[list[Piece], int]:
        """``{n,m}``; lazy with a ``?`` behind it. A ``+`` there repeats the whole, in Ruby's syntax."""
        if width == 0:
            raise self._refuse("a repeat of what can match nothing in")
        if self._peek() == "?" and repeat[1] and not repeat[2]:
            raise self._refuse(f"{repeat[0]}? in")
        least = width * int(repeat[1] or 0)
        group: list[Piece] = ["(?:", *atom, f"){{0,{repeat[3]}}}" if repeat[3] else f"){repeat[0]}"]
        if self._next("?"):
            return [*group, "?"], least
        if self._peek() == "+" and least == 0:
            raise self._refuse("a repeat of what can match nothing in")
        return (["(?:", *group, ")+"] if self._next("+") else group), least

    def _atomic(self, pieces: list[Piece]) -> list[Piece]:
        """``re`` of Python 3.10 has no atomic groups; what a look ahead has found is not tried again."""
        self._atoms += 1
        name = f"a{self._atoms}"
        return [f"(?=(?P<{name}>", *pieces, f"))(?P={name})"]

    # -- atoms ---------------------------------------------------------------------------------------

    def _atom(self) -> tuple[list[Piece], int]:
        char = self._peek()
        if char == "(":
            return self._group()
        if char == "[":
            self._at += 1
            return [self._members()], 1
        if char == "\\":
            return [self._escape()], 1
        self._at += 1
        if char == ".":
            return [lambda symbol: symbol != "\n"], 1
        if char == "^":
            return [r"(?:\A|(?<=\n)(?!\Z))"], 0
        if char == "$":
            return [r"(?=\n|\Z)"], 0
        if char in "?*+":
            raise self._refuse("a repeat of nothing in")
        return [self._letter(char)], 1

    def _letter(self, char: str) -> Piece:
        if not self._fold:
            self.letters.add(char)
            return re.escape(char)
        if not char.isascii():
            raise self._refuse(f"{char!r} without case in")
        self._folded_letter = char.lower()
        return _one_of(_folded(char))

    def _group(self) -> tuple[list[Piece], int]:
        fold = self._fold
        if self._next("(?>"):
            pieces, least = self._alternatives()
            pieces = self._atomic(pieces)
        elif self._next("(?i:"):
            self._fold = True
            pieces, least = self._alternatives()
            pieces = ["(?:", *pieces, ")"]
        else:
            opened = next((opening for opening in _GROUPS if self._next(opening)), None)
            if opened is None and self._text.startswith("(?", self._at):
                raise self._refuse(f"{self._text[self._at : self._at + 4]!r} in")
            if opened is None:
                self._next("(")
            front, back = _GROUPS[opened or "(?:"]
            pieces, least = self._alternatives()
            pieces = [front, *pieces, back]
            least = 0 if opened not in (None, "(?:") else least
        self._fold, self._folded_letter = fold, ""
        if not self._next(")"):
            raise self._refuse("a parenthesis without its end in")
        return pieces, least

    def _escape(self) -> Piece:
        predicate = self._class_escape(is_pattern_word)
        return predicate if predicate is not None else self._letter(self._char_escape())

    def _class_escape(self, word: Predicate = is_class_word) -> Predicate | None:
        r"""``\s``, ``\p{..}`` and the like, if that comes next; ``word`` is what ``\w`` is."""
        kind = self._text[self._at + 1 : self._at + 2]
        named = _PROPERTY.match(self._text, self._at)
        if named is None and (kind == "" or kind not in "sSdDwW"):
            return None
        if self._fold:
            raise self._refuse(f"{self._text[self._at : self._at + 2]} without case in")
        if named is None:
            self._at += 2
            simple: dict[str, Predicate] = {
                "s": is_space, "d": lambda char: category(char) == "Nd", "w": word,
            }  # fmt: skip
            return simple[kind] if kind in simple else _not(simple[kind.lower()])
        self._at = named.end()
        name = named[3]
        if name == "Han":
            predicate: Predicate = character_set("HAN").__contains__
        elif name in _NAMES:
            predicate = lambda char: category(char).startswith(name)  # noqa: E731
        else:
            raise self._refuse(f"{named[0]} in")
        return _not(predicate) if (named[1] == "P") != bool(named[2]) else predicate

    def _char_escape(self) -> str:
        code = _HEX.match(self._text, self._at)
        if code is not None:
            self._at = code.end()
            return chr(min(int(code[1] or code[2] or code[3], 16), 0x10FFFF))
        char = self._text[self._at + 1 : self._at + 2]
        if char not in _CONTROL and (char == "" or char.isalnum() or not char.isascii()):
            raise self._refuse(f"\\{char} in")
        self._at += 2
        return _CONTROL.get(char, char)

    # -- classes -------------------------------------------------------------------------------------

    def _members(self) -> Predicate:
        """A class, its opening bracket behind us."""
        self._depth += 1
        negated = self._next("^")
        if self._peek() == "]" or self._depth > _DEEPEST:
            raise self._refuse("an empty class, or a ] that begins one, in")
        sides: list[Predicate] = []
        parts: list[Predicate] = []
        while not self._next("]"):
            if self._next("&&"):
                sides, parts = [*sides, _any_of(parts)], []
            else:
                parts.append(self._member())
        self._depth -= 1
        members = _all_of([*sides, _any_of(parts)])
        return _not(members) if negated else members

    def _member(self) -> Predicate:
        if self._text.startswith("[:", self._at):
            raise self._refuse("a POSIX class in")
        if self._next("["):
            return self._members()
        if self._peek() == "\\" and (predicate := self._class_escape()) is not None:
            return predicate
        first = self._class_char()
        last = first
        if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
            self._at += 1
            if self._peek() == "[" or self._text.startswith("&&", self._at) or _PROPERTY.match(self._text, self._at):
                raise self._refuse("a range without an end in")
            last = self._class_char()
        if last < first:
            raise self._refuse(f"the range {first}-{last} in")
        if not self._fold:
            return _between(first, last)
        if not (first.isascii() and last.isascii()):
            raise self._refuse(f"{first}-{last} without case in")
        return _one_of(set().union(*(_folded(chr(code)) for code in range(ord(first), ord(last) + 1))))

    def _class_char(self) -> str:
        char = self._peek()
        if char == "":
            raise self._refuse("a class without its end in")
        if char == "\\":
            if self._text[self._at + 1 : self._at + 2] in tuple("sSdDwW"):
                raise self._refuse("a range without an end in")
            return self._char_escape()
        self._at += 1
        return char
