# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What every board's top says of the register map in front of its engine: checked, and as board_pkg.sv."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...chip.model import chip_id
from ...errors import BuildError
from ...host.registers import ID_BITS, WINDOWS, sequence_bits

META = "board/board.json"
PACKAGE = "board/board_pkg.sv"
HOST_CYCLES = 4  # per token, beside the engine's own: host_request asks for each token by itself


@dataclass(frozen=True)
class Host:
    """What is chosen of the registers."""

    clock_mhz: float = 50.0  # that the register `clock_khz` tells
    ring: int = 512  # tokens that may wait for the host; a power of two
    logits: bool = True  # keep the last logits for the host: vocab * logit bits of block RAM
    first_index: int = 0  # of the first token: for tests of what wraps


def check(values: Mapping[str, Any], host: Host) -> None:
    """Raise BuildError for a model (``emit.rtl.parameters``) or a host for which the register map has no room."""
    room = {window.name: window.words for window in WINDOWS}
    most_ring = min(room["tokens"], 1 << sequence_bits(values["Streams"]) - 1)
    if not 2 <= host.ring <= most_ring or host.ring & (host.ring - 1):
        raise BuildError(f"a token ring of {host.ring}: give a power of two from 2 to {most_ring}")
    if not 0 <= host.first_index < 1 << 32:
        raise BuildError(f"a first index of {host.first_index}: it has 32 bits")
    if values["Context"] > room["prompt"] or values["Vocab"] > 1 << ID_BITS or values["Rows"] > 255:
        raise BuildError(
            f"context {values['Context']}, vocabulary {values['Vocab']}, {values['Rows']} rows: the register map "
            f"has room for {room['prompt']} prompt tokens, ids of {ID_BITS} bits and 255 rows"
        )
    rows = -(-values["Vocab"] // values["Rows"]) << (values["Rows"] - 1).bit_length()
    if host.logits and rows > room["logits"]:
        raise BuildError(f"{values['Vocab']} logits do not fit the window of {room['logits']}; give logits=False")
    if values["Trace"] and not 8 * values["Segments"] <= min(room["trace"], 8 * 255):
        raise BuildError(f"{values['Segments']} segments of a trace: the register map has room for 255; build without")


def package(chip: str, host: Host, clock_mhz: float, note: str, **more: int) -> str:
    """board_pkg.sv: parameters of the host, and ``more`` integers of a board's own."""
    ints = {**more, "RingDepth": host.ring}
    words = {"FirstIndex": host.first_index, "Id": chip_id(chip), "ClockKhz": round(clock_mhz * 1000)}
    lines = [
        "// SPDX-FileCopyrightText: 2026 hardwire contributors",
        "// SPDX-License-Identifier: Apache-2.0",
        f"// Generated from chip {chip}: {note}.",
        "package board_pkg;",
        "",
        *(f"  localparam int {name} = {value};" for name, value in ints.items()),
        *(f"  localparam logic [31:0] {name} = 32'h{value:08x};" for name, value in words.items()),
        f"  localparam bit LogitWindow = 1'b{int(host.logits)};",
        "",
        "endpackage",
        "",
    ]
    return "\n".join(lines)
