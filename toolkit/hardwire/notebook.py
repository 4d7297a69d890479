# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the notebooks share: the bundled model on this board or on a simulated one, text that streams beside a picture.

chip = here()                                     # says which of the two it is
story = watch(chip, "Once upon a time")           # prints tokens as they come, and draws when they came

On a board this needs the standard library, numpy and pynq; pictures need matplotlib and IPython, which PYNQ has.
"""

from __future__ import annotations

import fcntl
import io
import shutil
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import load
from .chip.model import Chip, load_chip
from .chip.reference import new_state, step
from .driver.bundle import board_here
from .driver.model import LanguageModel
from .driver.until import Found, Test, beam, until
from .errors import BuildError
from .files import bundled_folder, package_digest, sha256
from .host.registers import address
from .ops import attention as softmax
from .ops.fixed import BIAS_BITS, MULTIPLIER_BITS, Ints
from .plan.geometry import Geometry
from .plan.program import Schedule
from .plan.schedule import schedule
from .plan.trace import STAGES, Tracer, segments
from .tools.cache import cache_folder as cache

MODEL, BOARD = "bundled", "pynq-z2"  # what is simulated where there is no board
DPI, COLOURS = 80, 96
REDRAWN = 0.5  # seconds between two pictures of a stream
COLUMN = 48  # letters of an answer's line beside others


# ---------------------------------------------------------------------------------------------------
# The chip.


def here(reprintable: bool = False, streams: int = 1) -> LanguageModel:
    """The bundled model on this board, or on a simulated PYNQ-Z2 where this computer is no board that we know.

    Prints which. The simulated board is made once, in ``cache()``: that takes minutes of Verilator and g++. On it
    pynq's own Overlay and MMIO drive the simulated RTL, so only speed differs. reprintable: whether other chips can be
    loaded into it; streams: how many it answers at once; a real board is as its bitstream was built. Raises BoardError
    for a board without a bitstream, and says how to make one; BuildError for one of fewer streams.
    """
    board = board_here()
    if board is not None:
        model = load(MODEL, backend="board")
        found = model.backend.limits.streams
        if found < streams:
            raise BuildError(f"{model.name} has {found} streams; build it with --streams {streams}")
        print(f"{MODEL} on this board, {board}: chip {model.chip.digest[:8]}, {clock_mhz(model):g} MHz")
        return model
    build = simulated(reprintable=reprintable, streams=streams)
    model = load(build, backend="simulation")
    print(f"No board here: {MODEL} on a simulated {BOARD} (RTL in Verilator, behind pynq's own Overlay and MMIO):")
    print(f"chip {model.chip.digest[:8]}, {clock_mhz(model):g} MHz of simulated time")
    return model


def simulated(tell: Callable[[str], None] = print, reprintable: bool = False, streams: int = 1) -> Path:
    """The build of the bundled model that is simulated here, its RTL compiled; made if this version has not made it."""
    kind = "-reprintable" if reprintable else f"-{streams}" if streams > 1 else ""
    folder = cache() / f"{MODEL}{kind}"
    stamp = folder.with_suffix(".made")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.with_suffix(".lock")):
        if not stamp.exists() or stamp.read_text() != _version():
            tell("Making the simulated board, once: minutes of Verilator and g++.")
            _make(folder, reprintable, streams)
            stamp.write_text(_version())
    return folder


def _make(folder: Path, reprintable: bool, streams: int) -> None:
    """Build anew, of one stream with checksums of every stage; compile, unless the Verilog is that of before."""
    from .backends.simboard import SIMULATED, simulated_board
    from .build.make import make_build
    from .plan.fit import fit
    from .targets.board import load_board

    before = folder.with_suffix(".before")
    if (folder / SIMULATED).is_dir():
        shutil.rmtree(before, ignore_errors=True)
        (folder / SIMULATED).rename(before)
    shutil.rmtree(folder, ignore_errors=True)
    chip, board = bundled_chip(folder.with_suffix(".chip")), load_board(BOARD)
    if streams > 1:
        build = make_build(chip, board, folder, target="bitstream", streams=streams)
    else:
        geometry = replace(Geometry(**(fit(load_chip(chip), board).geometry or {})), trace=True)
        build = make_build(chip, board, folder, target="bitstream", geometry=geometry, reprintable=reprintable)
    if before.is_dir():
        before.rename(folder / SIMULATED)
    simulated_board(build).sim.close()


def broken(scratch: Path) -> tuple[LanguageModel, str]:
    """The simulated board with one bit of one weight wrong, and which: a planted ``rom``, under hashes that are right.

    ROM files are read when the simulated chip is switched on, so nothing is compiled. ``scratch``: where the copy goes.
    """
    from .backends.axisim import AxiSim
    from .backends.simboard import SIMULATED, SimBoard, simulated_bundle
    from .build.folder import open_build
    from .driver.bundle import for_board
    from .driver.overlay import open_board
    from .emit.top.vivado import require_zynq
    from .proof.plant import plant
    from .targets.board import load_board

    build, board = open_build(simulated()), load_board(BOARD)
    faulty, fault = plant(build, "rom", scratch)
    sim = AxiSim(build.folder / "rtl", work=build.folder / SIMULATED / "rtl", contents=faulty.folder / "rtl")
    device = SimBoard(sim, require_zynq(board).base, board.processor, f"simulated {BOARD}")
    return open_board(for_board(simulated_bundle(faulty), None), device), fault


def _checkouts_chip() -> Path | None:
    """The bundled model's chip beside the first of its bitstreams, in a checkout."""
    beside = (Path(__file__).resolve().parents[2] / "bitstreams").glob(f"*/{MODEL}/model.chip")
    return min(beside, default=None)


