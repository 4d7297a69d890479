# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Typed errors. A message says where, what (with the value) and what to do; the class says whose fault it is.

The command line turns ``exit_code`` into the process's: 1 for the user's input or environment,
2 for a difference between two steps that must be equal, or for a quality that was not reached.
"""


class HardwireError(Exception):
    """Base of every error a user may see."""

    exit_code = 1


class ModelError(HardwireError):
    """The ONNX file cannot be read, or is not a decoder this version understands."""


class TokenizerError(HardwireError):
    """The tokenizer file is missing, malformed, or of a kind this version does not read."""


class QuantizeError(HardwireError):
    """The model cannot be turned into integers as asked."""


class TrainError(HardwireError):
    """The text, or what is asked of a training, is nothing to learn from; or a folder holds another training."""


class ChipError(HardwireError):
    """A ``.chip`` file is malformed, truncated or inconsistent."""


class BoardError(HardwireError):
    """An unknown board, or a model that does not fit it."""


class BuildError(HardwireError):
    """A build folder is incomplete, edited, or made by something else; or a build step failed."""


class ToolMissing(HardwireError):
    """A program or package that this step needs is not installed."""


class PromptError(HardwireError):
    """A prompt or a generation option that the chip cannot take."""


class PromptTooLong(PromptError):
    """A prompt that leaves no room in the context for an answer."""


class Unsupported(PromptError):
    """A request that is right, and that this engine has nothing for: another stream, rows of logits, stages."""


class LinkError(HardwireError):
    """The line to a board is silent or disturbed, or what answers there is not the chip that was asked for."""


class Mismatch(HardwireError):
    """Two steps that must agree bit for bit do not."""

    exit_code = 2


class QualityLoss(HardwireError):
    """The integer model predicts a text worse than it was allowed to."""

    exit_code = 2
