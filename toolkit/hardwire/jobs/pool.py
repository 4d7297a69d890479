# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Hands steps to a cluster and judges what comes back: a lost worker is no failure, a cancelled job is one."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import HardwireError
from ..progress import JobProgress
from .cluster import SYSTEMS, Place, open_client, room
from .needs import Needs, words
from .queues import ENDED, OVER, slurm_state
from .step import TOPIC, Outcome, Step, run_step, wait_for_all

TRIES = 4  # of a step whose worker is lost each time
ASKED = 8  # times that a batch system is asked why, half a second apart
KEPT_UP = 3.0  # seconds between two looks for workers that are gone
QUEUED = "queued"  # at a worker that was lost before it came to the step
GONE = "the scheduler is gone; run it again to continue"


class StepFailed(HardwireError):
    """A step that came to no good end; ``status`` is its outcome's, ``kind`` the step's."""

    def __init__(self, outcome: Outcome, kind: str) -> None:
        super().__init__(outcome.error or outcome.status)
        self.status, self.kind = outcome.status, kind


class Pool:
    """The workers of a cluster."""

    def __init__(self, client: Any, cluster: Any, place: Place, most: Needs) -> None:
        self.client, self.cluster, self.place = client, cluster, place
        self.room = room(place, most)
        self._licences = {name: asyncio.Semaphore(count) for name, count in place.licences.items()}
        self._order: dict[str, int] = {}  # of jobs, by their first step
        self._begun: set[str] = set()  # keys of tasks that a worker has taken up
        self._over: dict[str, asyncio.Future[Outcome]] = {}  # of tasks: what the step said, if it came to no good end

    async def run(self, step: Step) -> Any:
        """What the step's ``work`` returned. Raises StepFailed; a lost worker only costs the time."""
        return (await self.outcome(step)).value

    async def outcome(self, step: Step) -> Outcome:
        """The same with what the step took. Raises StepFailed."""
        step = await self._fitted(step)
        losses = 0
        while True:
            async with self._licensed(step):
                outcome = await self._submit(step)
            if outcome.status == "done":
                return outcome
            losses += outcome.status == "lost"
            if outcome.status not in ("lost", QUEUED) or losses == TRIES:
                raise StepFailed(outcome, step.kind)

    async def _fitted(self, step: Step) -> Step:
        if self.room is not None:
            return replace(step, needs=step.needs.within(*self.room))
        have = (await self._workers()).values()
        most = max((worker["resources"].get("memory", 0) for worker in have), default=step.needs.memory)
        if step.needs.memory > most:
            raise StepFailed(
                Outcome(
                    status="failed",
                    error=f"{step.job}: {step.kind} asks for {words(step.needs.memory)}, the largest worker of "
                    f"{self.place.on} has {words(int(most))}",
                ),
                step.kind,
            )
        cores = max((worker["resources"].get("cores", 1) for worker in have), default=step.needs.cores)
        return replace(step, needs=step.needs.within(int(cores), step.needs.memory))

    def hear(self, event: Mapping[str, Any], told: JobProgress) -> None:
        """What a step says of itself."""
        if "begun" in event:
            self._begun.add(event["begun"])
        elif "over" in event:
            if (over := self._over.get(event["over"])) is not None and not over.done():
                over.set_result(Outcome(**event["outcome"]))
        else:
            told(event["job"], event["stage"], event["share"])

    async def _workers(self) -> dict[str, Any]:
        """Those that the scheduler has now, by their address; the client's own list may be older."""
        return dict((await self.client.scheduler.identity(n_workers=-1))["workers"])

    @contextlib.asynccontextmanager
    async def _licensed(self, step: Step) -> AsyncIterator[None]:
        """Licences count over all workers: Dask counts resources by worker."""
        async with contextlib.AsyncExitStack() as held:
            for name, count in sorted(step.needs.licences.items()):
                for _ in range(count if name in self._licences else 0):
                    await held.enter_async_context(self._licences[name])
            yield

    async def _submit(self, step: Step) -> Outcome:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        resources = {key: n for key, n in step.needs.resources.items() if key not in step.needs.licences}
        resources |= {key: n for key, n in step.needs.licences.items() if key in self._licences}
        key = f"{step.kind}-{uuid.uuid4().hex}"
        # What began first is brought to its end first.
        turn = -self._order.setdefault(step.job, len(self._order))
        future = self.client.submit(run_step, step, key=key, pure=False, resources=resources, priority=turn)
        # Whichever comes first, what is returned or the event: a worker may die when it has answered and nobody has
        # fetched that, and Dask would do the step once more.
        over = self._over[key] = asyncio.get_running_loop().create_future()
        fetched = asyncio.ensure_future(_fetched(future))
        try:
            await asyncio.wait({fetched, over}, return_when=asyncio.FIRST_COMPLETED)
            outcome = over.result() if over.done() else fetched.result()
        except KilledWorker as lost:
            if key not in self._begun:  # it only waited there
                return Outcome(status=QUEUED)
            return await self._why_lost(step, str(lost.last_worker.name))
        except FutureCancelledError:
            return Outcome(status="stopped", error=GONE)
        finally:
            del self._over[key]
            if not fetched.done():
                fetched.cancel()
                with contextlib.suppress(Exception):  # a cluster that is gone has cancelled it already
                    await self.client.cancel([future])
            elif not fetched.cancelled():
                fetched.exception()  # looked at: without, Python complains of it
        if outcome.status == "stopped":  # its worker closes, and was quick enough to say so
            return await self._ended_by(step, outcome.batch_job) or replace(outcome, status="lost")
        if outcome.signal:
            return await self._ended_by(step, outcome.batch_job) or outcome
        return outcome

    async def _why_lost(self, step: Step, worker: str) -> Outcome:
        job = getattr(self.cluster.workers.get(worker), "job_id", None) if self.cluster is not None else None
        said = f"{step.job}: {step.kind}: its worker {worker} was lost {TRIES} times"
        return await self._ended_by(step, job) or Outcome(status="lost", error=said, batch_job=job)

    async def _ended_by(self, step: Step, job: str | None) -> Outcome | None:
        """What the batch system did to the job of a worker, if it was its doing or a person's."""
        if job is None or self.place.on != "slurm":
            return None
        for _ in range(ASKED):  # its own news of a dead job comes after ours of a dead line
            state = await slurm_state(job)
            if state in OVER or state is None:
                break
            await asyncio.sleep(0.5)
        if state not in ENDED:
            return None
        error = f"{step.job}: {step.kind}: Slurm job {job} is {state}"
        more = {
            "CANCELLED": "somebody cancelled it; run it again to continue",
            "OUT_OF_MEMORY": f"{words(step.needs.memory)} were asked for; ask for more memory",
        }
        return Outcome(status=ENDED[state], error=f"{error}; {more[state]}", batch_job=job)

    async def keep_up(self) -> None:
        """Replace jobs of the batch system that ended, as often as needed; never returns."""
        while True:
            await asyncio.sleep(KEPT_UP)
            connected = {worker["name"] for worker in (await self._workers()).values()}
            for name in set(self.cluster.workers) - connected:
                if self.place.on == "slurm" and await slurm_state(self.cluster.workers[name].job_id) in OVER:
                    # No variable may hold it: the cluster wants what it still knows of to be closed by itself.
                    self.cluster.workers.pop(name)
            self.cluster.scale(self.place.jobs)  # starts what the plan has and the cluster lacks


