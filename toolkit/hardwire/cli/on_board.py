# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The command where click and rich are not installed, as on a board: run, serve, verify, doctor.

No library is needed, but for serve.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import HardwireError
from ..openers import backends, load, token_ids
from ..version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code: 0 done or equal, 1 the user's input or environment, 2 a difference, 130 Ctrl-C."""
    try:
        return _main(arguments)
    except HardwireError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped by Ctrl-C", file=sys.stderr)
        return 130


def _main(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog="hardwire", description="A baked model on this board. The other commands need: pip install hardwire"
    )
    parser.add_argument("--version", action="version", version=f"hardwire, version {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="stream text from a model")
    run.add_argument("model", help="a folder with a bitstream, a .chip, or a name")
    run.add_argument("--prompt", default="")
    run.add_argument("--ids", type=token_ids, help="token ids in place of a prompt, as 1,2,3")
    run.add_argument("--tokens", type=int)
    run.add_argument("--temperature", type=float, default=0.0)
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--backend", choices=tuple(backends(bare=True)))
    serve = commands.add_parser("serve", help="an API and a page for a model; needs hardwire[serve]")
    serve.add_argument("model")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--host", default="127.0.0.1", help="another than loopback needs a key, or --open")
    serve.add_argument("--backend", choices=tuple(backends()))
    serve.add_argument("--name", default="")
    serve.add_argument("--key", help="the secret that clients send; better in $HARDWIRE_KEY")
    serve.add_argument("--keys", type=Path, help="a TOML file with a key and limits for each user")
    serve.add_argument("--open", action="store_true", help="let anybody on the network in")
    serve.add_argument("--chat-template", type=Path)
    serve.add_argument("--adapter", action="append", default=[], metavar="NAME=FILE", help="may be repeated")
    serve.add_argument("--grace", type=float, default=30.0)
    verify = commands.add_parser("verify", help="compare the chip with the model: tokens, logits, trace")
    verify.add_argument("model")
    doctor = commands.add_parser("doctor", help="a report to paste into a bug")
    doctor.add_argument("model", nargs="?")
    doctor.add_argument("--bundle", help="a zip to send: the report, logs and reports of the model; no personal names")
    options = parser.parse_args(arguments)
    if options.command == "doctor":
        from .doctor import bundled_report, report

        data = report(options.model) if options.bundle is None else bundled_report(options.model, Path(options.bundle))
        print(json.dumps(data, indent=1, default=str))
        return 0
    if options.command == "serve":
        return _serve(options)
    if options.command == "verify":
        with load(options.model, "board") as model:
            result = model.verify()
        print(f"{result.tokens} tokens, {result.logits} logits, {result.stages} checksums compared ({result.source})")
        print("equal" if result else f"different: {result.first_difference}")
        return 0 if result else 2
    with load(options.model, options.backend) as model:
        prompt_ids = model.encode(options.prompt if options.ids is None else options.ids)
        print(options.prompt if options.ids is None else model.text(prompt_ids), end="", flush=True)
        for token in model.stream(prompt_ids, options.tokens, options.temperature, options.seed):
            print(token, end="", flush=True)
        print()
        rate, last = model.last.tokens_per_second, model.last
        print(
            f"{len(last.tokens)} tokens, {rate:,.0f} tokens/s on {model.name}; ended by: {last.status}", file=sys.stderr
        )
    return 0


def _serve(options: argparse.Namespace) -> int:
    from ..serve.command import run as run_server
    from ..serve.command import settings_of

    settings = settings_of(
        host=options.host,
        port=options.port,
        name=options.name,
        key=options.key,
        keys=options.keys,
        open_to_all=options.open,
        chat_template=options.chat_template,
        grace=options.grace,
        adapters=options.adapter,
    )
    run_server(options.model, options.backend, None, settings)
    return 0
