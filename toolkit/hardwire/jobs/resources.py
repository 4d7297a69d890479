# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a worker has, as Dask's resources: declared on every worker, also those that come later or are not ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from distributed import WorkerPlugin
from distributed.system import MEMORY_LIMIT


class Declared(WorkerPlugin):  # type: ignore[misc]
    """Cores and memory as given, else as the worker has them; a worker's own word counts more."""

    name = "hardwire-resources"

    def __init__(self, cores: int | None, memory: int | None, licences: Mapping[str, int]) -> None:
        self.cores, self.memory, self.licences = cores, memory, licences

    async def setup(self, worker: Any) -> None:
        """Called on each worker as it joins."""
        memory = self.memory or worker.memory_manager.memory_limit or MEMORY_LIMIT
        have = {"cores": self.cores or worker.state.nthreads, "memory": memory, **self.licences}
        more = {name: count for name, count in have.items() if name not in worker.state.total_resources}
        if more:
            await worker.set_resources(**more)
