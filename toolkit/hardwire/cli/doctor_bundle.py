# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the first person with a board or with Vivado sends back: the doctor's report, logs and reports in one zip.

Files of a fixed list, as text, at most eight megabytes of each; names of people, computers and homes are taken out.
The standard library alone: it runs on a board, too.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import socket
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BuildError
from ..files import is_file, matching

MOST = 8 << 20  # bytes of a file; of a longer one its begin and its end
MOST_FILES = 200
DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class FileKind:
    """Files by their place, and which open questions of docs/first-board.md they answer."""

    pattern: str
    rows: str
    answers: str


# Of a build, or of what hardwire synth --collect wrote.
OF_BUILD = (
    FileKind("manifest.json", "all", "which sources, board, clock and versions everything else is of"),
    FileKind("vivado/vivado.json", "all", "what the project was written for"),
    FileKind("synth/vivado-version.log", "C", "the version of Vivado, and whether it starts"),
    FileKind("synth/vivado.log", "B1 B2 B4 C", "which file was left out, which command or message ended the build"),
    FileKind(
        "synth/vivado/project/*.runs/*/runme.log", "B1 B2 B4 C", "the first error of synthesis, of place and route"
    ),
    FileKind("synth/vivado/result.txt", "A1 A2", "the PLL and the dividers that Vivado chose, and the period it timed"),
    FileKind("synth/vivado/timing.rpt", "timing", "slack, and the slowest path"),
    FileKind("synth/vivado/utilization.rpt", "C", "whether the plan's counts hold, and rom_pair was made once"),
    FileKind("synth/vivado/modules.rpt", "C", "which module takes more than planned"),
    FileKind("synth/vivado/hardwire.hwh", "A1 A2", "what pynq reads: dividers, addresses, registers, the interrupt"),
    FileKind("synth/vitis.log", "HLS", "whether Vitis HLS takes the core"),
    FileKind("synth/vitis/*_prj/solution1/syn/report/*csynth.rpt", "C", "the II of each loop, the cycles of a token"),
    FileKind("hardwire.hwh", "A1 A2", "the same, of a collected bitstream"),
)
OF_BOARD = (
    FileKind("/sys/class/fpga_manager/fpga0/state", "reset", "whether the FPGA holds a bitstream"),
    FileKind("/proc/interrupts", "interrupt", "whether the fabric's interrupt reaches the processor"),
    FileKind("/proc/device-tree/chosen/pynq_board", "names", "what the board calls itself"),
    FileKind("/etc/os-release", "versions", "the image"),
    FileKind("/proc/version", "versions", "the kernel"),
)
REPORT = FileKind("doctor.json", "A1 A2", "versions; the clock that is set, read back and measured; tokens and logits")
# Names that every such computer has, and words of the logs besides.
COMMON = frozenset("root user xilinx ubuntu pynq kria admin debian builder runner localhost localdomain vivado".split())


def write_bundle(path: Path, report: dict[str, Any], folder: Path | None = None) -> list[str]:
    """Write the zip; the names in it. ``folder``: a build or a collected bitstream, where there is one.

    Raises BuildError where it cannot be written.
    """
    scrub = Scrubber(_private_names(), folder)
    texts = {REPORT.pattern: json.dumps(report, indent=1, default=str)}
    for name, source in _files(folder):
        with contextlib.suppress(OSError):
            texts[name] = _read(source)
    texts["README.txt"] = _readme(texts)
    partial = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in sorted(texts.items()):
                archive.writestr(zipfile.ZipInfo(scrub(name), DATE), scrub(text), zipfile.ZIP_DEFLATED)
        partial.replace(path)
    except OSError as error:
        raise BuildError(f"{path}: {error.strerror}; give a file in a folder that you may write") from None
    finally:
        partial.unlink(missing_ok=True)
    return sorted(scrub(name) for name in texts)


def _files(folder: Path | None) -> Iterator[tuple[str, Path]]:
    """Names in the zip and files; none that a link leads to outside of its folder."""
    count = 0
    if folder is not None:
        root = folder.resolve()
        for kind in OF_BUILD:
            for file in matching(folder, kind.pattern):
                inside = file.resolve().is_relative_to(root)
                if is_file(file) and inside and count < MOST_FILES:
                    count += 1
                    yield f"build/{file.relative_to(folder).as_posix()}", file
    for kind in OF_BOARD:
        file = Path(kind.pattern)
        if is_file(file):
            yield f"board{kind.pattern}.txt", file


