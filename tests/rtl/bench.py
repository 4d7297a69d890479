# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A bench for any RTL module: Verilator's model of it as a library, its ports by name.

    bench = Bench("requant", InW=11, OutW=8, ShiftW=4)
    wave = bench.run(x_i=x, shift_i=shift, max_i=127)       # one entry of each array per cycle, in one call
    np.testing.assert_array_equal(wave.signed("y_o")[2:], wanted[:-2])

A cycle is: the inputs are put, the logic settles, the outputs are taken, the clock rises. So what a register holds is
seen one entry later than what it was given, and what depends on the inputs alone is seen with them. A port that is an
array takes [N, lanes] and gives lanes back. What nothing initialises begins as seeded noise: a register with bits of
its own, a memory with the same word everywhere. A failed assertion, ``$fatal``, or a hex file that is not there raises
``Stopped``.

For handshakes, whose next input depends on an output, ``cycles`` plays sources and sinks against each other; who pauses
when comes from ``PAUSES``. A model compiles in half a second and is kept in ``build/benches`` by the hash of its C++.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hardwire.backends.verilator import in_folder
from hardwire.emit.rtl.packages import PACKAGES, plan_package
from hardwire.emit.rtl.project import rtl_folder
from hardwire.ops.fixed import Ints
from hardwire.plan.parameters import complete, defaults
from hardwire.plan.words import PORTS, WORDS, Place
from hardwire.tools.verilator import verilator_root

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "build" / "benches"
PACKAGE_FILES = [Path(name).name for name in PACKAGES]
STRUCTS = {struct.name: struct for struct in PORTS + WORDS}
_WORD = {1: ctypes.c_uint8, 2: ctypes.c_uint16, 4: ctypes.c_uint32, 8: ctypes.c_uint64}


class Literal(str):
    """A parameter's value in Verilog, for what is neither a plain number nor a string."""

    @staticmethod
    def of(values: Iterable[int], bits: int) -> Literal:
        """A packed array, the first value lowest."""
        listed = list(values)
        return Literal(f"{len(listed) * bits}'h{sum(v << i * bits for i, v in enumerate(listed)):x}")


class Stopped(Exception):
    """The module stopped its simulation; the message is its own."""


# -- building ----------------------------------------------------------------------------------------


def _call(command: Sequence[object], **more: Any) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{Path(str(command[0])).name} failed:\n{done.stderr[:4000]}"


def _compiler() -> list[str]:
    include = verilator_root() / "include"
    given = ["-fPIC", "-O0", "-std=c++17", "-w", f"-I{include}", f"-I{include / 'vltstd'}"]
    return [shutil.which("g++") or "g++", *given]


@functools.cache
def _runtime() -> Path:
    """A folder with what all models share: Verilator's C++ with the clock's loop, and its headers precompiled."""
    include = verilator_root() / "include"
    ours = [HERE / "bench.hpp", HERE / "bench.cpp"]
    stamp = hashlib.sha256(" ".join(_compiler()).encode())
    for path in (*ours, include / "verilated.cpp", include / "verilated.h"):
        stamp.update(path.read_bytes())
    folder = BUILT / f"runtime-{stamp.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    BUILT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT) as made:
        for path in ours:
            shutil.copy(path, made)
        _call([*_compiler(), "-x", "c++-header", "bench.hpp", "-o", "bench.hpp.gch"], cwd=made)
        hooks = [f"-DVL_USER_{name}" for name in ("FINISH", "STOP", "FATAL", "WARN")]
        sources = ["bench.cpp", include / "verilated.cpp", include / "verilated_threads.cpp"]
        _call(
            [*_compiler(), *hooks, "-include", "bench.hpp", "-shared", *sources, "-lpthread", "-o", "libbench.so"],
            cwd=made,
        )
        try:
            os.rename(made, folder)
        except OSError:  # another process was faster
            assert folder.is_dir()
        else:
            Path(made).mkdir()  # what the context manager removes
    return folder


