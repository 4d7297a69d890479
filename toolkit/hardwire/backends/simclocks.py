# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The clock registers of a Zynq's processor: PLLs as a board boots with them, and the fabric's clocks as a program set
them. SLCR of a Zynq-7000 (UG585, appendix B.28); CRL_APB and CRF_APB of a Zynq UltraScale+ (UG1087)."""

from __future__ import annotations

PL_CLOCKS = 4


class ZynqClocks:
    """SLCR. ``pll_mhz``: of the IO PLL, from a crystal of 50 MHz; what is not a clock's register is a plain word."""

    CRYSTAL = 50.0
    PLLS = (0xF800_0108, 0xF800_0108, 0xF800_0100, 0xF800_0104)  # by SRCSEL: IO twice, ARM, DDR
    FIRST, STRIDE = 0xF800_0170, 0x10
    OTHER_WORDS = {0xF800_0100: 26 << 12, 0xF800_0104: 21 << 12, 0xF800_0120: 2 << 8}  # 1300 and 1050 MHz, the CPU's
    SOURCE, SECOND = (4, 3), 20  # where SRCSEL lies, and its mask; where DIVISOR1 lies

    def __init__(self, pll_mhz: float = 1000.0) -> None:
        self.words = dict(self.OTHER_WORDS) | {self.PLLS[0]: self._pll_word(pll_mhz)}
        for index in range(PL_CLOCKS):  # as the boards' boot leaves them: 100 MHz
            self.words[self.FIRST + self.STRIDE * index] = self._boot_word(pll_mhz)
        self.fastest = 0.0  # MHz that clock 0 had at any time since a bitstream was loaded

    def _pll_word(self, mhz: float) -> int:
        return round(mhz / self.CRYSTAL) << 12

    def _boot_word(self, mhz: float) -> int:
        return round(mhz / 100) << 8 | 1 << self.SECOND

    def read(self, address: int) -> int:
        return self.words.get(address, 0)

    def write(self, address: int, word: int) -> None:
        self.words[address] = word
        self.fastest = max(self.fastest, self.mhz())

    def _pll(self, source: int) -> float:
        return self.CRYSTAL * (self.words[self.PLLS[source]] >> 12 & 127)

    def mhz(self, index: int = 0) -> float:
        """The frequency of the fabric's clock; 0 with a divider of 0, of which nobody says what it does."""
        word = self.words[self.FIRST + self.STRIDE * index]
        first, second = word >> 8 & 63, word >> self.SECOND & 63
        source = word >> self.SOURCE[0] & self.SOURCE[1]
        return self._pll(source) / (first * second) if first * second else 0.0


class UltrascaleClocks(ZynqClocks):
    """CRL_APB and CRF_APB. ``pll_mhz``: of the IOPLL, from 33.333333 MHz by a feedback and by two."""

    CRYSTAL = 100 / 3
    PLLS = (0xFF5E_0020, 0xFF5E_0020, 0xFF5E_0030, 0xFD1A_002C)  # by SRCSEL: IOPLL, none, RPLL, DPLL
    FIRST, STRIDE = 0xFF5E_00C0, 4
    OTHER_WORDS = {
        0xFF5E_0030: 45 << 8 | 1 << 16,  # RPLL 750 MHz
        0xFD1A_0020: 72 << 8 | 1 << 16,  # APLL
        0xFD1A_002C: 64 << 8 | 1 << 16,  # DPLL
        0xFD1A_0038: 90 << 8 | 1 << 16,  # VPLL
        0xFD1A_0060: 1 << 8,
    }
    SOURCE, SECOND = (0, 7), 16
    ACTIVE = 1 << 24

    def _pll_word(self, mhz: float) -> int:
        return round(mhz / self.CRYSTAL * 2) << 8 | 1 << 16

    def _boot_word(self, mhz: float) -> int:
        return super()._boot_word(mhz) | self.ACTIVE

    def _pll(self, source: int) -> float:
        word = self.words[self.PLLS[source]]
        return self.CRYSTAL * (word >> 8 & 127) / (2 if word >> 16 & 1 else 1)

    def mhz(self, index: int = 0) -> float:
        return super().mhz(index) if self.words[self.FIRST + self.STRIDE * index] & self.ACTIVE else 0.0


CLOCKS = {"zynq-7000": ZynqClocks, "zynq-ultrascale+": UltrascaleClocks}
