# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Which model for which board.

ladder.py    Llama-like shapes of all sizes
search.py    the largest that a board holds
trained.py   models that were trained, and the curve through them
choices.py   boards by bits: shape, speed, and what to expect
picture.py   the same as a picture
"""
