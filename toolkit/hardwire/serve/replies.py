# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Answers in the words of each call: whole, and as the events of a stream."""

from __future__ import annotations

import json
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..ops.choice import Chosen
from .asks import Ask
from .engine import Job, Part
from .fields import Model
from .logprobs import LogProbs
from .sampling import CHAT, COMPLETIONS

DONE = b"data: [DONE]\n\n"
Json = dict[str, Any]


def event(data: Json) -> bytes:
    """A server-sent event of one object."""
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


@dataclass(frozen=True)
class Tried:
    """What ``until`` did: answers that were tried, their tokens, milliseconds, and whether the last one passed."""

    attempts: int
    tokens: int
    milliseconds: float
    passed: bool

    def as_json(self) -> Json:
        return {
            "attempts": self.attempts,
            "tokens": self.tokens,
            "milliseconds": round(self.milliseconds, 1),
            "passed": self.passed,
        }


def usage(ask: Ask, tokens: int) -> Json:
    prompt = ask.prompt_tokens
    return {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}


def chip_says(job: Job) -> Json:
    """What no other API tells: the seed that gives this answer again, why it ended, the chip's cycles and the time."""
    said: Json = {"seed": job.request.seed, "status": job.status, "milliseconds": _milliseconds(job)}
    if job.total_cycles is not None:
        said["cycles"] = job.total_cycles
    return said


def _milliseconds(job: Job) -> float:
    """Of the chip's work on it, without the wait for its turn."""
    return round(1000 * (job.ended - job.began), 3) if job.began else 0.0


@dataclass
class Taken:
    """What was taken of a job: all of its text and tokens so far."""

    text: list[str] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    cycles: list[int] = field(default_factory=list)
    drawn: list[Chosen] = field(default_factory=list)

    def take(self, job: Job) -> list[Part]:
        """What came since the last time; the rest of the text with the last."""
        parts = [job.parts.popleft() for _ in range(len(job.parts))]
        self.text += [part[1] for part in parts]
        self.tokens += [part[0] for part in parts]
        self.cycles += [part[2] for part in parts if part[2] is not None]
        self.drawn += drawn_of(parts)
        return parts


def drawn_of(parts: Sequence[Part]) -> list[Chosen]:
    """The draws of tokens whose log probabilities were asked for."""
    return [part[3] for part in parts if part[3] is not None]


