# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a user's Python drives a baked model with. Imports only numpy, the standard library and, on a board, pynq."""
