# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``hardwire serve``, behind both command lines: settings from options, and a model served until a signal ends it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ..errors import BuildError, ToolMissing
from ..manifest import read_bundle_manifest
from ..openers import Place, load
from ..plan.geometry import Geometry
from .settings import Settings, SettingsError, key_of, read_keys
from .timeline import Timeline

PACKAGES = ("starlette", "uvicorn", "jinja2", "prometheus_client")
KEY_VARIABLE = "HARDWIRE_KEY"  # a secret on a command line is seen by everybody on the computer


def settings_of(
    *,
    host: str,
    port: int,
    name: str,
    key: str | None,
    keys: Path | None,
    open_to_all: bool,
    chat_template: Path | None,
    grace: float,
    adapters: Sequence[str] = (),
) -> Settings:
    """Checked settings. Raises SettingsError."""
    named = tuple(_adapter(text) for text in adapters)
    secret = key or os.environ.get(KEY_VARIABLE, "")
    settings = Settings(
        host=host,
        port=port,
        name=name,
        keys=((key_of(secret),) if secret else ()) + (read_keys(keys) if keys else ()),
        open_to_all=open_to_all,
        chat_template=chat_template,
        adapters=named,
        grace_seconds=grace,
    )
    settings.check()
    return settings


def _adapter(text: str) -> tuple[str, Path]:
    """Of NAME=FILE, or of FILE, whose name it then has. Raises SettingsError."""
    name, _, path = text.rpartition("=")
    name = name or Path(path).stem
    if not name or not path or not name.isprintable():
        raise SettingsError(f"--adapter {text!r} is not usable; give NAME=FILE")
    return name, Path(path)


def run(location: str | Path, backend: str | None, serial: str | None, settings: Settings) -> None:
    """Serve a model until SIGTERM or SIGINT. Raises ToolMissing without the packages that it needs."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ToolMissing(f'serve needs {", ".join(missing)}; pip install "hardwire[serve]"')
    from .app import Service
    from .metrics import log_to_stderr
    from .server import run as listen

    log_to_stderr()
    place = Place(location=location, port=serial)
    with load(location, backend, serial) as model:
        listen(Service(model, settings, timeline_of(place)))


def timeline_of(place: Place) -> Timeline | None:
    """The plan of a build's or bitstream's engine, where its manifest has one."""
    if not place.path.is_dir():
        return None
    geometry = read_bundle_manifest(place.path).planned_geometry
    if geometry is None:
        return None
    try:
        return Timeline(place.chip, Geometry(**geometry))  # type: ignore[arg-type]
    except TypeError as error:
        raise BuildError(f"{place.path}: its manifest has no geometry of this version ({error}); build anew") from None
