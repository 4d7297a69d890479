# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Chip and plan to sources: HLS projects, RTL projects, ROM contents, Tcl. Nothing here runs a tool."""
