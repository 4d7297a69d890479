# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Chip and geometry to an RTL project: parameters, ROM contents, the top."""
