# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Execute the notebooks by this interpreter's own kernel; say where outputs differ from those that were committed.

Run as a program, it writes the outputs and the pictures of docs/notebooks/: ``make notebooks``.

Tags of a cell: ``varies``, in its text there is a time, a rate or what this computer's floats decide, and only kinds of
output are compared; ``picture``, its image is the one that the documentation shows.
"""

from __future__ import annotations

import base64
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
PICTURES = ROOT / "docs" / "notebooks"
LARGEST_PICTURE = 60_000  # bytes
CELL_SECONDS = 600
LEAST_COLOURS = 8  # of a picture that is not blank


def notebooks() -> list[Path]:
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> Any:
    import nbformat

    return nbformat.read(path, as_version=4)


def _own_kernel() -> type:
    """Whatever kernels this computer has: the one of this interpreter."""
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec

    class Own(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    return Own


def make_boards(path: Path) -> None:
    """The simulated boards that a notebook takes, so that it has nothing to say of their making."""
    from hardwire.notebook import simulated

    for call, reprintable in (("here()", False), ("here(reprintable=True)", True)):
        if call in path.read_text():
            simulated(reprintable=reprintable)


def execute(path: Path, work: Path) -> Any:
    """The notebook with fresh outputs. ``work``: the folder that it runs in. Raises what a cell raises."""
    from nbclient import NotebookClient

    book = read(path)
    client = NotebookClient(
        book,
        kernel_manager_class=_own_kernel(),
        timeout=CELL_SECONDS,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(work)}},
    )
    client.execute(env=_environment(work))
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _of_pynq(output)]
    book.metadata["language_info"] = {"name": "python"}
    return book


def _of_pynq(output: Any) -> bool:
    """A script by which pynq, when it is imported, tells the page of its cell magics."""
    return "data" in output and list(output.data) == ["application/javascript"]


def _environment(work: Path) -> dict[str, str]:
    """No settings of this user's, no board; the interpreter's own commands first on the PATH."""
    left = {name: value for name, value in os.environ.items() if name not in ("BOARD", "HARDWIRE_BITSTREAMS")}
    path = os.pathsep.join((str(Path(sys.executable).parent), left.get("PATH", "")))
    places = {"IPYTHONDIR": work / ".ipython", "MPLCONFIGDIR": work / ".matplotlib", "HARDWIRE_LOCKS": work}
    return left | {"PATH": path} | {name: str(place) for name, place in places.items()}


# ---------------------------------------------------------------------------------------------------


def differences(committed: Any, fresh: Any) -> Iterator[str]:
    """Where outputs are not those of now: text that should be the same, kinds of output, images that show nothing."""
    for number, (old, new) in enumerate(zip(committed.cells, fresh.cells, strict=True)):
        if new.cell_type != "code":
            continue
        was, now = list(map(_kind, old.outputs)), list(map(_kind, new.outputs))
        if was != now:
            yield f"cell {number}: outputs {was} are committed, now there are {now}"
        elif "varies" not in new.metadata.get("tags", []):
            texts = ((_text(a), _text(b)) for a, b in zip(old.outputs, new.outputs, strict=True))
            yield from (f"cell {number}: {a!r} is committed, now it is {b!r}" for a, b in texts if a != b)
        yield from (f"cell {number}: {why}" for each in old.outputs for why in _faults(each))


def _kind(output: Any) -> str:
    kinds = sorted(output.data) if "data" in output else [output.get("name", "")]
    return " ".join((output.output_type, *kinds))


def _text(output: Any) -> str:
    return output.data.get("text/plain", "") if "data" in output else output.get("text", "")


def _faults(output: Any) -> Iterator[str]:
    if output.output_type == "error":
        yield f"a committed error, {output.ename}"
    if "data" in output and "image/png" in output.data and is_blank(png_of(output)):
        yield "a blank image"


def png_of(output: Any) -> bytes:
    return base64.b64decode(output.data["image/png"])


def is_blank(png: bytes) -> bool:
    """Whether a picture has next to no colours."""
    import numpy as np
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(png))
    return len(np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0)) < LEAST_COLOURS


def picture_of(book: Any) -> bytes:
    """The image of the cell that is tagged for the documentation."""
    tagged = [cell for cell in book.cells if "picture" in cell.metadata.get("tags", [])]
    images = [o for cell in tagged for o in cell.outputs if "data" in o and "image/png" in o.data]
    if len(images) != 1:
        raise ValueError(f"{len(images)} images in cells tagged picture, not one")
    return png_of(images[0])


def main(names: list[str]) -> None:
    """Execute all notebooks, or those whose names begin so, and write them."""
    import nbformat

    PICTURES.mkdir(exist_ok=True)
    for path in notebooks():
        if names and not path.name.startswith(tuple(names)):
            continue
        make_boards(path)
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as work:
            book = execute(path, Path(work))
        for why in differences(read(path), book):
            print(f"{path.name}: {why[:300]}")
        nbformat.write(book, path)
        (PICTURES / f"{path.stem}.png").write_bytes(picture_of(book))
        print(f"{path.name}: written, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
