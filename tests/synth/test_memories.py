# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Which block RAM holds which bits of which ROM: found in netlists as Yosys cuts them, and refused in any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hardwire.errors import BuildError
from hardwire.synth import trellis
from hardwire.synth.memories import Bits, Memory, block_rams, columns_of, locate, put
from hardwire.synth.reprint import refuse_gates
from hardwire.targets.families import FAMILIES

RAM = next(family.block_ram for family in FAMILIES.values() if family.block_ram is not None)


def cell(width: int, plane: Bits | None = None) -> dict[str, Any]:
    """A block RAM, one of its ports used."""
    made: dict[str, Any] = {
        "type": RAM.cell,
        "parameters": {RAM.width.format("A"): f"{width:b}", RAM.width.format("B"): "10010"},
        "connections": {RAM.clock.format("A"): [7], RAM.clock.format("B"): ["0"]},
    }
    put(RAM, made, np.zeros((RAM.words, RAM.bits), np.uint8) if plane is None else plane)
    return made


def bits(draw: np.random.Generator, words: int, width: int) -> Bits:
    return draw.integers(0, 2, (words, width)).astype(np.uint8)


def laid_out(instance: str, width: int, count: int, columns: Bits, kept: tuple[int, ...]) -> dict[str, Any]:
    """Cells of a ROM."""
    names = tuple(f"{instance}.mem.0.{number}" for number in range(count))
    memory = Memory(instance=instance, files=("",), cells=names, width=width, kept=kept)
    return {name: cell(width, plane) for name, plane in memory.planes(RAM, columns).items()}


@pytest.mark.parametrize(
    ("width", "words", "columns", "count"),
    [
        (18, 1000, 40, 3),
        (36, 300, 100, 3),
        (9, 2048, 10, 2),
        (9, 4096, 20, 5),
        (4, 4000, 9, 3),
        (2, 8192, 3, 2),
        (1, 99, 5, 5),
    ],
)
@pytest.mark.parametrize("wires", [None, {}, {"own.hex": 1 << 2}], ids=["frozen", "written", "a mould's wires"])
def test_every_bit_is_found_and_put(
    draw: np.random.Generator, width: int, words: int, columns: int, count: int, wires: dict[str, int] | None
) -> None:
    before, after = bits(draw, words, columns), bits(draw, words, columns)
    before[:, 2] = after[:, 2] = not wires  # a wire, where memories are not written, or the mould has it so
    kept = tuple(column for column in range(columns) if column != 2 or wires == {})
    cells = laid_out("u_a.u_rom", width, count, before, kept) | {f"u_b.u_ram.mem.0.{n}": cell(18) for n in range(2)}
    files = {"other.hex": bits(draw, words, columns), "own.hex": before}
    modules = {"u_a.u_rom": "rom", "u_b.u_ram": "block_ram"}
    (memory,) = locate(cells, RAM, modules, files, wires)
    assert memory.files == ("own.hex",) and memory.kept == kept and memory.width == width
    refuse_gates(Path("b"), [memory], files, files | {"own.hex": after})
    for name, plane in memory.planes(RAM, after).items():
        put(RAM, cells[name], plane)
    assert locate(cells, RAM, modules, {"own.hex": after}, wires) == [memory]
    # Every bit of the file is in one place: another value of it changes one bit of one cell.
    held = block_rams(cells, RAM)
    for _ in range(50):
        word, column = int(draw.integers(words)), int(draw.choice(kept))
        other = after.copy()
        other[word, column] ^= 1
        planes = memory.planes(RAM, other)
        assert sum(int((planes[name] != held[name]).sum()) for name in planes) == 1


def test_one_other_bit_is_no_rom_of_ours(draw: np.random.Generator) -> None:
    columns = bits(draw, 500, 30)
    cells = laid_out("u_rom", 18, 2, columns, tuple(range(30)))
    plane = block_rams(cells, RAM)["u_rom.mem.0.1"]
    plane[3, 2] ^= 1
    put(RAM, cells["u_rom.mem.0.1"], plane)
    with pytest.raises(BuildError, match=r"u_rom: 2 block RAMs of 18 bits hold what comes out of no file of rom/"):
        locate(cells, RAM, {"u_rom": "rom"}, {"a.hex": columns}, None)


def wrong_cells(change: str) -> Mapping[str, Any]:
    """A ROM of zeros and ones with something wrong about it."""
    columns = np.tile(np.eye(2, dtype=np.uint8), (8, 10))
    cells = laid_out("u_rom", 18, 2, columns, tuple(range(20)))
    first = cells["u_rom.mem.0.0"]
    if change == "name":
        cells["ram"] = cells.pop("u_rom.mem.0.1")
    if change == "gap":
        cells["u_rom.mem.0.2"] = cells.pop("u_rom.mem.0.1")
    if change == "ports":
        first["connections"][RAM.clock.format("B")] = [7]
        first["parameters"][RAM.width.format("B")] = f"{9:b}"
    if change == "digits":
        first["parameters"][RAM.parameter.format(0)] = "012"
    if change == "beyond":
        first["parameters"][RAM.parameter.format(0)] = "1" * RAM.piece * RAM.place
    if change == "ram":
        cells["u_x.mem.0.0"] = cells["u_rom.mem.0.0"]
    return cells


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("name", "a block RAM ram, which no memory of the sources is called"),
        ("gap", r"u_rom: block RAMs \[0, 2\], where all from 0 on should be"),
        ("ports", r"u_rom: ports of \[9, 18\] bits"),
        ("digits", "u_rom.mem.0.0: initial contents '012' are no 320 bits"),
        ("beyond", "initial contents beyond its 18 bits"),
        ("ram", r"u_x \(copy 0\): contents in a memory that is no ROM"),
    ],
)
def test_netlists_that_are_not_understood(change: str, message: str) -> None:
    columns = np.tile(np.eye(2, dtype=np.uint8), (8, 10))
    with pytest.raises(BuildError, match=message):
        locate(wrong_cells(change), RAM, {"u_rom": "rom", "u_x": "block_ram"}, {"a.hex": columns}, None)


