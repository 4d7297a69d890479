# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Who has which stream: in the order in which callers came, each of them once, whoever leaves the line."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from hardwire.driver.pool import Lease, StreamPool


def elsewhere(call: object) -> threading.Thread:
    """A thread of its own, begun."""
    thread = threading.Thread(target=call)  # type: ignore[arg-type]
    thread.start()
    return thread


def waiting(pool: StreamPool, count: int) -> None:
    """Return when so many wait."""
    while len(pool._waiting) != count:
        time.sleep(0.001)


def test_the_one_that_was_used_longest_ago_is_taken_first() -> None:
    pool = StreamPool(3)
    leases = [pool.take() for _ in range(3)]
    assert [lease.number for lease in leases] == [0, 1, 2]
    for number in (1, 2, 0):
        pool.free(leases[number])
    assert [pool.take().number for _ in range(3)] == [1, 2, 0]


def test_a_stream_by_its_number_where_it_is_free() -> None:
    pool = StreamPool(3)
    assert [pool.take(number).number for number in (2, 2, 1)] == [2, 0, 1]


def test_callers_are_served_in_the_order_in_which_they_came() -> None:
    pool, served, threads = StreamPool(2), list[tuple[int, int]](), list[threading.Thread]()
    pool.take(), pool.take()

    def ask(caller: int) -> None:
        lease = pool.take()
        served.append((caller, lease.number))

    for caller in range(5):
        threads.append(elsewhere(lambda caller=caller: ask(caller)))
        waiting(pool, caller + 1)
    for count in range(1, 6):
        pool.free(pool._held[0])
        while len(served) != count:
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert [caller for caller, _ in served] == [0, 1, 2, 3, 4]
    assert [number for _, number in served] == [0, 1, 0, 1, 0]


def test_who_holds_them_all_takes_over_its_own_first() -> None:
    pool = StreamPool(2)
    old, newer = pool.take(), pool.take()
    again = pool.take()
    assert (again.number, newer.number) == (old.number, 1)
    pool.free(old)  # it was taken over: what ends it later gives nothing back
    assert not pool._free and len(pool._held) == 2
    pool.free(again)
    assert list(pool._free) == [0]


def test_another_thread_waits_and_does_not_take_over() -> None:
    pool, got = StreamPool(1), list[Lease]()
    held = pool.take()
    thread = elsewhere(lambda: got.append(pool.take()))
    waiting(pool, 1)
    assert not got
    pool.free(held)
    thread.join()
    assert [lease.number for lease in got] == [0]


def test_tasks_wait_for_each_other_and_go_on_meanwhile() -> None:
    pool, running, most = StreamPool(2), [0], [0]
    order: list[int] = []

    async def user(number: int) -> None:
        lease = await pool.atake()
        order.append(number)
        running[0] += 1
        most[0] = max(most[0], running[0])
        for _ in range(3):
            await asyncio.sleep(0)
        running[0] -= 1
        pool.free(lease)

    async def all_users() -> None:
        await asyncio.gather(*(user(number) for number in range(7)))

    asyncio.run(all_users())
    assert order == list(range(7)) and most == [2] and sorted(pool._free) == [0, 1]


def test_a_task_that_holds_them_all_takes_over() -> None:
    pool = StreamPool(1)

    async def alone() -> None:
        first = await pool.atake()
        second = await pool.atake()
        pool.free(first)
        assert not pool._free
        pool.free(second)

    asyncio.run(alone())
    assert list(pool._free) == [0]


def test_who_leaves_the_line_leaves_no_gap() -> None:
    pool = StreamPool(1)

    async def users() -> None:
        held = await pool.atake()
        first, second = (asyncio.create_task(pool.atake()) for _ in range(2))
        await asyncio.sleep(0)
        assert len(pool._waiting) == 2
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        pool.free(held)
        assert (await second).number == 0

        third = asyncio.create_task(pool.atake())
        await asyncio.sleep(0)
        pool.free(pool._held[0])  # given to the third, which is cancelled before it wakes
        third.cancel()
        with pytest.raises(asyncio.CancelledError):
            await third
        assert list(pool._free) == [0] and not pool._held

    asyncio.run(users())
