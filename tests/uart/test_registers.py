# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The register map and the frames: one home each, and what is made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hardwire.emit.top import registers
from hardwire.host import frames
from hardwire.host.frames import Frame, Splitter
from hardwire.host.registers import ADDRESS_BITS, REGISTERS, WINDOWS, address, field

ROOT = Path(__file__).parents[2]


def answer(op: bytes, tag: int, at: int, words: tuple[int, ...], status: int) -> bytes:
    """A frame from the chip."""
    body = op + bytes([tag]) + at.to_bytes(3, "little") + b"".join(word.to_bytes(4, "little") for word in words)
    body += bytes([status])
    return frames.stuff(body + bytes([frames.crc8(body)]))


def test_package_and_table_are_those_of_the_map() -> None:
    remedy = "run python -m hardwire.emit.top.registers"
    assert (ROOT / registers.PACKAGE).read_text() == registers.package_text(), remedy
    page = (ROOT / registers.PAGE).read_text()
    assert page == registers.with_table(page), remedy


def test_addresses_do_not_overlap() -> None:
    spans = [(entry.address, entry.address + 4 * entry.count) for entry in REGISTERS]
    spans += [(window.address, window.address + 4 * window.words) for window in WINDOWS]
    assert spans == sorted(spans) and all(end <= start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))
    assert spans[-1][1] <= 1 << ADDRESS_BITS and all(start % 4 == 0 for start, _ in spans)
    assert len({entry.name for entry in (*REGISTERS, *WINDOWS)}) == len(spans)


def test_fields_do_not_overlap() -> None:
    for register in REGISTERS:
        ends = [(part.low, part.low + part.bits) for part in register.fields]
        assert all(end <= start for (_, end), (start, _) in zip(ends, ends[1:], strict=False)), register.name
        assert not ends or ends[-1][1] <= 32


def test_names() -> None:
    assert (address("status"), address("tokens", 3)) == (0x2C, 0x2000C)
    assert field("status", "reason").of(0b0101_0001) == 5 and field("shape", "logit_bits").mask == 0xFF00


def test_checksum_is_the_published_one() -> None:
    assert frames.crc8(b"123456789") == 0xDF  # CRC-8/AUTOSAR's check value


@pytest.mark.parametrize("word", [0, 0xC0C0C0C0, 0xDBDBDBDB, 0xDCDDC0DB, 0xFFFFFFFF])
def test_a_frame_and_back_in_any_pieces(word: int) -> None:
    data = answer(b"R", 0xC0, 0xDB0, (word, 1), 0xDB)
    wanted = [Frame(b"R", 0xC0, 0xDB0, (word, 1), 0xDB)]
    assert 0xC0 not in data[1:-1]
    for size in (1, 2, 5, 100):
        splitter = Splitter()
        assert [f for at in range(0, len(data), size) for f in splitter.feed(data[at : at + size])] == wanted
        assert splitter.dropped == 0


def test_only_whole_frames_are_taken() -> None:
    good = answer(b"R", 1, 4, (5,), 0)
    bad = {
        "cut": good[:6] + b"\xc0",
        "bent": good[:3] + bytes([good[3] ^ 4]) + good[4:],
        "a byte too many": good[:-1] + b"\x00\xc0",
        "no words' length": frames.stuff(b"R1234xyz" + bytes([frames.crc8(b"R1234xyz")])),
        "an escape of nothing": b"\xc0\xdb\x41\xc0",
        "an escape at the end": good[:-1] + b"\xdb\xc0",
        "too long": answer(b"R", 1, 4, (5,) * 17, 0),
        "short": b"\xc0R\xc0",
    }
    for name, data in bad.items():
        splitter = Splitter()
        assert splitter.feed(data) == [] and splitter.dropped == 1, name
        assert splitter.feed(good) == [Frame(b"R", 1, 4, (5,), 0)], name
    assert Splitter().feed(b"\xc0\xc0\xc0") == []


def test_garbage_takes_no_memory() -> None:
    splitter = Splitter()
    noise = np.random.default_rng(1).integers(0, 0xC0, 100_000).astype(np.uint8).tobytes()
    assert splitter.feed(noise) == [] and len(splitter._body) <= Splitter.LONGEST + 1
    assert splitter.feed(b"\xc0" + answer(b"E", 0, 0x2C, (1, 2), 3)) == [Frame(b"E", 0, 0x2C, (1, 2), 3)]


@pytest.mark.tools
def test_the_rdl_compiles_to_the_same_map() -> None:
    from systemrdl import RDLCompiler  # the check under numpy 2 does without it

    assert (ROOT / registers.RDL).read_text() == registers.rdl_text()
    compiler = RDLCompiler()
    compiler.compile_file(str(ROOT / registers.RDL))
    found = {entry.inst_name: entry for entry in compiler.elaborate().top.children(unroll=False)}
    assert set(found) == {entry.name for entry in (*REGISTERS, *WINDOWS)}
    for register in REGISTERS:
        entry = found[register.name]
        fields = {(field.inst_name, field.low, field.width) for field in entry.fields()}
        assert entry.raw_address_offset == register.address
        assert fields == {(f.name, f.low, f.bits) for f in register.fields} or fields == {("value", 0, 32)}
    for window in WINDOWS:
        entry = found[window.name]
        assert (entry.raw_address_offset, entry.size) == (window.address, 4 * window.words)
