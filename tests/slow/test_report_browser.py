# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A sweep's report in a real browser: a click on a heading sorts, and what a row says is no markup."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hardwire.sweep.report import write_report
from hardwire.sweep.results import Result, Results

pytestmark = [pytest.mark.slow, pytest.mark.tools]

# What only this test puts in: sorts by LUTs, once and again, and says the order.
PROBE = """<script>
const order = () => [...document.querySelectorAll("summary")].slice(0, 3).map((one) => one.textContent).join(" ");
const head = [...document.querySelectorAll("th")].find((one) => one.textContent === "LUTs");
const told = [order()];
head.click(); told.push(order());
head.click(); told.push(order());
document.title = [...told, head.getAttribute("aria-sort"), document.querySelectorAll("svg").length,
  document.querySelectorAll("b").length].join(", ");
</script></body>"""


def test_a_click_sorts(tmp_path: Path) -> None:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert program is not None, "this test needs a browser (Debian: apt-get install chromium)"
    results = Results(tmp_path / "results.sqlite")
    for name, lut in (("middle", 10_000), ("largest", 200_000), ("least", 9_000)):
        row = Result(name=name, model="m", board="pynq-z2", weights=4, option="plan", seed=None, status="done")
        row.lut, row.tokens_per_second, row.reason, row.step = lut, 1e9 / lut, "<b>not bold</b>", "yosys"
        results.put(row)
    write_report(results, tmp_path / "report.html", "a & b")
    results.close()
    page = tmp_path / "probed.html"
    page.write_text((tmp_path / "report.html").read_text().replace("</body>", PROBE))
    command = [program, "--headless", "--disable-gpu", "--no-sandbox", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--enable-logging=stderr", "--dump-dom", page.as_uri()]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert "CONSOLE" not in seen.stderr, seen.stderr
    title = re.search(r"<title>(.*?)</title>", seen.stdout)
    assert title is not None and title[1].split(", ") == [
        "middle largest least", "least middle largest", "largest middle least", "descending", "1", "0",
    ]  # fmt: skip
