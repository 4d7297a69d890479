# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Compiled C for small Llamas on a CPU: loss and gradient of a row of tokens, and stories; ``library.py`` loads it.

Training and fine-tuning call it where gcc is present, and do without where it is not.
"""
