# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Finished bitstreams by board and model, in the package as hardwire.overlays."""
