# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``python -m hardwire`` is the ``hardwire`` command: the whole one, or without its libraries a small one."""

from __future__ import annotations

import sys
from importlib.util import find_spec

WHOLE = ("click", "rich")


def main() -> None:
    if all(find_spec(name) is not None for name in WHOLE):
        from .cli.main import main as whole

        whole(prog_name="hardwire")
    else:
        from .cli.on_board import main as small

        sys.exit(small())


if __name__ == "__main__":
    main()
