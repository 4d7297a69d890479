# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The model that ships with the package: ONNX, tokenizer, calibration text, model card."""
