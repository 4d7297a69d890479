# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text in, text out, over any backend: the reference, a simulation, a board.

model = hardwire.load("build/")
for token in model.stream("Once upon a time"):
    print(token, end="")
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..chip.model import Chip, load_chip
from ..errors import BuildError, PromptError, PromptTooLong
from ..host.requests import RESET, RUNNING, STOP_TOKEN, STOPPED, Backend, Request, RequestState
from ..ops.choice import Chosen
from .guides import Guides
from .hosted import HostedChip
from .pool import Lease, StreamPool
from .prints import Prints
from .selftest import SelfTest, selftest
from .text import NumberStream, Stream, TextCodec

if TYPE_CHECKING:
    from ..emit.rtl.contents import Cast

Prompt = str | Sequence[int]  # text, or token ids, which a chip without a tokenizer takes alone
OPTIONS = ("top_k", "top_p", "penalty", "window", "logprobs", "guide")  # of a request that an extended sampler draws
NOT_COUNTED = "{name} counts no cycles of a token"
BY_REQUEST = "the chip counts the cycles of whole requests: total_cycles, waiting for the host not among them"


class Token(str):
    """A piece of text that knows the token it came from. Pieces concatenate to the whole text."""

    id: int

    def __new__(cls, text: str, token_id: int) -> Token:
        piece = super().__new__(cls, text)
        piece.id = token_id
        return piece


@dataclass(kw_only=True)
class Report:
    """The last request: its tokens, why it ended, its cycles and seconds."""

    prompt: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    status: str = RUNNING  # "stop token", "budget", "context full", "stopped" or "interrupted" at the end
    cycles: list[int] | None = None  # of each token, where the backend tells
    total_cycles: int | None = None  # of the request, where the chip counts them; since the prompt began
    drawn: list[Chosen] = field(default_factory=list)  # of each token, where log probabilities were asked for
    guided: str = ""  # under a guide: "the chip's automaton", or "the host's masks" and why
    stream: int = 0  # of the chip, which had it
    began: float = 0.0  # of time.perf_counter, when the first token was fed
    ended: float = 0.0  # 0 while it runs

    @property
    def seconds(self) -> float:
        """From the first token fed to the end, or until now."""
        return (self.ended or time.perf_counter()) - self.began if self.began else 0.0

    @property
    def tokens_per_second(self) -> float:
        """Positions per second, the prompt's included: each costs the engine one pass."""
        passes, seconds = len(self.prompt) + max(len(self.tokens) - 1, 0), self.seconds
        return passes / seconds if seconds > 0 else 0.0


def _nobody(report: Report) -> None:
    """Is told of a report."""


@dataclass(frozen=True)
class _Job:
    request: Request
    before: list[int]  # tokens of the conversation, in front of the request's
    adapter: str | None
    anew: Request | None = None  # of a request that goes on: with all that was said, for a context that is gone
    behind: int = 0  # and how many requests had begun when it was asked for
    on_report: Callable[[Report], None] = _nobody