_PORT = re.compile(r"VL_(IN|OUT)\w*\(&(\w+),(\d+),(\d+)")


def _shim(module: str, header: str) -> str:
    ports = [
        f'{{"{name}", &top.{name}, {int(high) - int(low) + 1}, sizeof(top.{name}), {int(way == "IN")}}},'
        for way, name, high, low in _PORT.findall(header)
    ]
    return f"""#include "V{module}.h"
struct Bench : Model {{
  V{module} top{{&context}};
  Port ports[{len(ports) + 1}] = {{{" ".join(ports)} {{}}}};
  using Model::Model;
  void eval() override {{ top.eval(); }}
}};
extern "C" Model* bench_new(int seed) {{ return new Bench(seed); }}
extern "C" Port* bench_ports(Model* model) {{ return static_cast<Bench*>(model)->ports; }}
"""


@functools.cache
def _library(module: str, flags: tuple[str, ...], wrapper: str, plan: str) -> ctypes.CDLL:
    root, runtime = verilator_root(), _runtime()
    with tempfile.TemporaryDirectory(dir=BUILT) as made:
        folder = Path(made)
        source = next(rtl_folder().rglob(f"{module}.sv"))
        places = ["-y", rtl_folder(), "-y", source.parent]
        if wrapper:
            module, source = f"{module}_bench", folder / f"{module}_bench.sv"
            source.write_text(wrapper)
        (folder / "plan_pkg.sv").write_text(plan)
        packages = [folder / name if name == "plan_pkg.sv" else rtl_folder() / name for name in PACKAGE_FILES]
        unset = ["--x-assign", "unique", "--x-initial", "unique"]
        _call(
            [root / "bin" / "verilator_bin", "--cc", "--assert", "-Wall", "-O3", *unset, *flags, "--top-module", module]
            + ["--Mdir", folder, *places, *packages, source],
            env={**os.environ, "VERILATOR_ROOT": str(root)},
        )
        units = sorted(folder.glob("V*.cpp"))
        (folder / "shim.cpp").write_text(_shim(module, (folder / f"V{module}.h").read_text()))
        total = hashlib.sha256(runtime.name.encode())
        for path in (*units, *sorted(folder.glob("V*.h")), folder / "shim.cpp"):
            total.update(path.read_bytes())
        library = BUILT / f"{module}-{total.hexdigest()[:16]}.so"
        if not library.is_file():
            (folder / "all.cpp").write_text("".join(f'#include "{p.name}"\n' for p in (*units, folder / "shim.cpp")))
            place = [f"-I{runtime}", "-include", "bench.hpp", f"-I{folder}"]
            link = [f"-L{runtime}", "-lbench", f"-Wl,-rpath,{runtime}"]
            _call([*_compiler(), "-shared", *place, folder / "all.cpp", *link, "-o", folder / "made.so"])
            os.replace(folder / "made.so", library)
    loaded = ctypes.CDLL(str(library))
    loaded.bench_new.restype = ctypes.c_void_p
    loaded.bench_ports.restype = ctypes.POINTER(_Port)
    loaded.bench_error.restype = ctypes.c_char_p
    return loaded


class _Port(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("bits", ctypes.c_uint32),
        ("bytes", ctypes.c_uint32),
        ("input", ctypes.c_uint32),
    ]


class _Column(ctypes.Structure):
    _fields_ = [("port", ctypes.c_void_p), ("samples", ctypes.c_void_p), ("bytes", ctypes.c_uint64)]


class _Run(ctypes.Structure):
    _fields_ = [
        ("ins", ctypes.c_void_p),
        ("outs", ctypes.c_void_p),
        ("in_count", ctypes.c_uint64),
        ("out_count", ctypes.c_uint64),
        ("cycles", ctypes.c_uint64),
        ("clock", ctypes.c_void_p),
        ("clock_bytes", ctypes.c_uint64),
        ("clock_high", ctypes.c_uint64),
    ]


