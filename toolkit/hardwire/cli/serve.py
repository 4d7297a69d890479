# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The command that serves a model over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from ..openers import backends
from .group import IN_FILE, main


@main.command()
@click.argument("model")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: one that is free.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Another than loopback needs a key, or --open.")
@click.option("--backend", type=click.Choice(list(backends())), help="As of run. Default: the first that there is.")
@click.option("--serial", metavar="PORT", help="The serial port of a board that holds this chip.")
@click.option("--name", default="", help="Of the model; default: that of its file or folder.")
@click.option("--key", help="The secret that clients send; better in $HARDWIRE_KEY.")
@click.option("--keys", type=IN_FILE, help="A TOML file with a key and limits for each user.")
@click.option("--open", "open_to_all", is_flag=True, help="Let anybody on the network in.")
@click.option("--chat-template", type=IN_FILE, help="A Jinja file, or a tokenizer_config.json with one.")
@click.option("--adapter", multiple=True, metavar="NAME=FILE", help="A name for this .adapter; may be repeated.")
@click.option(
    "--grace", type=click.FloatRange(1), default=30.0, show_default=True, help="Seconds for what runs at a stop."
)
def serve(
    model: str,
    port: int,
    host: str,
    backend: str | None,
    serial: str | None,
    name: str,
    key: str | None,
    keys: Path | None,
    open_to_all: bool,
    chat_template: Path | None,
    adapter: tuple[str, ...],
    grace: float,
) -> None:
    """Serve MODEL (a build folder, a bitstream's, a .chip, or a name) over HTTP: OpenAI's API, and a page.

    Runs until SIGTERM or Ctrl-C; answers that run come to their end. Logs are lines of JSON on standard error.
    """
    from ..serve.command import run, settings_of

    settings = settings_of(
        host=host,
        port=port,
        name=name,
        key=key,
        keys=keys,
        open_to_all=open_to_all,
        chat_template=chat_template,
        grace=grace,
        adapters=adapter,
    )
    run(model, backend, serial, settings)
