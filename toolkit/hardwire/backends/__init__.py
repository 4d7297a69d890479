# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Everything a chip can run on, under the same verbs: compile, predict, trace, generate."""
