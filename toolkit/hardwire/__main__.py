# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``python -m hardwire`` is the ``hardwire`` command."""

from .cli import main

main(prog_name="hardwire")
