# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Results as JUnit XML, which CI servers show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True, kw_only=True)
class Case:
    """One test case. failure, skipped: why, where it failed or was not run; output: what else it says."""

    name: str
    seconds: float = 0.0
    failure: str | None = None
    skipped: str | None = None
    output: str = ""


def write_junit(path: Path, suite: str, cases: Sequence[Case]) -> None:
    """A file of one test suite, "hardwire verify" as an example."""
    failures = str(sum(case.failure is not None for case in cases))
    skipped = str(sum(case.skipped is not None for case in cases))
    root = ElementTree.Element("testsuite", name=suite, tests=str(len(cases)), failures=failures, skipped=skipped)
    for case in cases:
        attributes = {"classname": suite.replace(" ", "."), "name": case.name, "time": str(case.seconds)}
        element = ElementTree.SubElement(root, "testcase", attributes)
        if case.failure is not None:
            ElementTree.SubElement(element, "failure", message=case.failure)
        if case.skipped is not None:
            ElementTree.SubElement(element, "skipped", message=case.skipped)
        ElementTree.SubElement(element, "system-out").text = case.output
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