# -- numbers -----------------------------------------------------------------------------------------


def pack(values: Ints, bits: int, room: int) -> np.ndarray:
    """[N] or [N, lanes..] integers as ports of ``bits`` bits hold them, lane 0 lowest: [N, room] bytes."""
    values = np.asarray(values)
    lanes = int(np.prod(values.shape[1:]))
    each, rest = divmod(bits, lanes)
    assert rest == 0 and each <= 64, f"{lanes} lanes in {bits} bits"
    if values.dtype != np.uint64:
        low, high = int(values.min(initial=0)), int(values.max(initial=0))
        assert each == 64 or (-(1 << each - 1) <= low and high < 1 << each), f"{low}..{high} in {each} bits"
        values = values.astype(np.int64)
    flat = np.ascontiguousarray(values.reshape(len(values), lanes, 1)).view(np.uint8)
    if lanes == 1 and room <= 8:
        mask = np.uint64((1 << bits) - 1)
        return (flat.reshape(len(values), 8).view(np.uint64) & mask).view(np.uint8)[:, :room]
    pieces = np.unpackbits(flat, axis=2, bitorder="little")[:, :, :each].reshape(len(values), bits)
    packed = np.packbits(pieces, axis=1, bitorder="little")
    return np.pad(packed, ((0, 0), (0, room - packed.shape[1])))


def unpack(samples: np.ndarray, bits: int, lanes: int = 1, signed: bool = False) -> Ints:
    """The reverse: [N] where lanes is 1, else [N, lanes]; of more than 63 bits without a sign, as uint64."""
    each, rest = divmod(bits, lanes)
    assert rest == 0 and each <= 64, f"{lanes} lanes of {bits} bits"
    if lanes == 1 and not signed and bits < 64:
        return np.pad(samples, ((0, 0), (0, 8 - samples.shape[1]))).view(np.int64)[:, 0]
    pieces = np.unpackbits(samples, axis=1, bitorder="little")[:, :bits].reshape(-1, lanes, each)
    if signed:
        pieces = np.concatenate([pieces, np.repeat(pieces[:, :, -1:], 64 - each, 2)], 2)
    else:
        pieces = np.pad(pieces, ((0, 0), (0, 0), (0, 64 - each)))
    words = np.packbits(pieces, axis=2, bitorder="little").view(np.uint64)[:, :, 0]
    whole = words if each == 64 and not signed else words.view(np.int64)
    return whole[:, 0] if lanes == 1 else whole


