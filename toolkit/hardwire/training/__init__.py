# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A model of one's own: from a text to tokenizer, weights, ONNX and chip. What trains needs torch, an extra.

request.py   what is asked for, and every refusal that can come before the long work; needs no torch
run.py       the whole way, from a request to its files
documents.py a text's documents, its characters, and what of it is held out; needs no torch
text.py      the tokenizer, and ids
rows.py      rows to train on: of one text, or of real stories and a teacher's
llama.py     the model
trainer.py   the loop: schedule, integer grid, checkpoints
muon.py      the optimizer of the matrices
kernel.py    loss and gradient in compiled C, where gcc is
sampler.py   stories in compiled C
loops.py     against loops in what the model writes
overlap.py   held-out text stays out of training
export.py    the score, the ONNX, samples
notes.py     what exporters write beside the computation
card.py      the model's card
"""
