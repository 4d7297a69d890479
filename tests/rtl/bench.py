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

For handshakes, whose next input depends on an output, ``bench_streams`` plays sources and sinks against each other. A
model compiles in half a second and is kept in ``build/benches`` by the hash of its C++.
"""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bench_model import Column, Run, library

from hardwire.backends.verilator import in_folder
from hardwire.emit.rtl.packages import plan_package
from hardwire.ops.fixed import Ints
from hardwire.plan.parameters import complete, defaults
from hardwire.plan.words import PORTS, WORDS, Place

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
        self._library = library(module, given, wrapper, plan_package(plan or {}))
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
            (Column * max(len(columns), 1))(
                *(Column(self.ports[n].data, a.ctypes.data, self.ports[n].bytes) for n, a in columns.items())
            )
            for columns in (fed, seen)
        )
        run = Run(ctypes.addressof(ins), ctypes.addressof(outs), len(fed), len(seen), count)
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


def digit_offset(bits: int) -> int:
    """engine_pkg::digit_offset: sums of weights of so many bits, in LUTs, lack it times the sum of the activations."""
    return sum(4**i for i in range((bits + 1) // 2 - 1))


def row_words(values: Ints, place: Ints) -> Ints:
    """Rows [N, lanes] and their places [N] to words of the trace, [N], as rtl/trace_fold.sv describes them."""
    total = np.zeros(len(values), np.int64)
    for lane in range(values.shape[1]):
        word, turn = values[:, lane] & 0xFFFFFFFF, 5 * lane % 32
        total += (word << turn | word >> (32 - turn)) & 0xFFFFFFFF
    return total % (1 << 32) * (2 * place + 1) % (1 << 32)