def _read(path: Path) -> str:
    """The file as text; of a long one, its begin and its end."""
    with path.open("rb") as file:
        data = file.read(MOST + 1)  # of /proc and /sys no size is known before
        if len(data) > MOST:
            file.seek(0, os.SEEK_END)
            size = file.tell()
            file.seek(max(size - MOST // 2, MOST // 2))
            data = data[: MOST // 2] + f"\n... {size - MOST:,} bytes left out ...\n".encode() + file.read(MOST // 2)
    return data.decode("utf-8", errors="replace").replace("\0", "")


def _readme(names: Iterable[str]) -> str:
    lines = [
        "A report of hardwire: what was asked for in docs/first-board.md, and what each file answers there.",
        "Names of people, computers and home folders were taken out. Look through it before you send it.",
        "",
    ]
    for kind in (REPORT, *OF_BUILD, *OF_BOARD):
        lines.append(f"{kind.pattern}\n    {kind.rows}: {kind.answers}")
    return "\n".join([*lines, "", "In this one:", *(f"    {name}" for name in sorted(names)), ""])


# ---------------------------------------------------------------------------------------------------
# Nothing personal.


def _private_names() -> dict[str, str]:
    """Words that tell who and where somebody is, and what stands instead."""
    names: dict[str, str] = {}
    for user in {_quiet(getpass.getuser), os.environ.get("USER"), os.environ.get("LOGNAME"), Path.home().name, _real()}:
        for word in (user or "", *(user or "").split()):
            names[word] = "someone"
    for host in {_quiet(socket.gethostname), _quiet(socket.getfqdn), os.environ.get("HOSTNAME")}:
        names |= {host or "": "somewhere", (host or "").partition(".")[0]: "somewhere"}
    return {word: substitute for word, substitute in names.items() if len(word) > 2 and word.lower() not in COMMON}


def _quiet(ask: Any) -> str | None:
    try:
        return str(ask())
    except Exception:  # there are computers without a user or a name
        return None


def _real() -> str | None:
    """The user's name in full, as the system has it."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_gecos.partition(",")[0] or None
    except (ImportError, KeyError, AttributeError):
        return None


class Scrubber:
    """Takes names out of a text; the words between stay as they are."""

    _SHAPES = (
        (r"(?i)\b(for user) '[^']*' (on host) '[^']*'", r"\1 'someone' \2 'somewhere'"),  # Vitis HLS
        (r"(?m)^(\|\s*Host\s*:\s*)\S+( running)", r"\1somewhere\2"),  # reports of Vivado
        (r"(?i)\b\d{4,5}@[\w.-]+", "a licence server"),
        (r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "an address"),
        (r"(?i)\b(HOSTID=|hostid[ :=]+)\"?[\w-]+\"?", r"\1none"),
        (r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b", "00:00:00:00:00:00"),
        (r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b(?!\.\d)", "0.0.0.0"),
        (r"(?i)(/(?:home|users)/|\b[a-z]:[\\/]+users[\\/]+)[^\s/\\\"':;,)\]}]+", r"\1someone"),
    )

    def __init__(self, names: dict[str, str], folder: Path | None = None) -> None:
        places = {str(Path.home()): "~"}
        if folder is not None:
            places |= {str(folder.resolve()): "<build>", str(folder.absolute()): "<build>"}
        # A folder within another first, else its name would stay.
        self._places = sorted(((a, b) for a, b in places.items() if len(a) > 2), key=lambda ab: -len(ab[0]))
        words = sorted(names, key=len, reverse=True)
        self._names = {word.lower(): substitute for word, substitute in names.items()}
        self._words = re.compile("|".join(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])" for word in words), re.I)
        self._shapes = [(re.compile(shape), substitute) for shape, substitute in self._SHAPES]

    def __call__(self, text: str) -> str:
        for place, substitute in self._places:
            text = text.replace(place, substitute)
        for shape, instead in self._shapes:
            text = shape.sub(instead, text)
        if self._names:
            text = self._words.sub(lambda match: self._names[match[0].lower()], text)
        return text
