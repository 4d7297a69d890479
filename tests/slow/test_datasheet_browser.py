# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The datasheet in a real browser, Chromium: it prints, nothing is refused, and nothing is cut at the side."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hardwire.datasheet import write_datasheet, write_pdf
from hardwire.datasheet.page import BROWSERS

pytestmark = pytest.mark.slow

COMMITTED = Path(__file__).parents[2] / "bitstreams" / "ulx3s-85f" / "bundled"
# Said by a script that only this test puts in: how wide the page is, and what a reader sees.
PROBE = """<script>
document.title = [document.documentElement.scrollWidth, innerWidth, document.querySelectorAll("h2").length,
  document.querySelectorAll("svg rect").length].join(" ");
</script></body>"""


def chromium() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    assert found is not None, "this test needs a browser (Debian: apt-get install chromium)"
    return found


def dump(page: Path, profile: Path) -> subprocess.CompletedProcess[str]:
    command = [chromium(), "--headless", "--disable-gpu", "--no-sandbox", f"--user-data-dir={profile}"]
    command += ["--window-size=900,1200", "--enable-logging=stderr", "--dump-dom", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)


def test_it_prints_and_nothing_is_cut(tmp_path: Path) -> None:
    page = write_datasheet(COMMITTED, tmp_path / "s.html")
    pdf = write_pdf(page, tmp_path / "s.pdf").read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert pdf[:5] == b"%PDF-" and 3 <= pages <= 6
    seen = dump(page, tmp_path / "profile")
    assert "CONSOLE" not in seen.stderr, seen.stderr  # what the page's own policy refuses is said there
    probed = tmp_path / "probed.html"
    text = page.read_text().replace(
        "style-src 'unsafe-inline'", "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    )
    probed.write_text(text.replace("</body>", PROBE))
    title = re.search(r"<title>(\d+) (\d+) (\d+) (\d+)</title>", dump(probed, tmp_path / "profile").stdout)
    assert title is not None
    wide, window, sections, boxes = map(int, title.groups())
    assert wide <= window and sections == 12 and boxes > 40


def test_a_script_in_a_page_would_be_refused(tmp_path: Path) -> None:
    page = write_datasheet(COMMITTED, tmp_path / "s.html")
    page.write_text(page.read_text().replace("</body>", PROBE))
    seen = dump(page, tmp_path / "profile")
    assert "CONSOLE" in seen.stderr and "datasheet</title>" in seen.stdout