def bundled_chip(to: Path) -> Path:
    """The bundled model as integers: the file of this checkout's bitstream, or made from the ONNX in the package."""
    from .pipeline import quantize_onnx

    ours = _checkouts_chip()
    if ours is not None:
        shutil.copyfile(ours, to)
    else:
        quantize_onnx(bundled_folder() / "model.onnx", to)
    return to


def _version() -> str:
    """Digest of all that may decide a build, so that no simulated board of other sources is taken for this one's.

    What is made anew for nothing costs seconds, as Verilator runs for other Verilog only.
    """
    ours = _checkouts_chip()
    return package_digest() + (f" {sha256(ours)}" if ours is not None else "")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time; the others wait."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def clock_mhz(model: LanguageModel) -> float:
    """What a chip on a board says of its clock."""
    return float(model.info()["clock_mhz"])


# ---------------------------------------------------------------------------------------------------
# Text and pictures.


def watch(model: LanguageModel, prompt: str, tokens: int | None = None, temperature: float = 0.0, seed: int = 0) -> str:
    """Print an answer as it comes, and draw beside it when tokens came, as this computer sees it; the answer."""
    pieces: list[str] = []
    times = [time.perf_counter()]
    drawn, show = times[0], _display()
    print(prompt, end="")
    for piece in model.stream(prompt, tokens, temperature, seed):
        print(piece, end="", flush=True)
        pieces.append(piece)
        times.append(time.perf_counter())
        if times[-1] - drawn > REDRAWN:
            show(_progress(times))
            drawn = time.perf_counter()
    print()
    show(_progress(times))
    return "".join(pieces)


def _progress(times: list[float]) -> bytes:
    """A picture of how many tokens had come when; they come in batches, as the driver fetches them."""
    figure, axes = _figure((7.0, 2.2))
    seconds = [moment - times[0] for moment in times]
    rate = (len(times) - 1) / seconds[-1] if seconds[-1] > 0 else 0.0
    axes.plot(seconds, range(len(times)), drawstyle="steps-post")
    axes.set(xlabel="seconds", ylabel="tokens", title=f"{rate:,.0f} tokens/s, as seen here")
    return _png(figure)


def side_by_side(model: LanguageModel, prompts: Sequence[str], tokens: int | None = None) -> list[str]:
    """Answers to all prompts at once, a user in a thread for each, in columns as they come; behind them the rate over
    all, by the chip's own counters. Raises BuildError where there are not as many streams as prompts."""
    streams = model.hosted.streams if model.hosted is not None else ()
    if len(streams) != len(prompts):
        raise BuildError(f"{len(prompts)} users, {model.name} has {max(len(streams), 1)} streams; ask for as many")
    texts = list(prompts)

    def user(number: int) -> None:
        for piece in model.stream(prompts[number], tokens, temperature=0.8, seed=number):
            texts[number] += piece

    users, show = [threading.Thread(target=user, args=(n,)) for n in range(len(prompts))], _display_text()
    for each in users:
        each.start()
    while any(each.is_alive() for each in users):
        show(_columns(texts))
        time.sleep(REDRAWN)
    cycles, fed = max(stream.run_cycles() for stream in streams), sum(stream.position for stream in streams)
    rate = fed / cycles * clock_mhz(model) * 1e6
    told = f"{fed} tokens of {len(prompts)} users in {cycles:,} cycles of the chip: {rate:,.0f} tokens/s over all"
    show(f"{_columns(texts)}\n\n{told}")
    return texts


