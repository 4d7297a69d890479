# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The engine of a chip on a board: its geometry, its schedule, its cost."""
