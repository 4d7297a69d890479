# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Everything that a board needs, in one zip: the wheel, the bitstream's folder, and what to do with them.

hardwire-<name>-<board>.zip
    README.txt              the three commands on the board
    hardwire-….whl          this package; pure Python, so nothing is built there
    <name>/                 hardwire.bit, hardwire.hwh, model.chip (the tokenizer is in it), manifest.json
    wheels/                 what serve needs besides, where a folder of them is given

The wheel is written here, from the files of the package that runs, by the standard library: it needs no checkout, no
setuptools and no network, and equal packages make equal wheels.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata, resources
from importlib.util import find_spec
from pathlib import Path

from ..chip.model import Chip
from ..driver.bundle import Bundle, open_bundle
from ..driver.selftest import record
from ..errors import BuildError
from ..files import sha256
from ..manifest import MANIFEST, BundleManifest, Expected
from ..version import __version__

PARTS = ("hls", "boards", "rtl", "overlays", "notebooks")  # subpackages that a checkout keeps elsewhere
PLUGIN = "pytest_hardwire"  # beside the package, and among the entry points that the wheel says
LEFT_OUT = ("overlays/",)  # bitstreams of other boards are megabytes
DATE = (1980, 1, 1, 0, 0, 0)
TAG = "py3-none-any"

README = """\
{name} for {board}: a language model in the FPGA. Three commands on the board, in a terminal of its Jupyter
(which is root; elsewhere put sudo -E in front). No network is needed and nothing is built.

    python3 -m zipfile -e {zip} . && cd {folder}
    pip3 install --no-deps --no-index --force-reinstall ./{wheel}
    python3 -m hardwire run {name} {option}

{serve}In Python, in a notebook or a script:

    import hardwire
    chip = hardwire.load("{name}")
    for token in chip.stream({prompt}, temperature=0.8, seed=7):
        print(token, end="", flush=True)

If something is wrong, paste the report of

    python3 -m hardwire doctor {name}

or send the zip that it writes with --bundle report.zip: the report, logs and reports, without personal names.

The bitstream is for {board} and no other board; the driver checks that, the files' hashes and the chip's ID.
chip {digest}
"""


SERVE = """\
To serve it over HTTP, a page and OpenAI's API, with a secret of yours that clients send:

    pip3 install --no-index --find-links wheels {packages}
    HARDWIRE_KEY=a-secret-of-yours python3 -m hardwire serve {name} --host 0.0.0.0

"""
SERVED_BY = ("starlette", "uvicorn", "jinja2", "prometheus-client")
BOARDS = ("any", "armv7l", "aarch64")  # ends of a wheel's platform that a board with a Zynq takes


def deploy(folder: Path, out: Path | None = None, wheels: Path | None = None) -> Path:
    """Write the zip of a build, or of a folder that synth --collect wrote; its path.

    wheels: a folder of them for ``hardwire serve`` on the board, as pip download fetched them.

    Raises BuildError where there is no bitstream or hardware description, or where they are not the manifest's; and
    for wheels that serve lacks or that no board takes.
    """
    bundle, served = open_bundle(folder), () if wheels is None else serving(wheels)
    name, board = folder.resolve().name, bundle.board
    stem = f"hardwire-{name}-{board}"
    out = out or Path(f"{stem}.zip")
    manifest = _manifest(bundle)
    wheel = f"hardwire-{__version__}-{TAG}.whl"
    option, prompt = _example(bundle.chip)
    words = {
        "option": option,
        "prompt": prompt,
        "name": name,
        "board": manifest.board.name,
        "zip": out.name,
        "folder": stem,
        "wheel": wheel,
        "serve": SERVE.format(name=name, packages=" ".join(SERVED_BY)) if served else "",
    }
    partial = out.with_name(out.name + ".part")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            _put(archive, f"{stem}/README.txt", README.format(**words, digest=bundle.chip.digest).encode())
            _put(archive, f"{stem}/{wheel}", _wheel(out.parent))
            _put(archive, f"{stem}/{name}/hardwire.bit", bundle.bit.read_bytes())
            _put(archive, f"{stem}/{name}/hardwire.hwh", bundle.hwh.read_bytes())
            _put(archive, f"{stem}/{name}/model.chip", _model(bundle).read_bytes())
            _put(
                archive,
                f"{stem}/{name}/manifest.json",
                json.dumps(manifest.as_json(), indent=1, sort_keys=True).encode(),
            )
            for path in served:
                _put(archive, f"{stem}/wheels/{path.name}", path.read_bytes())
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return out


