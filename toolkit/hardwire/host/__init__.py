# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a program and the hardware agree on: the register map and the frames of a serial line."""
