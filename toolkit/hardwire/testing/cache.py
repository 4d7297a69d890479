# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Chips and builds that tests share: made once, kept by the digest of all that decides them.

<cache>/chips/<digest>/<model>.chip       by ONNX, tokenizer, calibration text, options, and this package's sources
<cache>/builds/<digest>/<model>           by chip, board, options, and this package's sources
<cache>/planted/<digest>-<fault>/<model>  a copy of such a build with a fault
<cache>/<digest>.lock                     who makes or compiles it; the others wait

Several processes may share a folder, those of pytest-xdist as those of two runs. What other sources of this package
made is never taken.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx

from ..build.folder import Build, open_build
from ..build.make import make_build
from ..chip.model import Chip, load_chip
from ..driver.model import LanguageModel
from ..errors import HardwireError, ToolMissing
from ..files import package_digest, sha256
from ..openers import load
from ..pipeline import quantize_onnx
from ..plan.geometry import Geometry
from ..proof.plant import plant
from ..targets.board import load_board

KINDS = ("chips", "builds", "planted")
FORGOTTEN = 30 * 24 * 3600  # seconds
NAMED = 20  # hexadecimal digits of a digest in a folder's name


@dataclass(kw_only=True)
class Cache:
    """Chips and builds in ``folder``. made, kept: what this process made, and what it found.

    fault: a kind of ``proof.plant``; every build is given as a copy with that fault.
    """

    folder: Path
    fault: str | None = None
    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def chip(self, model: str | Path, **options: Any) -> Path:
        """The ``.chip`` of an ONNX export. ``options``: those of ``hardwire.quantize_onnx``, as weights=4.

        Raises what ``quantize_onnx`` does.
        """
        path = Path(model)
        files = {"calibration": path.parent / "calibration.txt", "tokenizer": path.parent / "tokenizer.json"}
        files |= {name: Path(options[name]) for name in files if options.get(name) is not None}
        read = [file for file in (*_parts(path), *files.values()) if file.is_file()]
        said = {**options, **{name: None for name in files}}
        name = path.parent.name if path.stem == "model" else path.stem  # most exports have the same
        digest = self._digest("chip", {"files": [sha256(file) for file in read], "options": said, "name": name})
        chip = self.folder / "chips" / digest / f"{name}.chip"
        with self._alone(digest):
            if not self._is_kept(f"chip {name}", chip.parent, lambda: load_chip(chip)):
                quantize_onnx(path, chip, **{**options, **{name: file for name, file in files.items()}})
        return chip

    def build(
        self,
        chip: Chip | str | Path,
        *,
        board: str = "pynq-z2",
        target: str = "hls",
        ip: str = "rtl",
        lanes: int | None = None,
        geometry: Geometry | None = None,
    ) -> Build:
        """The build of a chip for a board; the options are those of ``hardwire.build_chip``.

        Raises what ``build_chip`` does.
        """
        path = self._saved(chip) if isinstance(chip, Chip) else Path(chip)
        shape = None if geometry is None else geometry.as_dict()
        said = {"board": board, "target": target, "ip": ip, "lanes": lanes, "geometry": shape}
        digest = self._digest("build", {"chip": load_chip(path).digest, "name": path.stem, **said})
        out = self.folder / "builds" / digest / path.stem
        with self._alone(digest):
            if not self._is_kept(f"build {path.stem} for {board}, {target}", out.parent, lambda: open_build(out)):
                shutil.rmtree(out, ignore_errors=True)
                make_build(path, load_board(board), out, target=target, ip=ip, lanes=lanes, geometry=geometry)
            build = open_build(out)
            return build if self.fault is None else self._faulty(build, self.fault, digest)

    def model(self, build: Build, backend: str | None = None) -> LanguageModel:
        """A build as a model that talks, by a backend of ``hardwire.load``; compiled once, by one process."""
        with self._alone(self._digest("model", {"folder": str(build.folder.resolve())})):
            return load(build.folder, backend)

    # -- how ------------------------------------------------------------------------------------------

    @cached_property
    def _sources(self) -> str:
        return package_digest()

    def _digest(self, kind: str, said: dict[str, Any]) -> str:
        text = json.dumps([kind, self._sources, said], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:NAMED]

    @contextmanager
    def _alone(self, digest: str) -> Iterator[None]:
        try:
            from filelock import FileLock
        except ImportError as error:
            raise ToolMissing(f'filelock is not installed ({error}); pip install "hardwire[pytest]"') from None
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / f"{digest}.lock"):
            yield

    def _is_kept(self, name: str, entry: Path, read: Callable[[], object]) -> bool:
        """Whether it is there and whole. A cache is nothing to trust: what is broken is made again."""
        try:
            read()
        except HardwireError:
            self.made.append(f"{name} ({entry.name[:8]})")
            self._forget()
            return False
        self.kept.append(f"{name} ({entry.name[:8]})")
        os.utime(entry)
        return True

    def _forget(self) -> None:
        """Remove what nothing has asked for in a month, so that a server's cache does not grow for ever."""
        oldest = time.time() - FORGOTTEN
        for entry in (entry for kind in KINDS for entry in (self.folder / kind).glob("*")):
            with suppress(FileNotFoundError):  # another process was first
                if entry.stat().st_mtime < oldest:
                    shutil.rmtree(entry, ignore_errors=True)

    def _saved(self, chip: Chip) -> Path:
        path = self.folder / "chips" / chip.digest[:NAMED] / "model.chip"
        with self._alone(chip.digest[:NAMED]):
            if not path.is_file():
                chip.save(path)
            os.utime(path.parent)
        return path

    def _faulty(self, build: Build, fault: str, digest: str) -> Build:
        """A copy with the fault, in a place of its own: what a failure says can be repeated later."""
        folder = self.folder / "planted" / f"{digest}-{fault}"
        try:
            found = open_build(folder / build.folder.name)
        except HardwireError:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            return plant(build, fault, folder)[0]
        os.utime(folder)
        return found


def _parts(model: Path) -> list[Path]:
    """The files of an ONNX export: itself, and its external data. What cannot be read is refused by the import."""
    if not model.is_file():
        return []
    try:
        graph = onnx.load(model, load_external_data=False).graph
    except Exception:  # protobuf's, or onnx's own
        return [model]
    names = {entry.value for tensor in _tensors(graph) for entry in tensor.external_data if entry.key == "location"}
    return [model, *(model.parent / name for name in sorted(names))]


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from _tensors(attribute.g)
