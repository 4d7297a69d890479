# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The board's tokenizer against the ``tokenizers`` library, kind by kind, and the page that says so.

python tests/tokenizer_table.py [strings]      # writes docs/tokenizers.md; 10,000 strings a kind take half an hour
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import tokenizers
from tokenizer_kinds import GROUPS
from tokenizer_texts import texts
from tokenizers import Tokenizer

from hardwire.driver import text
from hardwire.driver.text import TextCodec
from hardwire.driver.text.added import POST_PROCESSORS
from hardwire.driver.text.decoders import DECODERS
from hardwire.driver.text.models import MODELS
from hardwire.driver.text.normalizers import NORMALIZERS
from hardwire.driver.text.pretokenizers import PRE_TOKENIZERS

PAGE = Path(__file__).parents[1] / "docs/tokenizers.md"
SEED = 1
STRINGS = 10_000
BLOCK = 500
KEPT = Path(__file__).parents[1] / "build/tokenizers"
TABLES = {
    "Normalizers": NORMALIZERS,
    "Pre-tokenizers": PRE_TOKENIZERS,
    "Models": MODELS,
    "Post-processors": POST_PROCESSORS,
    "Decoders": DECODERS,
}


@dataclass
class Count:
    """How many of ``strings`` gave the same ids and the same text; of some, the same text token by token; of as many
    sequences of random ids, the same text. And the first that did not."""

    strings: int = 0
    ids: int = 0
    text: int = 0
    streams: int = 0
    streamed: int = 0
    draws: int = 0
    drawn: int = 0
    first: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return self.ids == self.text == self.strings and self.streamed == self.streams and self.drawn == self.draws

    def row(self, kind: str) -> str:
        """A row of the page."""
        pairs = (
            (self.ids, self.strings),
            (self.text, self.strings),
            (self.streamed, self.streams),
            (self.drawn, self.draws),
        )
        return f"| {kind} | {' | '.join(f'{equal:,} of {all_:,}' for equal, all_ in pairs)} |"

    def note(self, *what: object) -> None:
        """Remember a string that was not equal."""
        if len(self.first) < 3:
            self.first.append(ascii(what))


def streamed(codec: TextCodec, ids: list[int], cut: int) -> str:
    """The text of ids behind ``cut`` as it comes, behind that of the ids in front."""
    stream = codec.stream(ids[:cut])
    return codec.decode(ids[:cut]) + "".join(stream.feed(index) for index in ids[cut:]) + stream.flush()


def compare(make: Callable[[], Tokenizer], strings: int, seed: int = SEED) -> Count:
    """Encode and decode ``strings`` texts by the library and by what a board has; stream every tenth."""
    library, count, rng = make(), Count(), random.Random(seed)
    codec = TextCodec(json.loads(library.to_str()))
    every = list(texts(seed, strings))
    for start in range(0, strings, BLOCK):
        block = every[start : start + BLOCK]
        all_ids = [encoding.ids for encoding in library.encode_batch_fast(block)]
        for at, (string, ids, said) in enumerate(zip(block, all_ids, library.decode_batch(all_ids), strict=True)):
            ours, our_text = codec.encode(string, unknown="unk"), codec.decode(ids)
            count.strings += 1
            count.ids += ours == ids
            count.text += our_text == said
            if ours != ids or our_text != said:
                count.note(string, ids, ours, said, our_text)
            if at % 10 == 0:
                _stream(count, codec, ids, said, rng.randint(0, len(ids)))
                _draw(count, codec, library, [rng.randrange(library.get_vocab_size() + 2) for _ in range(at % 13)])
    return count


def _stream(count: Count, codec: TextCodec, ids: list[int], said: str, cut: int) -> None:
    """Nothing continues half a character, so a prompt that ends in one is not tried."""
    if "\ufffd" in said:
        return
    cut = cut if "\ufffd" not in codec.decode(ids[:cut]) else 0
    count.streams += 1
    found = streamed(codec, ids, cut)
    count.streamed += found == said
    if found != said:
        count.note(ids, cut, said, found)


def _draw(count: Count, codec: TextCodec, library: Tokenizer, ids: list[int]) -> None:
    count.draws += 1
    same = codec.decode(ids) == library.decode(ids)
    count.drawn += same
    if not same:
        count.note("random ids", ids)


# ---------------------------------------------------------------------------------------------------
# The page.


def page(counts: dict[str, dict[str, Count | None]], strings: int) -> str:
    """The text of docs/tokenizers.md."""
    lists = "\n".join(f"- {name}: {', '.join(table)}" for name, table in TABLES.items())
    body = (Path(__file__).parent / "tokenizer_page.md").read_text()
    words = {
        "parts": lists,
        "strings": f"{strings:,}",
        "kinds": str(sum(map(len, counts.values()))),
        "library": tokenizers.__version__,
        "python": f"{sys.version.split()[0]}, whose Unicode is {unicodedata.unidata_version}",
    }
    for name, word in words.items():
        body = body.replace(f"{{{name}}}", word)
    for group, rows in counts.items():
        body += f"\n### {group.capitalize()}\n\n| kind | same ids | same text | same streamed | random ids |\n"
        body += "| --- | --- | --- | --- | --- |\n"
        for kind, count in rows.items():
            body += (count.row(kind) if count is not None else f"| {kind} | not run | | | |") + "\n"
    return body


def sources() -> str:
    """What a result is of: the codec, the kinds and the texts."""
    files = [*sorted(Path(text.__file__).parent.glob("*.py")), *sorted(Path(__file__).parent.glob("tokenizer_*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def main() -> None:
    strings = int(sys.argv[1]) if len(sys.argv) > 1 else STRINGS
    kept_file = KEPT / f"{strings}-{sources()[:16]}.json"
    kept = json.loads(kept_file.read_text()) if kept_file.exists() else {}
    counts: dict[str, dict[str, Count | None]] = {group: dict.fromkeys(kinds) for group, kinds in GROUPS.items()}
    KEPT.mkdir(parents=True, exist_ok=True)
    for group, kinds in GROUPS.items():
        for kind, make in kinds.items():
            name = f"{group}: {kind}"
            count = Count(**kept[name]) if name in kept else compare(make, strings)
            counts[group][kind] = count
            kept[name] = asdict(count)
            kept_file.write_text(json.dumps(kept))
            PAGE.write_text(page(counts, strings))
            print(count.row(name), *count.first, sep="\n", flush=True)
    if not all(count is not None and count.equal for rows in counts.values() for count in rows.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
