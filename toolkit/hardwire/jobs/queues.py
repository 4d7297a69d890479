# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a batch system says of one of its jobs."""

from __future__ import annotations

import asyncio
import re
import shutil

# Slurm's states of a job that ended by other than its own will, and the status that a step in it has then.
ENDED = {"CANCELLED": "cancelled", "OUT_OF_MEMORY": "over memory"}
OVER = ("CANCELLED", "OUT_OF_MEMORY", "COMPLETED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL")


async def slurm_state(job: str) -> str | None:
    """As "RUNNING" or "CANCELLED"; None where Slurm does not know the job, or is not here."""
    if shutil.which("scontrol") is None:
        return None
    process = await asyncio.create_subprocess_exec(
        *("scontrol", "show", "job", job), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    text, _ = await process.communicate()
    found = re.search(r"\bJobState=([A-Z_]+)", text.decode(errors="replace"))
    return found[1] if found else None
