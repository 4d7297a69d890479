# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How long work says how far it is: a callable that the caller may hand in.

``Stage`` says what is being done now, ``Share`` which part of it is done (0 to 1), ``Progress`` both, and
``JobProgress`` both of one job among several.
"""

from __future__ import annotations

from collections.abc import Callable

Stage = Callable[[str], None]
Share = Callable[[float], None]
Progress = Callable[[str, float], None]
JobProgress = Callable[[str, str, float], None]
