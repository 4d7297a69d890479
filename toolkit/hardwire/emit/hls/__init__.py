# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Chip to an HLS project: constants, the graph, and what each loop and memory takes."""
