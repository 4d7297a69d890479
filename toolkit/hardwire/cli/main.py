# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The ``hardwire`` command: one subcommand per step, in the order the steps are taken.

With ``--json`` standard output is one JSON object; progress and words go to standard error.
Exit codes: 0 done or proven, 1 the user's input or environment, 2 a difference was found or a quality
not reached, 130 Ctrl-C.
"""

from __future__ import annotations

# Importing a module of commands registers them with the group; the order is that of its help.
# isort: off
from .group import main
from . import model  # noqa: F401
from . import train  # noqa: F401
from . import hardware  # noqa: F401
from . import batches  # noqa: F401
from . import use  # noqa: F401
from . import serve  # noqa: F401
from . import race  # noqa: F401
# isort: on

__all__ = ["main"]
