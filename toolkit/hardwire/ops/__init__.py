# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Every operation of the chip, one file each: its integer reference and the tables it reads.

| op        | meaning                                                                       |
| --------- | ----------------------------------------------------------------------------- |
| fixed     | rounding and saturation, the only home of each                                  |
| embedding | table row of a token or a position, scaled into residual units                |
| norm      | RMSNorm split in two: a shifted vector for the lanes, and its reciprocal root |
| matvec    | integer matrix times vector, requantised per row, plus a bias                 |
| rope      | rotary position embedding of queries and keys                                 |
| attention | scores, exponentials, weighted values, one reciprocal                         |
| softcap   | cap * tanh(x / cap) of scores or logits, by a table and a line                |
| gate      | activation table times the up projection, or the table alone                  |
| sampler   | argmax, or temperature by Gumbel-max from a counter-based generator           |
| choice    | the extended sampler: allowed tokens, penalty, top-k, top-p, log probabilities |

The same base name finds the op's kernel in ``hls/``.
"""
