# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""One step as a worker runs it: it tells how far it is, ends when nobody wants it any more, and never raises."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import HardwireError
from ..progress import Progress
from ..tools.process import OutOfMemory, OutOfTime, Stop, Stopped
from .needs import Needs

TOPIC = "hardwire"  # of the events by which a step tells how far it is
POLL = 0.25  # seconds between two looks at whether the step is still wanted
RARELY = 0.2  # seconds between two events of the same stage
GONE = ("closing", "closed", "failed")  # of a worker
# Where a batch system tells a job its number.
JOB_VARIABLES = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is to be done for a job. ``work`` travels to the worker, which has the same files and the same package.

    It should keep what it made, with a receipt, and find it again: a step that is lost is given out once more. What
    it returns says with ``kept``, an attribute or a key, that it was found.
    """

    job: str
    kind: str  # "yosys", "route", "pack", "vivado", "vitis", "proof", or what a sweep adds
    work: Callable[[Progress, Stop], Any]
    needs: Needs
    span: tuple[float, float] = (0.0, 1.0)  # of the job's progress
    ledger: Path | None = None  # a folder for a line of each step's begin and end


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a step.

    status: "done", "failed", "over memory", "out of time", "disk full", "stopped"; of a step whose worker is gone
    "lost" or "cancelled".
    """

    status: str = "done"
    value: Any = None
    kept: bool = False  # found finished
    error: str | None = None
    signal: int = 0  # that ended its last tool, which we did not send
    peak: int = 0  # bytes that its programs held at the most
    seconds: float = 0.0
    host: str = ""
    batch_job: str | None = None  # of the batch system


def run_step(step: Step) -> Outcome:
    """Run on a worker, in a thread of it."""
    from distributed import get_worker

    worker, started = get_worker(), time.time()
    stop, key = Stop(step.needs.memory), worker.get_current_task()
    told = _teller(worker, step)
    worker.log_event(TOPIC, {"begun": key})
    batch_job = next((os.environ[name] for name in JOB_VARIABLES if name in os.environ), None)
    line = {"id": uuid.uuid4().hex, "job": step.job, "kind": step.kind, "host": platform.node(), "pid": os.getpid()}
    line |= {"batch_job": batch_job, "worker": str(worker.name)}
    _note(step, {**line, "started": started})
    with _while_wanted(worker, stop):
        value, status, error = _tried(step, told, stop)
    killed = stop.signal if status == "failed" else 0
    kept = bool(value.get("kept") if isinstance(value, dict) else getattr(value, "kept", False))
    done = Outcome(
        status=status,
        kept=kept,
        value=value,
        error=error,
        signal=killed,
        peak=stop.peak,
        seconds=round(time.time() - started, 2),
        host=platform.node(),
        batch_job=batch_job,
    )
    _note(step, {**line, "ended": time.time(), "status": status, "kept": kept, "peak": stop.peak, "signal": killed})
    if status != "done":  # what ended it may end the worker before anyone has fetched what is returned here
        worker.log_event(TOPIC, {"over": key, "outcome": asdict(done)})
    return done


_here: set[threading.Event] = set()  # of steps that run in this process


def wait_for_all() -> None:
    """Return when no step runs in this process any more; those that nobody wants end by themselves."""
    for ended in list(_here):
        ended.wait()


def _tried(step: Step, told: Progress, stop: Stop) -> tuple[Any, str, str | None]:
    try:
        return step.work(told, stop), "done", None
    except OutOfMemory as error:
        return None, "over memory", str(error)
    except OutOfTime as error:
        return None, "out of time", str(error)
    except Stopped as error:
        return None, "stopped", str(error)
    except HardwireError as error:
        return None, _failed(str(error)), str(error)
    except Exception as error:  # a fault of ours must not take the other jobs with it
        words = f"{type(error).__name__}: {error}"
        return None, _failed(words), words


def _failed(words: str) -> str:
    return "disk full" if is_full(words) else "failed"


def is_full(words: str) -> bool:
    """Whether an error tells of a full disk, which is no fault of the job: it is worth another run."""
    return os.strerror(errno.ENOSPC) in words


def _teller(worker: Any, step: Step) -> Progress:
    begin, end = step.span
    last: list[Any] = ["", 0.0]

    def told(stage: str, share: float) -> None:
        now = time.monotonic()
        if stage == last[0] and now - last[1] < RARELY:
            return
        last[:] = [stage, now]
        worker.log_event(TOPIC, {"job": step.job, "stage": stage, "share": begin + (end - begin) * share})

    return told


@contextlib.contextmanager
def _while_wanted(worker: Any, stop: Stop) -> Iterator[None]:
    """Stops the step's tools when the scheduler takes the task back, is gone, or the worker closes."""
    key, ended = worker.get_current_task(), threading.Event()

    def watch() -> None:
        while not ended.wait(POLL):
            task = worker.state.tasks.get(key)
            if task is None or task.state not in ("executing", "long-running") or worker.status.name in GONE:
                return stop.stop()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    _here.add(ended)
    try:
        yield
    finally:
        ended.set()
        _here.discard(ended)
        watcher.join()


def _note(step: Step, line: dict[str, Any]) -> None:
    """A file for each worker process, as appending is not atomic on a network's file system. Worth no failure."""
    if step.ledger is None:
        return
    with contextlib.suppress(OSError):
        step.ledger.mkdir(parents=True, exist_ok=True)
        with (step.ledger / f"{platform.node()}-{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
