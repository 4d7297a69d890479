# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The files that people have: each is imported, equal to ONNX Runtime, or refused with its sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from import_cases import CASES
from onnx_models import save
from write_imports import PAGE, page

from hardwire.errors import ModelError
from hardwire.frontend import import_onnx


@pytest.mark.tools
@pytest.mark.parametrize("name", CASES)
def test_case(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    path = save(case.build(), tmp_path)
    if case.refused:
        with pytest.raises(ModelError) as refusal:
            import_onnx(path)
        assert case.refused in str(refusal.value)
        return
    result = import_onnx(path)
    assert result.check.max_relative_error <= 1e-5  # a tenth of what an import may differ
    assert len(result.check.lengths) == 3
    assert any(case.note in note for note in result.notes), result.notes


def test_the_page_is_that_of_the_table() -> None:
    assert PAGE.read_text() == page(), "run python tests/frontend/write_imports.py"
