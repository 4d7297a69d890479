# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Every test runs for every model of models/."""

from pathlib import Path

import pytest

MODELS = sorted(Path(__file__).parent.glob("models/*/model.onnx"))


@pytest.fixture(scope="session", params=MODELS, ids=lambda path: path.parent.name)
def hardwire_model(request: pytest.FixtureRequest) -> Path:
    return request.param