def test_what_stands_in_gates_is_named(draw: np.random.Generator) -> None:
    rom, small = bits(draw, 64, 12), bits(draw, 8, 5)
    rom[:, 4] = 0
    cells = laid_out("u_rom", 18, 1, rom, tuple(c for c in range(12) if c != 4))
    before = {"rom.hex": rom, "small.hex": small}
    found = locate(cells, RAM, {"u_rom": "rom"}, before, None)
    other = small.copy()
    other[3, 1] ^= 1
    with pytest.raises(
        BuildError, match=r"b: what stands in gates would have to change: small.hex: 1 of 8 words differ"
    ):
        refuse_gates(Path("b"), found, before, before | {"small.hex": other})
    wire = rom.copy()
    wire[9, 4] = 1
    with pytest.raises(BuildError, match=r"rom.hex: bit 4 was 0 in every word, so it is a wire"):
        refuse_gates(Path("b"), found, before, before | {"rom.hex": wire})
    twins = {"rom.hex": rom, "twin.hex": rom}
    found = locate(cells, RAM, {"u_rom": "rom"}, twins, None)
    changed = {"rom.hex": bits(draw, 64, 12) * (rom.max(0)), "twin.hex": rom}
    with pytest.raises(BuildError, match=r"u_rom: rom.hex and twin.hex were equal, which of them it has is not known"):
        refuse_gates(Path("b"), found, twins, changed)


def test_words_of_hexadecimal() -> None:
    np.testing.assert_array_equal(columns_of(["1", "8"]), [[1, 0, 0, 0], [0, 0, 0, 1]])
    np.testing.assert_array_equal(columns_of(["a5f"])[0], [1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 0, 1])


# -- the routed design -------------------------------------------------------------------------------


def config_of(planes: Mapping[int, Bits]) -> str:
    text = ".device X\n\n.tile A:B\narc: 1ff 000\n\n"
    for number, plane in planes.items():
        words = [f"{word:03x}" for word in trellis.as_bytes(plane)]
        lines = [" ".join(words[at : at + 8]) for at in range(0, len(words), 8)]
        text += f".bram_init {number}\n" + "\n".join(lines) + "\n\n"
    return text + ".tile C:D\nenum: EBR0.MODE NONE\n"


def test_the_routed_design_gets_other_contents(draw: np.random.Generator) -> None:
    planes = {number: bits(draw, RAM.words, RAM.bits) for number in (3, 4, 9)}
    text = config_of(planes)
    held = trellis.initial(text)
    assert list(held) == [3, 4, 9] and trellis.with_initial(text, held) == text
    before = {"u.mem.0.0": planes[9], "u.mem.0.1": planes[3], "v.mem.0.0": planes[4]}
    after = before | {"u.mem.0.1": bits(draw, RAM.words, RAM.bits)}
    blocks = trellis.renumbered(held, before, after)
    made = trellis.with_initial(text, blocks)
    assert made == config_of(planes | {3: after["u.mem.0.1"]})
    with pytest.raises(BuildError, match="do not hold what those of the netlist do"):
        trellis.renumbered(held, after, after)
    with pytest.raises(BuildError, match="block RAM 3 of the routed design: 8 words, not 2048 once"):
        trellis.initial(".bram_init 3\n" + "000 " * 8 + "\n")


def test_equal_block_rams_that_would_differ_are_named(draw: np.random.Generator) -> None:
    plane, other = bits(draw, RAM.words, RAM.bits), bits(draw, RAM.words, RAM.bits)
    held = trellis.initial(config_of({3: plane, 4: plane}))
    before = {"u.mem.0.0": plane, "v.mem.0.0": plane}
    both = trellis.renumbered(held, before, {"u.mem.0.0": other, "v.mem.0.0": other})
    np.testing.assert_array_equal(both[3], both[4])
    with pytest.raises(BuildError, match="u.mem.0.0 and v.mem.0.0 hold the same .* and would not any more"):
        trellis.renumbered(held, before, {"u.mem.0.0": other, "v.mem.0.0": plane})


def test_no_rom_in_luts_shares_a_file_with_one_in_block_ram() -> None:
    """So a file that was found in block RAM is nowhere else."""
    import re

    folder, kinds = Path(__file__).parents[2] / "rtl", dict[str, set[str]]()
    for path in sorted(folder.glob("*.sv")):
        for module, name in re.findall(r"\b(rom|rom_pair|small_rom) #\([^;]*?\.File\(([^;]*?)\)+ u_", path.read_text()):
            kinds.setdefault(re.sub(r"\s", "", name), set()).add("small" if module == "small_rom" else "block")
    assert len(kinds) > 12 and all(len(found) == 1 for found in kinds.values()), kinds