def _columns(texts: Sequence[str]) -> str:
    wrapped = [[line for part in text.splitlines() for line in textwrap.wrap(part, COLUMN) or [""]] for text in texts]
    return "\n".join(
        "   ".join(f"{line:{COLUMN}}" for line in row).rstrip() for row in zip_longest(*wrapped, fillvalue="")
    )


def race(
    model: LanguageModel, prompt: str, passes: Test, tokens: int, attempts: int = 24, width: int = 4
) -> tuple[Found, Found]:
    """Many quick attempts until one passes, then one careful one, a beam of ``width`` texts: drawn as they go, by the
    chip's own cycles. Raises BuildError for what counts none."""
    from .quality.plots import race_panels

    ran: tuple[list[Found], list[Found]] = ([], [])
    show, drawn = _display(), time.perf_counter()

    def picture_now() -> None:
        figure, axes = _figure((9.0, 2.6), rows=2)
        names = (f"Attempt {len(ran[0])}", f"A beam of {width}")
        race_panels(axes, [(name, _steps(model, steps)) for name, steps in zip(names, ran, strict=True)])
        show(_png(figure))

    def noting(side: int) -> Callable[[Found], None]:
        def note(so_far: Found) -> None:
            nonlocal drawn
            ran[side].append(so_far)
            if time.perf_counter() - drawn > REDRAWN:
                picture_now()
                drawn = time.perf_counter()

        return note

    if model.hosted is None or model.backend.limits.streams > 1:
        raise BuildError(f"{model.name} does not count the cycles of one answer; race on a board with one stream")
    quick = until(model, prompt, passes, tokens=tokens, attempts=attempts, on_attempt=noting(0))
    careful = beam(model, prompt, passes, tokens=tokens, width=width, on_step=noting(1))
    picture_now()
    return quick, careful


def _steps(model: LanguageModel, found: Sequence[Found]) -> list[tuple[float, str, bool]]:
    kilohertz = clock_mhz(model) * 1e3
    return [((one.cycles or 0) / kilohertz, one.text, one.passed) for one in found]


def engine_rate(model: LanguageModel) -> str:
    """How fast the engine was on the last request, if that began anew: by the chip's own counters."""
    if model.hosted is None:
        raise BuildError(f"{model.name} is no board and counts no cycles")
    cycles, fed, mhz = model.hosted.run_cycles(), model.hosted.position, clock_mhz(model)
    return f"{fed} tokens in {cycles:,} cycles of the chip: {fed / cycles * mhz * 1e6:,.0f} tokens/s at {mhz:g} MHz"


@contextmanager
def picture(inches: tuple[float, float] = (7.0, 3.0), rows: int = 1, columns: int = 1) -> Iterator[Any]:
    """Axes of a picture that is shown when the block ends."""
    figure, axes = _figure(inches, rows, columns)
    yield axes
    _display()(_png(figure))


def _figure(inches: tuple[float, float], rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    from .quality.plots import new_figure

    figure = new_figure(inches)
    return figure, figure.subplots(rows, columns)


def _png(figure: Any) -> bytes:
    """As a palette, a third of the size: notebooks are kept with their pictures."""
    from PIL import Image  # matplotlib's own

    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, dpi=DPI)
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(packed, format="png", optimize=True)
    return packed.getvalue()


def _display() -> Callable[[bytes], None]:
    """What shows a picture in a notebook, and the next one in its place."""
    from IPython.display import Image

    return _in_place(lambda png: Image(data=png, format="png"))


def _display_text() -> Callable[[str], None]:
    """What shows a text in a notebook, and the next one in its place."""
    from IPython.display import Pretty

    return _in_place(Pretty)


def _in_place(made: Callable[[Any], Any]) -> Callable[[Any], None]:
    from IPython.display import display

    handle: list[Any] = []

    def show(data: Any) -> None:
        if handle:
            handle[0].update(made(data))
        else:
            handle.append(display(made(data), display_id=True))

    return show


# ---------------------------------------------------------------------------------------------------
# The chip from inside.


def schedule_of(model: LanguageModel) -> Schedule:
    """The schedule of the engine on this board. Raises BuildError where its manifest has no geometry."""
    if not model.about.get("geometry"):
        raise BuildError(f"{model.name}: no geometry in its manifest; build it with this version")
    return schedule(model.chip, Geometry(**model.about["geometry"]))


