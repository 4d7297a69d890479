# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Sweeps: models x boards x weights x options x seeds, each point from the model to its clock.

grid.py       sweep.toml: which points there are
results.py    the points and what became of them, in one SQLite file
inputs.py     what decides a point: its keys and its commands
commands.py   steps that are a command of hardwire's: quantize, evaluate, build, verify
work.py       the steps of one build, and its rows
run.py        all builds, on a cluster
report.py     the results in one HTML file
"""
