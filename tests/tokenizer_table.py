# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The board's tokenizer against the ``tokenizers`` library, kind by kind, and the page that says so.

python tests/tokenizer_table.py [strings]      # writes docs/tokenizers.md; 10,000 strings a kind take half an hour
"""

from __future__ import annotations

import json
import random
import sys
import unicodedata
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import tokenizers
from tokenizer_kinds import GROUPS
from tokenizer_texts import texts
from tokenizers import Tokenizer

from hardwire.driver.text import TextCodec
from hardwire.driver.text.added import POST_PROCESSORS
from hardwire.driver.text.decoders import DECODERS
from hardwire.driver.text.models import MODELS
from hardwire.driver.text.normalizers import NORMALIZERS
from hardwire.driver.text.pretokenizers import PRE_TOKENIZERS

PAGE = Path(__file__).parents[1] / "docs/tokenizers.md"
SEED = 1
STRINGS = 10_000
TABLES = {
    "Normalizers": NORMALIZERS,
    "Pre-tokenizers": PRE_TOKENIZERS,
    "Models": MODELS,
    "Post-processors": POST_PROCESSORS,
    "Decoders": DECODERS,
}


@dataclass
class Count:
    """How many strings gave the same ids, the same text, and the same text token by token; the first that did not."""

    strings: int = 0
    ids: int = 0
    text: int = 0
    streamed: int = 0
    whole: int = 0  # texts without a replacement character, which is what is streamed
    random_ids: int = 0  # sequences of random ids with the same text
    first: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return (self.ids, self.text, self.streamed, self.random_ids) == (
            self.strings,
            self.strings,
            self.whole,
            self.strings,
        )

    def row(self, kind: str) -> str:
        shares = (f"{self.ids:,} of {self.strings:,}", f"{self.text:,} of {self.strings:,}",
                  f"{self.streamed:,} of {self.whole:,}", f"{self.random_ids:,} of {self.strings:,}")  # fmt: skip
        return f"| {kind} | {' | '.join(shares)} |"


def streamed(codec: TextCodec, ids: list[int], cut: int) -> str:
    """The text of ids behind ``cut`` as it comes, behind that of the ids in front."""
    stream = codec.stream(ids[:cut])
    return codec.decode(ids[:cut]) + "".join(stream.feed(index) for index in ids[cut:]) + stream.flush()


def compare(make: Callable[[], Tokenizer], strings: int, seed: int = SEED) -> Count:
    """Encode, decode and stream ``strings`` texts by the library and by what a board has."""
    library, count, rng = make(), Count(), random.Random(seed)
    codec = TextCodec(json.loads(library.to_str()))
    size = library.get_vocab_size()
    for text in texts(seed, strings):
        ids = library.encode(text).ids
        said = library.decode(ids)
        drawn = [rng.randrange(size + 2) for _ in range(rng.randint(0, 12))]
        cut = rng.randint(0, len(ids)) if "\ufffd" not in codec.decode(ids) else 0
        cut = cut if "\ufffd" not in codec.decode(ids[:cut]) else 0  # nothing continues half a character
        same = (
            codec.encode(text, unknown="unk") == ids,
            codec.decode(ids) == said,
            "\ufffd" not in said and streamed(codec, ids, cut) == said,
            codec.decode(drawn) == library.decode(drawn),
        )
        whole = "\ufffd" not in said
        count.strings, count.whole = count.strings + 1, count.whole + whole
        count.ids, count.text = count.ids + same[0], count.text + same[1]
        count.streamed, count.random_ids = count.streamed + same[2], count.random_ids + same[3]
        if not (same[0] and same[1] and (same[2] or not whole) and same[3]) and len(count.first) < 3:
            count.first.append(ascii((text, ids, drawn, same)))
    return count


# ---------------------------------------------------------------------------------------------------
# The page.


def page(counts: dict[str, dict[str, Count]], strings: int) -> str:
    lists = "\n".join(f"- {name}: {', '.join(table)}" for name, table in TABLES.items())
    body = (Path(__file__).parent / "tokenizer_page.md").read_text()
    body = (
        body.replace("{parts}", lists)
        .replace("{strings}", f"{strings:,}")
        .replace("{kinds}", str(sum(map(len, counts.values()))))
    )
    body = body.replace("{library}", tokenizers.__version__)
    body = body.replace("{python}", f"{sys.version.split()[0]}, whose Unicode is {unicodedata.unidata_version}")
    for group, rows in counts.items():
        body += (
            f"\n### {group.capitalize()}\n\n| kind | same ids | same text | same streamed | same text of random ids |\n"
        )
        body += "| --- | --- | --- | --- | --- |\n" + "".join(count.row(kind) + "\n" for kind, count in rows.items())
    return body


def _one(group: str, kind: str, strings: int) -> Count:
    return compare(GROUPS[group][kind], strings)


def main() -> None:
    strings = int(sys.argv[1]) if len(sys.argv) > 1 else STRINGS
    names = [(group, kind) for group, kinds in GROUPS.items() for kind in kinds]
    with ProcessPoolExecutor(1) as pool:
        found = list(pool.map(_one, *zip(*((*name, strings) for name in names), strict=True)))
    counts: dict[str, dict[str, Count]] = {group: {} for group in GROUPS}
    for (group, kind), count in zip(names, found, strict=True):
        counts[group][kind] = count
        if not count.equal:
            print(f"{group}: {kind}: {count}", file=sys.stderr)
    PAGE.write_text(page(counts, strings))
    if not all(count.equal for count in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
