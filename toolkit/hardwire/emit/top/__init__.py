# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What stands around an engine: registers, a serial line or AXI4-Lite, and the Vivado project."""