class Wave:
    """What the outputs were, cycle by cycle."""

    def __init__(
        self, bits: Mapping[str, int], samples: Mapping[str, np.ndarray], places: Mapping[str, Mapping[str, Place]]
    ) -> None:
        self.bits, self.samples = dict(bits), dict(samples)
        for port, fields in places.items():
            every = np.unpackbits(samples[port], axis=1, bitorder="little")
            for field, place in fields.items():
                width = place.bits * place.lanes
                packed = np.packbits(every[:, place.low : place.low + width], axis=1, bitorder="little")
                room = -(-width // 8) if width <= 64 else -(-width // 32) * 4
                name = f"{port}.{field}"
                self.bits[name] = width
                self.samples[name] = np.pad(packed, ((0, 0), (0, max(room - packed.shape[1], 0))))
        self._plain: dict[str, Ints] = {}

    def __getitem__(self, name: str) -> Ints:
        """[N] unsigned."""
        if name not in self._plain:
            self._plain[name] = self.unsigned(name)
        return self._plain[name]

    def unsigned(self, name: str, lanes: int = 1) -> Ints:
        return unpack(self.samples[name], self.bits[name], lanes)

    def signed(self, name: str, lanes: int = 1) -> Ints:
        return unpack(self.samples[name], self.bits[name], lanes, signed=True)


# -- a module ----------------------------------------------------------------------------------------


class Bench:
    """A module with its parameters. Inputs are zero until they are given.

    ``roms``: lines of the hex files that it reads, by name; ``defines`` and ``flags`` are Verilator's. ``wrapper`` is a
    module <module>_bench around it: Verilator takes no recursive module as its top. ``plan``: parameters of plan_pkg
    that are not its defaults.

    A port whose type is a struct of words.py has its fields by name too, as "request_o.budget".
    """

    def __init__(
        self,
        module: str,
        *,
        roms: Mapping[str, Iterable[str]] | None = None,
        defines: Sequence[str] = (),
        flags: Sequence[str] = (),
        wrapper: str = "",
        plan: Mapping[str, int | str] | None = None,
        seed: int = 1,
        **parameters: int | str,
    ) -> None:
        values = [
            f"-G{name}=" + (f'"{value}"' if isinstance(value, str) and not isinstance(value, Literal) else str(value))
            for name, value in parameters.items()
        ]
        self.module, self.clock = module, "clk_i"
        given = (*values, *(f"-D{name}" for name in defines), *flags)
        self._library = _library(module, given, wrapper, plan_package(plan or {}))
        self._values = complete(defaults() | dict(plan or {}))
        self._model = ctypes.c_void_p(self._library.bench_new(seed))
        self.ports: dict[str, Any] = {}
        for port in self._library.bench_ports(self._model):
            if not port.name:
                break
            self.ports[port.name.decode()] = port
        self._cells = {
            name: (_WORD[port.bytes] if port.bytes in _WORD else ctypes.c_uint8 * port.bytes).from_address(port.data)
            for name, port in self.ports.items()
        }
        self.set(**{name: 0 for name, port in self.ports.items() if port.input})
        with tempfile.TemporaryDirectory() as folder, in_folder(Path(folder)):
            for name, lines in (roms or {}).items():
                Path(name).write_text("\n".join(lines) + "\n")
            self.settle()

    def __del__(self) -> None:
        if getattr(self, "_model", None):
            self._library.bench_delete(self._model)

    def _check(self, code: int) -> None:
        if code:
            raise Stopped(f"{self.module}: {self._library.bench_error(self._model).decode().strip()}")

    # -- many cycles in one call ---------------------------------------------------------------------

    def run(self, cycles: int | None = None, **inputs: Any) -> Wave:
        """Play inputs ([N] or [N, lanes], or one value to hold; others keep what they have), one entry per cycle."""
        arrays = {name: np.asarray(values) for name, values in inputs.items()}
        held = {name: values for name, values in arrays.items() if not values.ndim}
        self.set(**{name: int(values) for name, values in held.items()})
        given = {name: values for name, values in arrays.items() if values.ndim}
        lengths = {len(values) for values in given.values()} | ({cycles} if cycles is not None else set())
        assert len(lengths) == 1, f"lengths of stimuli differ: {lengths}"
        (count,) = lengths
        outputs = [name for name, port in self.ports.items() if not port.input]
        fed = {name: self._pack(name, values) for name, values in given.items()}
        seen = {name: np.zeros((count, self.ports[name].bytes), np.uint8) for name in outputs}
        ins, outs = (
            (_Column * max(len(columns), 1))(
                *(_Column(self.ports[n].data, a.ctypes.data, self.ports[n].bytes) for n, a in columns.items())
            )
            for columns in (fed, seen)
        )
        run = _Run(ctypes.addressof(ins), ctypes.addressof(outs), len(fed), len(seen), count)
        if self.clock in self.ports:
            port = self.ports[self.clock]
            run.clock, run.clock_bytes, run.clock_high = port.data, port.bytes, (1 << port.bits) - 1
        self._check(self._library.bench_run(self._model, ctypes.byref(run)))
        places = {name: self._places(name) for name in outputs}
        return Wave({name: self.ports[name].bits for name in outputs}, seen, places)

    def _places(self, port: str) -> dict[str, Place]:
        """Where the fields of a port lie; of one that is no struct, there are none."""
        struct = STRUCTS.get(f"{port.rpartition('_')[0]}_t")
        same = struct is not None and struct.bits(self._values) == self.ports[port].bits
        return struct.places(self._values) if struct is not None and same else {}

    def _pack(self, name: str, values: Ints) -> np.ndarray:
        port = self.ports[name]
        assert port.input, f"{name} is an output"
        return np.ascontiguousarray(pack(values, port.bits, port.bytes))

    def reset(self, cycles: int = 1) -> None:
        self.run(cycles, rst_i=1)
        self.set(rst_i=0)

    # -- one cycle at a time -------------------------------------------------------------------------

    def set(self, **inputs: int) -> None:
        """Put values on inputs; negative ones are two's complement."""
        for name, value in inputs.items():
            if "." in name:
                name, value = self._with(name, value)
            port, cell = self.ports[name], self._cells[name]
            assert port.input and -(1 << port.bits - 1) <= value < 1 << port.bits, f"{name} = {value}"
            value &= (1 << port.bits) - 1
            if port.bytes in _WORD:
                cell.value = value
            else:
                cell[:] = value.to_bytes(port.bytes, "little")

    def _with(self, name: str, value: int) -> tuple[str, int]:
        """A port, and its value with one field replaced."""
        port, _, field = name.partition(".")
        place = self._places(port)[field]
        width = place.bits * place.lanes
        assert 0 <= value < 1 << width, f"{name} = {value}"
        return port, self.get(port) & ~((1 << width) - 1 << place.low) | value << place.low

    def get(self, name: str) -> int:
        """An output (or an input), or a field of it, as it is, without a sign; ``settle`` first."""
        if "." in name:
            port, _, field = name.partition(".")
            place = self._places(port)[field]
            return self.get(port) >> place.low & (1 << place.bits * place.lanes) - 1
        cell = self._cells[name]
        return cell.value if self.ports[name].bytes in _WORD else int.from_bytes(bytes(cell), "little")

    def settle(self) -> None:
        """Let the logic follow its inputs, with the clock low; without a ``clock``, with clocks as they were set."""
        if self.clock in self.ports:
            self.set(**{self.clock: 0})
        self._check(self._library.bench_eval(self._model))

    def tick(self) -> None:
        """The clock rises."""
        self.set(**{self.clock: (1 << self.ports[self.clock].bits) - 1})
        self._check(self._library.bench_eval(self._model))


# -- pauses and streams ------------------------------------------------------------------------------


def _pauses(kind: str, count: int, seed: int) -> Ints:
    draw = np.random.default_rng(seed)
    if kind == "never":
        return np.ones(count, bool)
    if kind == "every other cycle":
        return np.arange(count) % 2 == 0
    if kind == "mostly":
        return draw.random(count) < 0.15
    if kind == "at random":
        return draw.random(count) < 0.6
    # in bursts: runs of up to 12 cycles of each
    lengths = draw.integers(1, 13, count)
    return np.repeat(np.arange(count) % 2 == 0, lengths)[:count]


PAUSES = ("never", "every other cycle", "at random", "in bursts", "mostly")


def active(pauses: str, count: int, seed: int) -> Ints:
    """[count] booleans: when a side that pauses like this does not. It is never silent for good."""
    return _pauses(pauses, count, seed)


idle = pytest.mark.parametrize("idle", PAUSES)
pressure = pytest.mark.parametrize("pressure", PAUSES)


def spread(items: Mapping[str, Ints], at: Ints, bits: Mapping[str, int], seed: int = 0) -> dict[str, Ints]:
    """Items ([N] or [N, lanes] by port) where ``at`` is true, and garbage of so many bits a lane where it is not."""
    draw = np.random.default_rng(seed)
    out = {}
    for name, values in items.items():
        shape = (len(at), *np.asarray(values).shape[1:])
        out[name] = draw.integers(0, 1 << bits[name], shape)
        out[name][at] = np.asarray(values) & ((1 << bits[name]) - 1)
    return out


class Source:
    """Offers items to a port with a handshake; once offered, an item stays until it is taken."""

    def __init__(self, items: Sequence[Mapping[str, int]], valid: str, ready: str, when: Ints) -> None:
        self.items, self.valid, self.ready, self.when = list(items), valid, ready, when
        self.offered, self.cycle = False, 0

    @property
    def done(self) -> bool:
        return not self.items

    def before(self, bench: Bench) -> None:
        self.offered = bool(self.items) and (self.offered or bool(self.when[self.cycle % len(self.when)]))
        self.cycle += 1
        bench.set(**{self.valid: int(self.offered)}, **(self.items[0] if self.offered else {}))

    def after(self, bench: Bench) -> None:
        if self.offered and bench.get(self.ready):
            self.items.pop(0)
            self.offered = False


class Sink:
    """Takes items from a port with a handshake. What is offered must stay as it is until it is taken."""

    def __init__(self, names: Sequence[str], valid: str, ready: str, when: Ints) -> None:
        self.names, self.valid, self.ready, self.when = tuple(names), valid, ready, when
        self.items: list[tuple[int, ...]] = []
        self.waiting: tuple[int, ...] | None = None
        self.cycle = 0

    def before(self, bench: Bench) -> None:
        bench.set(**{self.ready: int(self.when[self.cycle % len(self.when)])})
        self.cycle += 1

    def after(self, bench: Bench) -> None:
        offer = tuple(bench.get(name) for name in self.names) if bench.get(self.valid) else None
        assert self.waiting is None or offer == self.waiting, f"{self.waiting} was withdrawn: {offer}"
        taken = offer is not None and bench.get(self.ready)
        if offer is not None and taken:
            self.items.append(offer)
        self.waiting = None if taken else offer


def cycles(bench: Bench, parts: Sequence[Any], until: Callable[[], bool], limit: int) -> int:
    """Clock until it is done; returns after how many cycles. Each part's ``before`` puts inputs, ``after`` looks."""
    for count in range(limit):
        if until():
            return count
        for part in parts:
            part.before(bench)
        bench.settle()
        for part in parts:
            part.after(bench)
        bench.tick()
    raise AssertionError(f"{bench.module} is not done after {limit} cycles")


# -- what benches compare with -----------------------------------------------------------------------


def grid(*values: Iterable[int]) -> list[Ints]:
    """Every combination of the values: one flat array for each of them."""
    return [a.reshape(-1) for a in np.meshgrid(*(np.asarray(list(v), np.int64) for v in values), indexing="ij")]


def equal(got: Ints, wanted: Ints, late: int = 0, where: Ints | None = None) -> None:
    """The outputs are the wanted ones, so many cycles late; of cycles (before the delay) where ``where`` is true."""
    assert got.shape == wanted.shape and len(got) > late, f"{got.shape}, not {wanted.shape}"
    got, wanted = got[late:], wanted[: len(wanted) - late]
    wrong = got != wanted
    if where is not None:
        assert where[: len(got)].any(), "nothing was compared"
        wrong = wrong & np.reshape(where[: len(got)], (-1, *[1] * (got.ndim - 1)))
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(f"cycle {at[0] + late}, lane {at[1:]}: {got[at]}, not {wanted[at]}; {wrong.sum()} differ")


def contents(we: Ints, address: Ints, data: Ints, depth: int) -> tuple[Ints, Ints]:
    """What a memory holds at the beginning of each cycle: [N, depth, ..], and which of its words were ever written."""
    held = np.zeros((len(we), depth, *data.shape[1:]), data.dtype)
    known = np.zeros((len(we), depth), bool)
    for n in range(len(we) - 1):
        held[n + 1], known[n + 1] = held[n], known[n]
        if we[n]:
            held[n + 1, address[n]], known[n + 1, address[n]] = data[n], True
    return held, known
