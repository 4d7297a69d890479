# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames of the serial line: marks between them (SLIP, RFC 1055), a checksum, a tag.

to the chip     op  tag  address[3]  R: count | W: words, each of 4 bytes  crc
from the chip   op  tag  address[3]  words, each of 4 bytes  status        crc

Numbers begin with their lowest byte. What the bytes mean is in docs/serial.md; the chip's side is ``rtl/serial_*.sv``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .registers import BURST

READ, WRITE = b"R", b"W"  # commands, and the answers to them
REFUSED = b"N"  # from the chip: a frame that it dropped
TOKENS, ENDED = b"T", b"E"  # from the chip, unasked: slots of the ring; status and write_index behind a request
OPERATIONS = {"read": READ, "write": WRITE, "refuse": REFUSED, "tokens": TOKENS, "end": ENDED}

HEAD = 5  # bytes in front of the words
MARK, ESCAPE, ESCAPED_MARK, ESCAPED_ESCAPE = 0xC0, 0xDB, 0xDC, 0xDD
POLYNOMIAL, RESIDUE = 0x2F, 0x42


def _table() -> bytes:
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte << 1) ^ (POLYNOMIAL | 0x100 if byte & 0x80 else 0)
        rows.append(byte)
    return bytes(rows)


_CRC = _table()


def _register(data: bytes) -> int:
    crc = 0xFF
    for byte in data:
        crc = _CRC[crc ^ byte]
    return crc


def crc8(data: bytes) -> int:
    """CRC-8/AUTOSAR: polynomial 0x2f, begun at 0xff, inverted."""
    return _register(data) ^ 0xFF


def stuff(body: bytes) -> bytes:
    """A frame as it is on the wire, a mark on either side."""
    inner = body.replace(bytes([ESCAPE]), bytes([ESCAPE, ESCAPED_ESCAPE]))
    inner = inner.replace(bytes([MARK]), bytes([ESCAPE, ESCAPED_MARK]))
    return bytes([MARK]) + inner + bytes([MARK])


def read_command(tag: int, address: int, count: int) -> bytes:
    """The wire's bytes of a command to read ``count`` words."""
    return _command(READ, tag, address, bytes([count]))


def write_command(tag: int, address: int, words: Sequence[int]) -> bytes:
    """The wire's bytes of a command to write words, each of 32 bits."""
    return _command(WRITE, tag, address, b"".join(int(word).to_bytes(4, "little") for word in words))


def _command(op: bytes, tag: int, address: int, payload: bytes) -> bytes:
    body = op + bytes([tag]) + address.to_bytes(3, "little") + payload
    return stuff(body + bytes([crc8(body)]))


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame from the chip that came whole."""

    op: bytes
    tag: int
    address: int
    words: tuple[int, ...]
    status: int


class Splitter:
    """Bytes of the wire to frames. Anything else is dropped and counted: garbage, and frames that were cut or bent."""

    LONGEST = HEAD + 4 * BURST + 2

    def __init__(self) -> None:
        self.dropped = 0
        self._body = bytearray()
        self._escape = self._bent = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that end within ``data``."""
        frames = []
        for byte in data:
            if byte == MARK:
                if self._body or self._bent:
                    frame = None if self._bent or self._escape else _parse(bytes(self._body))
                    self.dropped += frame is None
                    frames += [frame] if frame is not None else []
                self._body.clear()
                self._escape = self._bent = False
            elif byte == ESCAPE and not self._escape:
                self._escape = True
            else:
                if self._escape:
                    self._bent |= byte not in (ESCAPED_MARK, ESCAPED_ESCAPE)
                    byte, self._escape = MARK if byte == ESCAPED_MARK else ESCAPE, False
                if len(self._body) <= self.LONGEST:  # one byte too many is enough to know
                    self._body.append(byte)
        return frames


def _parse(body: bytes) -> Frame | None:
    if len(body) < HEAD + 2 or len(body) > Splitter.LONGEST or (len(body) - HEAD - 2) % 4 or _register(body) != RESIDUE:
        return None
    words = tuple(int.from_bytes(body[at : at + 4], "little") for at in range(HEAD, len(body) - 2, 4))
    return Frame(op=body[:1], tag=body[1], address=int.from_bytes(body[2:HEAD], "little"), words=words, status=body[-2])


BAUDS = (3_000_000, 2_000_000, 1_000_000)  # of boards' lines, the fastest first
