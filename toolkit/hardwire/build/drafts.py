# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The table of drafts of a build: learnt from the chip's own text, and weighed on texts that it did not learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ..chip.model import Chip
from ..manifest import DraftGain, DraftRecord
from ..plan.drafts import NONE, DraftTable, learn
from ..plan.geometry import Geometry
from ..plan.program import Schedule
from ..plan.replay import Turn, replay, throughput
from ..plan.schedule import schedule
from ..progress import Stage
from ..quality.own_text import Text, write_texts

ENTRIES = (4096, 2048, 1024)  # of a table that a build chooses: the largest that there is room for
LEARNT, FEWEST = 768, 96  # texts that it is learnt from, half of them greedy; of large models fewer
WORK = 240_000 * LEARNT  # weights times texts
LEAST = 0.3  # share of its cases in which a guess comes true: those below cost a user more than they give
HELD_OUT = 20  # texts of each temperature that it is weighed on
SPARE = 3  # times so many are written: an opening that was learnt from is no test
TEMPERATURES = (0.0, 0.8)
POSITIONS = 256  # of a text at most
LEARNT_SEED, HELD_OUT_SEED = 1 << 20, 1 << 21


@dataclass(frozen=True)
class OwnText:
    """What a chip wrote: texts to learn from, and of each temperature texts to be weighed on."""

    chip: Chip
    learnt: Sequence[Text]
    held_out: Sequence[Sequence[Text]]

    def table(self, entries: int) -> DraftTable:
        """The table that is learnt from it."""
        chip = self.chip
        ends = [*chip.eos, *([] if chip.bos is None else [chip.bos])]
        return learn([text.tokens for text in self.learnt], chip.shape.vocab, entries, ends=ends, least=LEAST)


def own_text(chip: Chip, context: int, progress: Stage = lambda stage: None) -> OwnText:
    """Text of the chip in contexts of so many positions: half a minute of the bundled model."""
    count = max(min(WORK // max(sum(m.weight.size for m in chip.matrices.values()), 1), LEARNT), FEWEST) // 2 * 2
    limit = min(context, POSITIONS)

    def tell(share: float) -> None:
        progress(f"drafts: {share:.0%} of the model's own text")

    learnt = write_texts(chip, TEMPERATURES * (count // 2), LEARNT_SEED, limit, tell)
    openings = {tuple(text.tokens[: text.opening]) for text in learnt}
    held_out = []
    for temperature in TEMPERATURES:
        texts = write_texts(chip, [temperature] * (SPARE * HELD_OUT), HELD_OUT_SEED, limit)
        new = (text for text in texts if text.written > 1 and tuple(text.tokens[: text.opening]) not in openings)
        held_out.append(list(islice(new, HELD_OUT)))
    return OwnText(chip, learnt, held_out)


def weigh(chip: Chip, drafted: Geometry, plain: Geometry, table: DraftTable, text: OwnText, asked: bool) -> DraftRecord:
    """What drafts give one user and take from all, of two engines; ``entries`` is 0 where they do not pay, unless they
    were ``asked`` for."""
    if not all(text.held_out):
        why = "the model writes no text to weigh them on; " + ("taken as asked" if asked else "left out")
        return DraftRecord(entries=table.entries if asked else 0, bits=table.bits, why=why)
    with_drafts, without = schedule(chip, drafted), schedule(chip, plain)
    greedy, sampled = (
        _gain(with_drafts, without, table, texts, t) for texts, t in zip(text.held_out, TEMPERATURES, strict=True)
    )
    together = throughput(without).cycles, throughput(with_drafts).cycles
    gain = (greedy.plain_cycles + sampled.plain_cycles) / (greedy.cycles + sampled.cycles)
    loss = together[1] / together[0]
    pays = gain > loss
    why = (
        f"{'they pay' if pays else 'they do not pay'}: a user alone has {gain:.3f} times the tokens, "
        f"all streams together {1 / loss:.3f} times"
    )
    if not pays and not asked:
        why += "; left out"
    return DraftRecord(
        entries=table.entries if pays or asked else 0,
        bits=table.bits,
        why=why,
        tokens=sum(text.written for text in text.learnt),
        greedy=greedy,
        sampled=sampled,
        plain_together=together[0],
        together=together[1],
    )


def _gain(
    drafted: Schedule, plain: Schedule, table: DraftTable, texts: Sequence[Text], temperature: float
) -> DraftGain:
    """Over texts of one temperature that one user asks for, each by itself."""
    tokens = guessed = kept = 0
    cycles = [0, 0]
    for text in texts:
        guesses = table.guesses(text.tokens)[text.opening - 1 : -1]
        right = guesses == text.tokens[text.opening :]
        tokens, guessed, kept = tokens + text.written, guessed + int((guesses != NONE).sum()), kept + int(right.sum())
        for number, program in enumerate((plain, drafted)):
            cycles[number] += written_cycles(program, text, table if number else None)
    return DraftGain(
        temperature=temperature,
        texts=len(texts),
        tokens=tokens,
        guessed=guessed,
        kept=kept,
        plain_cycles=round(cycles[0] / tokens, 2),
        cycles=round(cycles[1] / tokens, 2),
    )


def written_cycles(program: Schedule, text: Text, table: DraftTable | None) -> int:
    """Cycles from the fetch of the last token of a text's opening to the end of its last token; all else is idle."""
    played = list(replay(program, [_turns(text, table), *(iter(()) for _ in range(program.geometry.streams - 1))]))
    return max(token.end for token in played) - next(t.fetch for t in played if t.position == text.opening - 1)


def _turns(text: Text, table: DraftTable | None) -> Iterator[Turn]:
    guesses = [NONE] * len(text.tokens) if table is None else table.guesses(text.tokens).tolist()
    for position, (guess, after) in enumerate(zip(guesses, text.tokens[1:], strict=False)):
        yield Turn(
            position=position,
            generated=position >= text.opening - 1,
            guess=None if guess == NONE else guess == after,
        )
