# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""One folder per board: ``board.toml`` and what differs between boards."""