class Reply(ABC):
    """The answer to one ask."""

    prefix = "cmpl"

    def __init__(self, ask: Ask, model: Model, logprobs: LogProbs) -> None:
        self._logprobs, self._top = logprobs, ask.request.logprobs
        self.ask, self.id, self.created = ask, f"{self.prefix}-{secrets.token_hex(12)}", int(time.time())
        self._print = f"hw_{model.digest[:12]}" + (f"+{ask.adapter}" if ask.adapter is not None else "")

    def _object(self, kind: str) -> Json:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.ask.model,
            "system_fingerprint": self._print,
        }

    def lead(self, index: int) -> str:
        """The text in front of answer ``index``: its prompt, where that is echoed."""
        return self.ask.texts[index // self.ask.choices] if self.ask.texts else ""

    @abstractmethod
    def whole(self, jobs: Sequence[Job], taken: Sequence[Taken], tried: Tried | None = None) -> Json:
        """The answer as one object."""

    @abstractmethod
    def begin(self, jobs: Sequence[Job]) -> Iterator[bytes]:
        """Events in front of the first token."""

    @abstractmethod
    def some(self, job: Job, parts: Sequence[Part]) -> bytes:
        """The event of tokens that came together; b"" where nothing can be shown yet."""

    @abstractmethod
    def last(self, job: Job) -> bytes:
        """The event of an answer that ended."""

    @abstractmethod
    def end(self, jobs: Sequence[Job]) -> bytes:
        """What stands behind all answers."""


class ChoicesReply(Reply):
    """OpenAI's: a list of choices, each with its index."""

    whole_kind, event_kind = "text_completion", "text_completion"

    def whole(self, jobs: Sequence[Job], taken: Sequence[Taken], tried: Tried | None = None) -> Json:
        choices = [
            self._choice(job, self.lead(job.index) + "".join(got.text) + job.rest, self._probabilities(got.drawn))
            for job, got in zip(jobs, taken, strict=True)
        ]
        used = tried.tokens if tried is not None else sum(job.tokens for job in jobs)
        said: Json = {"choices": [chip_says(job) for job in jobs]}
        if tried is not None:
            said["until"] = tried.as_json()
        return {**self._object(self.whole_kind), "choices": choices, "usage": usage(self.ask, used), "hardwire": said}

    @abstractmethod
    def _choice(self, job: Job, text: str, logprobs: Json | None) -> Json: ...

    @abstractmethod
    def _delta(self, index: int, text: str, reason: str | None, logprobs: Json | None = None) -> Json: ...

    @abstractmethod
    def _probabilities(self, drawn: Sequence[Chosen]) -> Json | None:
        """Of draws, where they were asked for."""

    def begin(self, jobs: Sequence[Job]) -> Iterator[bytes]:
        for job in jobs:
            if self.lead(job.index):
                yield self._event(self._delta(job.index, self.lead(job.index), None))

    def some(self, job: Job, parts: Sequence[Part]) -> bytes:
        text, told = "".join([part[1] for part in parts]), self._probabilities(drawn_of(parts))
        if not text and told is None:
            return b""
        return self._event(self._delta(job.index, text, None, told), len(parts))

    def last(self, job: Job) -> bytes:
        rest = self._event(self._delta(job.index, job.rest, None)) if job.rest else b""
        return rest + self._event(self._delta(job.index, "", job.finish_reason))

    def end(self, jobs: Sequence[Job]) -> bytes:
        if not self.ask.usage:
            return DONE
        used = usage(self.ask, sum(job.tokens for job in jobs))
        said = {"choices": [chip_says(job) for job in jobs]}
        return event({**self._object(self.event_kind), "choices": [], "usage": used, "hardwire": said}) + DONE

    def _event(self, choice: Json, tokens: int = 0) -> bytes:
        """``tokens``: that this event carries, which its text does not tell."""
        used = {"usage": None} if self.ask.usage else {}
        return event({**self._object(self.event_kind), "choices": [choice], **used, "hardwire": {"tokens": tokens}})


class CompletionReply(ChoicesReply):
    """/v1/completions."""

    def _choice(self, job: Job, text: str, logprobs: Json | None) -> Json:
        return self._delta(job.index, text, job.finish_reason, logprobs)

    def _delta(self, index: int, text: str, reason: str | None, logprobs: Json | None = None) -> Json:
        return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": reason}

    def _probabilities(self, drawn: Sequence[Chosen]) -> Json | None:
        return None if self._top is None else self._logprobs.of_completion(drawn, self._top)


class ChatReply(ChoicesReply):
    """/v1/chat/completions."""

    prefix, whole_kind, event_kind = "chatcmpl", "chat.completion", "chat.completion.chunk"

    def _choice(self, job: Job, text: str, logprobs: Json | None) -> Json:
        message = {"role": "assistant", "content": text, "refusal": None}
        return {"index": job.index, "message": message, "logprobs": logprobs, "finish_reason": job.finish_reason}

    def _delta(self, index: int, text: str, reason: str | None, logprobs: Json | None = None) -> Json:
        delta = {"content": text} if reason is None else {}
        return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": reason}

    def _probabilities(self, drawn: Sequence[Chosen]) -> Json | None:
        return None if self._top is None else self._logprobs.of_chat(drawn, self._top)

    def begin(self, jobs: Sequence[Job]) -> Iterator[bytes]:
        for job in jobs:
            delta = {"role": "assistant", "content": ""}
            yield self._event({"index": job.index, "delta": delta, "logprobs": None, "finish_reason": None})

    def lead(self, index: int) -> str:
        return ""


class NativeReply(Reply):
    """/generate: one answer, with its tokens and cycles."""

    prefix = "gen"

    def whole(self, jobs: Sequence[Job], taken: Sequence[Taken], tried: Tried | None = None) -> Json:
        (job,), (got,) = jobs, taken
        answer = {
            "id": self.id,
            "model": self.ask.model,
            "text": self.lead(0) + "".join(got.text) + job.rest,
            "tokens": got.tokens,
            "token_cycles": got.cycles or None,
            **self._told(got.drawn),
            **self._end(jobs),
        }
        if tried is not None:
            answer["until"] = tried.as_json()
            answer["usage"] = usage(self.ask, tried.tokens)
        return answer

    def _told(self, drawn: Sequence[Chosen]) -> Json:
        return {} if self._top is None else {"logprobs": self._logprobs.of_generation(drawn, self._top)}

    def _end(self, jobs: Sequence[Job]) -> Json:
        (job,) = jobs
        return {
            "finish_reason": job.finish_reason,
            "usage": usage(self.ask, job.tokens),
            "system_fingerprint": self._print,
            **chip_says(job),
        }

    def begin(self, jobs: Sequence[Job]) -> Iterator[bytes]:
        if self.lead(0):
            yield event({"text": self.lead(0), "tokens": [], "token_cycles": None})

    def some(self, job: Job, parts: Sequence[Part]) -> bytes:
        cycles = [part[2] for part in parts if part[2] is not None]
        text, tokens = "".join([part[1] for part in parts]), [part[0] for part in parts]
        return event({"text": text, "tokens": tokens, "token_cycles": cycles or None, **self._told(drawn_of(parts))})

    def last(self, job: Job) -> bytes:
        return event({"text": job.rest, "tokens": [], "token_cycles": None}) if job.rest else b""

    def end(self, jobs: Sequence[Job]) -> bytes:
        return event(self._end(jobs)) + DONE

    def attempt(self, number: int, text: str, passed: bool) -> bytes:
        """The event of an answer that ``until`` tried."""
        return event({"attempt": number, "text": text, "passed": passed})


def reply_to(ask: Ask, model: Model, logprobs: LogProbs) -> Reply:
    return {COMPLETIONS: CompletionReply, CHAT: ChatReply}.get(ask.call, NativeReply)(ask, model, logprobs)