@dataclass(frozen=True)
class Traced:
    """Checksums of N tokens' S stages, by the chip and by the integer reference."""

    tokens: list[str]  # that were fed, N
    stages: list[str]  # S
    got: Ints  # [N, S]
    wanted: Ints  # [N, S]

    @property
    def equal(self) -> NDArray[np.bool_]:
        return np.asarray(self.got == self.wanted)

    def first(self) -> str:
        """The first stage that differs, in words."""
        if self.equal.all():
            return f"all {self.equal.size:,} checksums are equal"
        token, stage = (int(i) for i in np.argwhere(~self.equal)[0])
        checksum, expected = self.got[token, stage], self.wanted[token, stage]
        place = f"token {token} ({self.tokens[token]!r}), stage {self.stages[stage]}"
        return f"{place} is wrong first: its checksum is {checksum:08x}, not {expected:08x}"


def traced(model: LanguageModel, prompt: str, tokens: int) -> Traced:
    """Feed a prompt and its greedy answer, and read the trace window behind each token that the chip says.

    The reference is fed the chip's tokens: a stage differs only by what was computed wrong, now or in the cache.
    Raises BuildError for a chip without a trace window.
    """
    hosted, plan = model.hosted, schedule_of(model)
    if hosted is None or not hosted.trace_segments():
        raise BuildError(f"{model.name} keeps no checksums; build it with --geometry trace=1")
    tracer, state, fed = Tracer(model.chip, plan), new_state(model.chip), model.encode(prompt)
    fed_ids, fetched, computed, before = [], [], [], list(fed)
    for index in range(tokens):
        answer = hosted.generate(fed if index == 0 else [], 1, clear=index == 0)
        window = hosted._read_words(address("trace"), STAGES * segments(plan))
        for place, token in enumerate(fed, 1):
            expected = tracer.step(state, token, inner=place < len(fed))
        fetched.append([window[stage.word] for stage in tracer.stages])
        computed.append([expected[stage] for stage in tracer.stages])
        fed_ids.append(fed[-1])
        fed = answer
    model.reset()
    names = [stage.name for stage in tracer.stages]
    return Traced(_texts(model, before[:-1], fed_ids), names, np.array(fetched, np.int64), np.array(computed, np.int64))


def _texts(model: LanguageModel, before: list[int], ids: list[int]) -> list[str]:
    """The text of each token behind others."""
    assert model.codec is not None  # a prompt was encoded
    stream = model.codec.stream(before)
    return [stream.feed(token) for token in ids]


def attention(chip: Chip, ids: Sequence[int]) -> NDArray[np.float64]:
    """What each head looks at: the integer reference's probabilities [L, H, T, T] on ids [T], a row per position.

    They are the exponentials of the chip, 10 bits each, divided by their sum, as its quotient does.
    """
    shape, f, count = chip.shape, chip.formats, len(ids)
    stages: dict[str, Ints] = {}
    step(chip, new_state(chip, 1, count), np.array([ids], np.int64), stages.__setitem__)
    past = np.tril(np.ones((count, count), np.bool_))
    probabilities = np.empty((shape.layers, shape.heads, count, count))
    for layer in range(shape.layers):
        q, k = (stages[f"L{layer}.{name}"][0].reshape(count, -1, shape.head_dim).swapaxes(0, 1) for name in "qk")
        for head in range(shape.heads):
            score = softmax.scores(q[head], k[head * shape.kv_heads // shape.heads], f.query, f.cache)
            p = softmax.probabilities(score, past, chip.score_shift[layer, head], chip.tables["exp"])
            probabilities[layer, head] = p / p.sum(-1, keepdims=True)
    return probabilities


def stored_bits(chip: Chip) -> dict[str, int]:
    """What a chip keeps, in bits: each matrix with its rows' multipliers, biases, tables, the KV cache."""
    bits = {
        name: matrix.weight.size * matrix.bits + matrix.multiplier.size * MULTIPLIER_BITS
        for name, matrix in chip.matrices.items()
    }
    biases = sum(bias.size for bias in chip.biases.values()) * BIAS_BITS
    tables = sum(t.size * max(int(abs(t).max()).bit_length() + 1, 1) for t in chip.tables.values() if t.size)
    s = chip.shape
    cache = 2 * s.layers * s.kv_rows * s.context * chip.formats.cache
    return bits | ({"biases": biases} if biases else {}) | {"tables": tables, "KV cache": cache}
