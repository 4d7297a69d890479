# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""SystemVerilog of the engine, one module per file, as package data."""
