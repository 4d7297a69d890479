# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Counts for Prometheus, and a line of JSON per request; no text of anybody's is in either."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from .engine import Engine, Job, Jobs

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
CONTENT_TYPE = CONTENT_TYPE_LATEST

log = logging.getLogger("hardwire.serve")


class Metrics:
    """The counts of one server, in a registry of its own."""

    def __init__(self) -> None:
        into = self._registry = CollectorRegistry()
        self.requests = Counter("hardwire_requests", "Requests answered.", ["path", "status"], registry=into)
        self.answers = Counter("hardwire_answers", "Answers by the reason of their end.", ["status"], registry=into)
        self.tokens = Counter("hardwire_tokens", "Tokens of answers.", registry=into)
        self.prompt_tokens = Counter("hardwire_prompt_tokens", "Tokens of prompts.", registry=into)
        self.cycles = Counter("hardwire_chip_cycles", "Cycles of the chip on answers, where it counts.", registry=into)
        self.wait = Histogram("hardwire_wait_seconds", "In the queue.", buckets=SECONDS, registry=into)
        self.first = Histogram(
            "hardwire_first_token_seconds", "From request to first token.", buckets=SECONDS, registry=into
        )
        self.busy = Histogram("hardwire_answer_seconds", "Of the chip on an answer.", buckets=SECONDS, registry=into)
        self._waiting = Gauge("hardwire_waiting", "Answers in the queue.", registry=into)
        self._running = Gauge("hardwire_running", "Answers that the chip works on.", registry=into)

    def watch(self, engine: Engine) -> None:
        self._waiting.set_function(lambda: engine.waiting)
        self._running.set_function(lambda: engine.running)

    def ended(self, jobs: Jobs, job: Job) -> None:
        """Of the engine, behind every job."""
        self.answers.labels(job.status).inc()
        self.tokens.inc(job.tokens)
        if job.began:
            self.prompt_tokens.inc(len(job.request.ids))
            self.wait.observe(job.began - jobs.asked)
            self.busy.observe(job.ended - job.began)
        if job.first:
            self.first.observe(job.first - jobs.asked)
        if job.total_cycles is not None:
            self.cycles.inc(job.total_cycles)

    def text(self) -> bytes:
        return generate_latest(self._registry)


class JsonLines(logging.Formatter):
    """A record as one line: time, level, what happened, and the fields that its caller gave as ``about``."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "about", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to_stderr() -> None:
    """Logs of this package and of uvicorn as lines of JSON on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in (log.name, "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