class LanguageModel:
    """A chip, its tokenizer and what runs it.

    ``about``: what else ``info`` tells. ``cast``: what a board's chip takes, where its memories can be written.
    ``close``, at the end of a ``with``, frees the backend and gives a board back. A prompt may be token ids; a chip
    without a tokenizer takes no other, and answers in ids, a space in front of each.

    Threads, and tasks by ``astream``, may ask at once: of a chip with several streams each has one while its answer
    lasts, and who comes when all are taken waits for its turn. ``last`` and ``chat`` go by the request that began last.
    """

    def __init__(
        self,
        chip: Chip,
        backend: Backend,
        name: str,
        about: dict[str, Any] | None = None,
        on_close: Callable[[], None] = lambda: None,
        cast: Cast | None = None,
    ) -> None:
        self.chip, self.backend, self.name = chip, backend, name
        self.hosted = backend if isinstance(backend, HostedChip) else None  # a board, simulated or not
        self.about, self._on_close = about or {}, on_close
        self._prints = None if cast is None or self.hosted is None else Prints(self.hosted, chip, cast, name)
        self.codec = TextCodec(chip.tokenizer) if chip.tokenizer is not None else None
        self.guides = Guides(chip, self.codec)
        self.last = Report()
        self._history: list[int] = []  # tokens of the conversation, fed and said
        self._live = False  # whether the board's context is that conversation
        self._spoke_on = self._begun = 0  # the stream that has it; requests that began
        self._pool = StreamPool(backend.limits.streams)
        self._stops, self._closed = 0, False
        self._pieces: dict[int, Token] = {}  # tokens whose text is the same wherever they stand

    # -- asking --------------------------------------------------------------------------------------

    def encode(self, prompt: Prompt, start: bool = True) -> list[int]:
        """Token ids of a prompt, BOS in front of text (``start``); ids stay as they are. Raises PromptError for unknown
        characters or no room."""
        ids = self._encoded(prompt, start) if isinstance(prompt, str) else self._known_ids(prompt)
        context = self.backend.limits.context
        if len(ids) >= context:
            raise PromptTooLong(
                f"the prompt has {len(ids)} tokens; the context of {context} leaves "
                f"no room for an answer, shorten it by {len(ids) - context + 1} or more"
            )
        return ids

    def _encoded(self, text: str, start: bool) -> list[int]:
        if self.codec is None:
            raise PromptError(
                "this chip carries no tokenizer; quantize with --tokenizer tokenizer.json, or give token ids (--ids)"
            )
        ids = self.codec.encode(text, start=start)
        if not ids:
            raise PromptError("the prompt is empty and the tokenizer has no start token; give some text")
        if max(ids) >= self.chip.shape.vocab:
            raise PromptError(
                f"the tokenizer says token {max(ids)}, the model has {self.chip.shape.vocab}; "
                "it belongs to another model, quantize with the right --tokenizer"
            )
        return ids

    def _known_ids(self, ids: Sequence[int]) -> list[int]:
        if len(ids) == 0:
            raise PromptError("the prompt is empty: no token ids; give one or more")
        for token in ids:
            if not 0 <= token < self.chip.shape.vocab:
                raise PromptError(f"token {token} is not one of the {self.chip.shape.vocab} of the vocabulary")
        return [int(token) for token in ids]

    def text(self, ids: Sequence[int]) -> str:
        """The text of ids; of a chip without a tokenizer the ids themselves."""
        return self.codec.decode(ids) if self.codec is not None else " ".join(map(str, ids))

    def stream(
        self,
        prompt: Prompt = "",
        tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stops: tuple[int, ...] | None = None,
        **other: object,
    ) -> Iterator[Token]:
        """Yield the answer piece by piece; without a tokenizer, a piece is a space and the id. Stops at the model's
        end token or ``stops``, after ``tokens`` tokens, or when the context is full; ``last`` says which. The same
        seed gives the same text. ``adapter``: a name that ``add_adapter`` was given, which the board then holds.
        ``drafts=False``: a chip that guesses tokens in passes of idle streams shall not; the text is the same. Others
        are fields of ``Sampling``, of an extended sampler: ``guide=model.guides.regex("[a-z]+", ends=model.stops)``.
        Raises PromptError for what cannot be served, options that the chip does not have among it."""
        return self._stream(self._first(prompt, tokens, temperature, seed, stops, other))

    def generate(
        self,
        prompt: Prompt = "",
        tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stops: tuple[int, ...] | None = None,
        **other: object,
    ) -> str:
        """The whole answer of ``stream``."""
        return "".join(self.stream(prompt, tokens, temperature, seed, stops, **other))

    def astream(
        self,
        prompt: Prompt = "",
        tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stops: tuple[int, ...] | None = None,
        **other: object,
    ) -> AsyncIterator[Token]:
        """``stream`` for asyncio: ``async for token in model.astream("Once")``."""
        return self._astream(self._first(prompt, tokens, temperature, seed, stops, other))

    def chat(
        self,
        text: Prompt,
        tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stops: tuple[int, ...] | None = None,
        **other: object,
    ) -> Iterator[Token]:
        """Continue what was said with more text, and yield the answer. A board keeps its KV cache, if nobody used it
        in between and the last answer was heard to its end; otherwise all that was said is fed again."""
        if not self._history:
            return self.stream(text, tokens, temperature, seed, stops, **other)
        ids, before = self.encode(text, start=False), self._history
        context = self.backend.limits.context
        room = context - len(before)
        if len(ids) >= room:
            raise PromptError(
                f"the text has {len(ids)} tokens, and {max(room, 0)} of {context} positions are left; "
                "shorten it, or begin anew with reset()"
            )
        goes_on = self._goes_on(other.get("adapter"))
        job = self._job([*before, *ids], [], True, tokens, temperature, seed, stops, other)
        if goes_on:
            request = replace(job.request, ids=tuple(ids), clear=False)
            job = replace(job, request=request, before=before, anew=job.request, behind=self._begun)
        return self._stream(job)

    @property
    def stops(self) -> tuple[int, ...]:
        """End tokens: the tokenizer's own, and BOS, with which a story model begins the next text."""
        return self.chip.eos + (() if self.chip.bos is None else (self.chip.bos,))

    # -- the board -----------------------------------------------------------------------------------

    def stop(self) -> None:
        """End the requests that run, from another thread or task; they end behind what was computed."""
        self._stops += 1
        for stream in self._streams():
            stream.stop()

    def reset(self) -> None:
        """Forget what was said; a board's contexts are emptied at once, whatever it does."""
        self._history, self._live, self._begun = [], False, self._begun + 1
        for stream in self._streams():
            stream.reset()

    def _streams(self) -> tuple[HostedChip, ...]:
        """Of a board, simulated or not."""
        return () if self.hosted is None else self.hosted.streams or (self.hosted,)

    def reprint(self, chip: str | Path | Chip) -> None:
        """Pour another chip of the same mould into the board's memories: it is this model from then on, and nothing
        was said to it. A load that is cut off leaves a chip that starts nothing; the next request loads what it was.

        Raises BuildError for a frozen chip or one of another mould, before anything is written; PromptError while an
        answer is given; LinkError where the board does not hold the chip then.
        """
        other = chip if isinstance(chip, Chip) else load_chip(Path(chip))
        self._require_prints().replace(other)
        self._became(other)
        self._history = []
        self.about.pop("expected", None)  # of the chip that was baked

    def add_adapter(self, name: str, adapter: str | Path) -> None:
        """Know an ``.adapter`` of this chip, for ``stream(…, adapter=name)``. Raises ChipError for one of another chip,
        BuildError for a frozen board."""
        self._require_prints().add(name, Path(adapter))

    def hold(self, adapter: str | None) -> None:
        """Make the board hold the chip with that adapter, or without one, for whoever asks the backend itself.

        Raises BuildError for an adapter of a frozen board, PromptError for an unknown one, LinkError.
        """
        prints = self._require_prints() if adapter is not None else self._prints
        if prints is not None and (chip := prints.hold(adapter)) is not None:
            self._became(chip)

    def _require_prints(self) -> Prints:
        if self._prints is None:
            raise BuildError(f"{self.name} is frozen: its memories cannot be written; build it with --reprintable")
        return self._prints

    def _became(self, chip: Chip) -> None:
        """Nothing was said to it yet; what was, is fed again by who goes on."""
        self.chip, self._live, self._pieces, self._begun = chip, False, {}, self._begun + 1
        self.codec = TextCodec(chip.tokenizer) if chip.tokenizer is not None else None
        self.guides = Guides(chip, self.codec)

    def info(self) -> dict[str, Any]:
        """What this is: names, digest, and of a board what it says of itself, with the bus accesses so far."""
        shape = {"vocab": self.chip.shape.vocab, "context": self.chip.shape.context}
        about = {name: value for name, value in self.about.items() if name not in ("expected", "geometry")}
        data: dict[str, Any] = {"name": self.name, "digest": self.chip.digest, **shape, **about}
        if self.hosted is not None:
            hello = asdict(self.hosted.info())
            data |= {**hello, "id": f"{hello['id']:08x}", "clock_mhz": hello["clock_khz"] / 1000}
            names = ("reads", "writes", "tokens", "faults")
            counts = {
                name: [getattr(stream, name) for stream in self._streams() if hasattr(stream, name)] for name in names
            }
            data |= {name: sum(count[1:], count[0]) for name, count in counts.items() if count}
            if hasattr(self.hosted, "interrupt"):
                data["interrupt"] = self.hosted.interrupt
        return data

    def verify(self, tokens: int = 10) -> SelfTest:
        """Compare a board with what was recorded for it, or the integer reference: tokens, logits, trace checksums."""
        if self.hosted is None:
            raise BuildError(f"{self.name} is no board; hardwire verify proves the other steps")
        self._history, self._live = [], False
        recorded, geometry = self.about.get("expected"), self.about.get("geometry")
        laid = self.chip if self._prints is None else self._prints.laid(self.chip)
        return selftest(self.hosted, self.chip, tokens, recorded, geometry, laid)

    def close(self) -> None:
        """Stop, free what runs it, and give a board to others."""
        if not self._closed:
            self._closed = True
            self._on_close()
            self.backend.close()

    def __enter__(self) -> LanguageModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- how -----------------------------------------------------------------------------------------

    def _first(
        self,
        prompt: Prompt,
        tokens: int | None,
        temperature: float,
        seed: int,
        stops: tuple[int, ...] | None,
        other: dict[str, object],
    ) -> _Job:
        return self._job(self.encode(prompt), [], True, tokens, temperature, seed, stops, other)

    def _job(
        self,
        ids: list[int],
        before: list[int],
        fresh: bool,
        tokens: int | None,
        temperature: float,
        seed: int,
        stops: tuple[int, ...] | None,
        other: dict[str, object],
    ) -> _Job:
        """A checked request. Raises BuildError after ``close``, PromptError for what the chip cannot serve."""
        if self._closed:
            raise BuildError(f"{self.name} was closed; load it again")
        adapter = other.pop("adapter", None)
        if adapter is not None:
            self._require_prints()
        on_report = cast("Callable[[Report], None]", other.pop("on_report", _nobody))
        drafts = bool(other.pop("drafts", True))
        sampling = {name: other.pop(name) for name in OPTIONS if name in other}
        if other:
            raise PromptError(
                f"{', '.join(sorted(other))}: there is no such option; there are tokens, temperature, seed, stops, "
                f"drafts, and of an extended sampler {', '.join(OPTIONS)}"
            )
        request = Request(
            ids=tuple(ids),
            budget=tokens,
            temperature=temperature,
            seed=seed,
            stops=self.stops if stops is None else tuple(stops),
            clear=fresh,
            drafts=drafts,
            **sampling,  # type: ignore[arg-type]  # which it checks
        )
        self.backend.limits.check(request)
        return _Job(request, before, None if adapter is None else str(adapter), on_report=on_report)

    def _goes_on(self, adapter: object) -> bool:
        """Whether the board's context is what was said with that adapter, its last token perhaps not yet fed."""
        if not self._live or self.hosted is None or (self._prints is not None and self._prints.held != adapter):
            return False
        position = self._streams()[self._spoke_on].position
        return len(self._history) - position == (self.last.status != STOP_TOKEN)

    def _stream(self, job: _Job) -> Iterator[Token]:
        lease = self._pool.take(None if job.anew is None else self._spoke_on)
        try:
            report, request, state, say = self._begin(job, lease)
            tokens = self._run(request, state)
            try:
                note, pieces = report.tokens.append, self._pieces
                for token in tokens:
                    note(token)
                    piece = pieces.get(token) if say.steady else None
                    yield piece if piece is not None else say(token)
                yield from self._finish(report, state, say)
            except (KeyboardInterrupt, GeneratorExit):
                report.status = "interrupted"
                raise
            finally:
                close = getattr(tokens, "close", None)
                if close is not None:
                    close()  # the stream is idle before another has it
                self._ended(job, report, state)
        finally:
            self._pool.free(lease)

    async def _astream(self, job: _Job) -> AsyncIterator[Token]:
        lease = await self._pool.atake(None if job.anew is None else self._spoke_on)
        try:
            report, request, state, say = self._begin(job, lease)
            tokens = self._arun(request, state)
            try:
                async for token in tokens:
                    report.tokens.append(token)
                    yield say(token)
                for piece in self._finish(report, state, say):
                    yield piece
            except (KeyboardInterrupt, GeneratorExit, asyncio.CancelledError):
                report.status = "interrupted"
                raise
            finally:
                await tokens.aclose()  # type: ignore[attr-defined]
                self._ended(job, report, state)
        finally:
            self._pool.free(lease)

    def _begin(self, job: _Job, lease: Lease) -> tuple[Report, Request, RequestState, Speaker]:
        self.hold(job.adapter)
        anew = job.anew is not None and (self._begun, self._spoke_on) != (job.behind, lease.number)
        request = job.anew if anew and job.anew is not None else job.request
        report = self.last = Report(prompt=list(request.ids), stream=lease.number, began=time.perf_counter())
        job.on_report(report)
        self._live, self._spoke_on, self._begun = False, lease.number, self._begun + 1
        before = [] if anew else job.before
        text = NumberStream() if self.codec is None else self.codec.stream([*before, *request.ids])
        if lease.number:
            request = replace(request, stream=lease.number)
        return report, request, RequestState(), Speaker(text, self._pieces)

    def _finish(self, report: Report, state: RequestState, say: Speaker) -> Iterator[Token]:
        """Note the end; what is left of a character that never became whole."""
        report.status = STOPPED if state.status == RUNNING else state.status
        if self.last is report:
            self._live = self.hosted is not None and report.status != RESET
        ending = say.flush()
        if ending:
            yield Token(ending, report.tokens[-1])

    def _ended(self, job: _Job, report: Report, state: RequestState) -> None:
        report.ended = time.perf_counter()
        report.cycles, report.drawn, report.guided = state.cycles, state.drawn, state.guided
        if self.last is report:
            before = job.before if len(report.prompt) == len(job.request.ids) else []
            self._history = [*before, *report.prompt, *report.tokens]

    def count_cycles(self) -> str:
        """Put what the chip counted of the last request into ``last.total_cycles``; why there is no ``last.cycles``."""
        if self.last.cycles is not None:
            return ""
        if self.hosted is None:
            return NOT_COUNTED.format(name=self.name)
        self.last.total_cycles = self._streams()[self.last.stream].run_cycles()
        return BY_REQUEST

    def _run(self, request: Request, state: RequestState) -> Iterator[int]:
        tokens = self.backend.stream(request, state)
        return tokens if self.hosted is not None else self._until_stop(tokens)

    def _until_stop(self, tokens: Iterator[int]) -> Iterator[int]:
        stops = self._stops
        for token in tokens:
            yield token
            if self._stops != stops:
                return

    async def _arun(self, request: Request, state: RequestState) -> AsyncIterator[int]:
        """Tokens without blocking the loop: a chip's own way, or one after the other in a thread."""
        arun = getattr(self.hosted, "astream", None)
        if arun is not None:
            tokens_of_chip = arun(request, state)
            try:
                async for token in tokens_of_chip:
                    yield token
            finally:
                await tokens_of_chip.aclose()
            return
        tokens, loop = self._run(request, state), asyncio.get_running_loop()
        while (token := await loop.run_in_executor(None, next, tokens, None)) is not None:
            yield token


class Speaker:
    """Tokens to pieces of text. The text of most tokens depends on nothing but the token: those are kept in ``cache``,
    and right wherever the text is ``steady``."""

    __slots__ = ("_cache", "steady", "text")

    def __init__(self, text: Stream | NumberStream, cache: dict[int, Token]) -> None:
        self.text, self._cache, self.steady = text, cache, text.steady

    def __call__(self, token: int) -> Token:
        before = self.steady
        piece = Token(self.text.feed(token), token)
        self.steady = self.text.steady
        if before and self.steady:
            self._cache[token] = piece
        return piece

    def flush(self) -> str:
        """The rest of a character that never became whole."""
        return self.text.flush()
