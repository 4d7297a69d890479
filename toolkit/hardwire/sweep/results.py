# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The points of a sweep and what became of them, in one SQLite file, which is also written as CSV.

One process writes it, the one that gives the steps out; others may read it at any time.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import HardwireError

if TYPE_CHECKING:
    import pandas

VERSION = 1  # of the tables
WAITING = "waiting"


@dataclass(kw_only=True)
class Result:
    """A point's row. Digests and figures are None where no step gave them."""

    name: str
    model: str
    board: str
    weights: int
    option: str
    seed: int | None
    status: str = WAITING
    reason: str | None = None
    step: str | None = None  # that ended it
    lut: int | None = None
    ff: int | None = None
    dsp: int | None = None
    bram18: int | None = None
    uram: int | None = None
    area: float | None = None  # the largest share of what the board has of any of them
    area_source: str | None = None  # "predicted" or "synthesis"
    clock_mhz: float | None = None
    clock_source: str | None = None  # "asked", "estimated" or "routed"
    cycles_per_token: float | None = None
    tokens_per_second: float | None = None
    bits_per_char: float | None = None
    perplexity: float | None = None
    proof: str | None = None
    model_digest: str | None = None  # of the ONNX file; a random model has none
    chip_digest: str | None = None
    build_digest: str | None = None
    netlist_digest: str | None = None
    bitstream_digest: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0  # of its steps, also those that it shares
    peak_bytes: int = 0
    build: str | None = None  # the folder, relative to the results
    command: str | None = None
    key: str | None = None  # of all that decides the row
    needs: str | None = None  # of what its steps may take
    present: int = 1  # whether the grid still has it

    @property
    def is_final(self) -> bool:
        """Whether running it again gives the same."""
        return self.status in FINAL or self.is_of_needs

    @property
    def is_of_needs(self) -> bool:
        """Whether it ended for what its steps asked for."""
        return self.status in ("over memory", "out of time")


FINAL = ("done", "over budget", "too slow", "failed", "cancelled", "not run")
COLUMNS = tuple(one.name for one in fields(Result))
STEP_COLUMNS = ("id", "job", "kind", "host", "worker", "batch_job", "started", "ended", "status", "kept", "peak")


class Results:
    """The open file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # The loop that gives the steps out has a thread of its own; only one of them writes at a time.
            self._file = sqlite3.connect(path, check_same_thread=False)
            found = self._file.execute("PRAGMA user_version").fetchone()[0]
            empty = not self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise HardwireError(f"{path}: is no file of results ({error}); give another -o") from None
        if not empty and found != VERSION:
            raise HardwireError(f"{path}: of version {found} of the tables, this hardwire knows {VERSION}")
        columns = ", ".join(f"{name} PRIMARY KEY" if name == "name" else name for name in COLUMNS)
        steps = ", ".join(f"{name} PRIMARY KEY" if name == "id" else name for name in STEP_COLUMNS)
        with self._file:
            self._file.execute(f"CREATE TABLE IF NOT EXISTS points ({columns})")
            self._file.execute(f"CREATE TABLE IF NOT EXISTS steps ({steps})")
            self._file.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        self._file.close()

    def put(self, result: Result) -> None:
        """Write a row, in place of the one of that name."""
        values = {**asdict(result), "versions": json.dumps(result.versions, sort_keys=True)}
        marks, new = ", ".join("?" for _ in COLUMNS), ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
        words = f"INSERT INTO points VALUES ({marks}) ON CONFLICT (name) DO UPDATE SET {new}"
        with self._file:
            self._file.execute(words, [values[name] for name in COLUMNS])

    def all(self) -> dict[str, Result]:
        """Rows by name, in the order in which they were first written."""
        rows = self._file.execute(f"SELECT {', '.join(COLUMNS)} FROM points ORDER BY rowid")
        read = (dict(zip(COLUMNS, row, strict=True)) for row in rows)
        return {row["name"]: Result(**{**row, "versions": json.loads(row["versions"])}) for row in read}

    def keep_only(self, names: Iterable[str]) -> None:
        """Mark the rows that the grid has no more; they stay."""
        wanted = set(names)
        with self._file:
            for name in self.all():
                self._file.execute("UPDATE points SET present = ? WHERE name = ?", (int(name in wanted), name))

    def read_ledger(self, folder: Path) -> None:
        """Take over what the workers wrote of their steps."""
        with self._file:
            for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else ():
                for text in path.read_text(errors="replace").splitlines():
                    try:
                        line = json.loads(text)
                    except ValueError:  # of a worker that was killed while it wrote
                        continue
                    self._step(line)

    def _step(self, line: dict[str, Any]) -> None:
        values = [line.get(name) for name in STEP_COLUMNS]
        marks = ", ".join("?" for _ in STEP_COLUMNS)
        later = ", ".join(f"{name} = coalesce(excluded.{name}, {name})" for name in STEP_COLUMNS[1:])
        self._file.execute(f"INSERT INTO steps VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {later}", values)

    def steps(self) -> list[dict[str, Any]]:
        """Every step that a worker began, in that order; "ended" is None of one that was lost."""
        rows = self._file.execute(f"SELECT {', '.join(STEP_COLUMNS)} FROM steps ORDER BY started")
        return [dict(zip(STEP_COLUMNS, row, strict=True)) for row in rows]

    def write_csv(self, path: Path) -> None:
        """The rows that the grid has."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for row in self.present():
                values = {**asdict(row), "versions": json.dumps(row.versions, sort_keys=True)}
                writer.writerow([values[name] for name in COLUMNS])

    def present(self) -> Sequence[Result]:
        """The rows that the grid has."""
        return [row for row in self.all().values() if row.present]


def read_frame(path: Path) -> pandas.DataFrame:
    """The points of a file of results as a pandas frame. Raises HardwireError where it is none."""
    import pandas

    if not path.is_file():
        raise HardwireError(f"{path}: there are no results; run hardwire sweep")
    results = Results(path)
    try:
        return pandas.DataFrame([asdict(row) for row in results.present()], columns=list(COLUMNS))
    finally:
        results.close()
