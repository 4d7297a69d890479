# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What one CPU core does with the same float model, for comparison."""
