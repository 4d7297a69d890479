# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Notebooks, in the package as hardwire.notebooks; ``pynq get-notebooks`` delivers them."""