async def _fetched(future: Any) -> Outcome:
    """What a Dask future holds, as a coroutine, of which a task can be made."""
    outcome: Outcome = await future
    return outcome


@contextlib.asynccontextmanager
async def open_pool(place: Place, most: Needs, told: JobProgress) -> AsyncIterator[Pool]:
    """A pool whose workers have their cores, memory and licences as resources."""
    from .resources import Declared

    async with open_client(place, most) as (client, cluster):
        pool = Pool(client, cluster, place, most)
        cores, memory = pool.room or (None, None)
        await client.register_plugin(Declared(cores, memory, dict(place.licences)), name="hardwire-resources")
        client.subscribe_topic(TOPIC, lambda event: pool.hear(event[1], told))
        keeper = asyncio.create_task(pool.keep_up()) if place.on in SYSTEMS else None
        try:
            yield pool
        finally:
            if keeper is not None:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)


def run_steps(work: Callable[[Pool], Awaitable[None]], place: Place, most: Needs, told: JobProgress) -> bool:
    """Run ``work`` with a pool to its end; True where Ctrl-C stopped it. Steps that ran are ended then.

    In a thread with an event loop of its own, since the caller may have one, as notebooks do.
    """
    place.check()
    failed: list[BaseException] = []
    ended = threading.Event()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        running.append((asyncio.get_running_loop(), task))
        async with open_pool(place, most, told) as pool:
            await work(pool)

    def run() -> None:
        try:
            asyncio.run(main())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # whatever it is, it is raised again where the caller waits
            failed.append(error)
        finally:
            wait_for_all()
            ended.set()

    threading.Thread(target=run, name="hardwire-steps").start()
    interrupted = False
    while not ended.is_set():
        try:
            ended.wait(0.2)  # not join: Ctrl-C in it makes Python 3.11 take the thread for ended
        except KeyboardInterrupt:
            interrupted = True
            for loop, task in running:
                loop.call_soon_threadsafe(task.cancel)
    if failed and not interrupted:
        raise _told(failed[0], place)
    return interrupted


def _told(error: BaseException, place: Place) -> BaseException:
    if isinstance(error, OSError) and place.is_address:
        return HardwireError(f"--on {place.on}: no scheduler answers there ({error}); start one with dask scheduler")
    if isinstance(error, RuntimeError | FileNotFoundError) and place.on in SYSTEMS:
        return HardwireError(f"--on {place.on}: it takes no job: {error}")
    return error