def serving(folder: Path) -> tuple[Path, ...]:
    """The wheels of a folder, for ``hardwire serve``. Raises BuildError."""
    found = tuple(sorted(folder.glob("*.whl")))
    for path in found:
        if not path.stem.endswith(BOARDS):
            raise BuildError(f"{path}: is for another computer than a board; pip download as docs/serve.md has it")
    names = {path.name.split("-")[0].lower().replace("_", "-") for path in found}
    missing = [name for name in SERVED_BY if name not in names]
    if missing:
        raise BuildError(f"{folder}: serve needs {', '.join(missing)} too; pip download as docs/serve.md has it")
    return found


def _example(chip: Chip) -> tuple[str, str]:
    """What to ask the chip, on the command line and in Python: text, or ids of a chip without a tokenizer."""
    if chip.tokenizer is not None:
        return '--prompt "Once upon a time"', '"Once upon a time"'
    ids = [token for token in (1, 2, 3) if token < chip.shape.vocab] or [0]
    return f"--ids {','.join(map(str, ids))}", str(ids)


def _model(bundle: Bundle) -> Path:
    return bundle.folder / next(name for name in bundle.manifest.files if name.endswith("model.chip"))


def _manifest(bundle: Bundle) -> BundleManifest:
    """The bundle's manifest, with the files as they lie in the zip, and what the board must say."""
    manifest = bundle.manifest
    files = {"hardwire.bit": bundle.bit, "hardwire.hwh": bundle.hwh, "model.chip": _model(bundle)}
    expected = manifest.expected or Expected.from_json(record(bundle.chip), bundle.folder / MANIFEST, "expected")
    return replace(
        manifest,
        clock_mhz=bundle.clock_mhz,
        geometry=manifest.planned_geometry,
        build=manifest.build or manifest.digest,
        files={name: sha256(path) for name, path in files.items()},
        expected=expected,
        nulls=manifest.nulls | {"geometry"},
    ).sealed()


# ---------------------------------------------------------------------------------------------------
# The wheel.


def _wheel(scratch: Path) -> bytes:
    path = scratch / ".hardwire-wheel.part"
    try:
        write_wheel(path)
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def write_wheel(path: Path) -> None:
    """This package as a wheel."""
    info = f"hardwire-{__version__}.dist-info"
    lines = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        members = dict(_members())
        members[f"{info}/METADATA"] = _told("METADATA", "PKG-INFO")
        members[f"{info}/entry_points.txt"] = _told("entry_points.txt")
        members[f"{info}/WHEEL"] = (
            f"Wheel-Version: 1.0\nGenerator: hardwire\nRoot-Is-Purelib: true\nTag: {TAG}\n".encode()
        )
        for name, data in members.items():
            _put(archive, name, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(data)}")
        _put(archive, f"{info}/RECORD", "\n".join([*lines, f"{info}/RECORD,,", ""]).encode())


def _members() -> Iterator[tuple[str, bytes]]:
    """The package's files by their names in a wheel."""
    roots = {"": Path(str(resources.files("hardwire")))}
    for part in PARTS:
        if find_spec(f"hardwire.{part}") is None:
            raise BuildError(f"this installation lacks hardwire.{part}; install hardwire again")
        roots[f"{part}/"] = Path(str(resources.files(f"hardwire.{part}")))
    seen: set[str] = set()
    for prefix, root in roots.items():
        for path in sorted(root.rglob("*")):
            name = prefix + path.relative_to(root).as_posix()
            if not path.is_file() or "__pycache__" in name or path.suffix in (".pyc", ".so", ".o") or name in seen:
                continue
            if name.startswith(LEFT_OUT) and name.count("/") > 1:
                continue
            seen.add(name)
            yield f"hardwire/{name}", path.read_bytes()
    plugin = find_spec(PLUGIN)
    if plugin is None or plugin.origin is None:
        raise BuildError(f"this installation lacks {PLUGIN}; install hardwire again")
    yield f"{PLUGIN}.py", Path(plugin.origin).read_bytes()


def _told(*names: str) -> bytes:
    """What the installation says of itself."""
    distribution = metadata.distribution("hardwire")
    for name in names:
        text = distribution.read_text(name)
        if text is not None:
            return text.encode()
    raise BuildError(f"this installation has no {names[0]}; install hardwire again")


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, data)
