# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The page in a real Chromium: what it shows is what the model says; by keyboard, by axe's rules, without network."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hosted import GEOMETRY

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.model import LanguageModel
from hardwire.quantize import random_chip
from hardwire.serve.settings import key_of
from hardwire.serve.timeline import Timeline

from .served import Gated, running, serving, until
from .test_api import Pours

pytestmark = pytest.mark.slow
KEY = "a-key-for-the-page"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert program is not None, "no Chromium on PATH; install one (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that knows no other address than the server's, and may say nothing wrong."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    statuses = "Failed to load resource"  # Chromium's own words for every status that is an error
    page.on(
        "console", lambda said: wrong.append(said.text) if said.type == "error" and statuses not in said.text else 0
    )
    page.route("**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort())
    yield page
    context.close()
    assert wrong == []


def expect(locator: Any) -> Any:
    """Playwright's, imported where there is a browser; what it waits for needs no eval, which the page forbids."""
    from playwright.sync_api import expect as expected

    return expected(locator)


def open_page(page: Any, server: Any) -> None:
    page.goto(f"http://{server.host}:{server.port}/")


def ask(page: Any, prompt: str, **fields: str) -> None:
    page.get_by_label("Prompt").fill(prompt)
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " ")).fill(text)
    page.get_by_label("Prompt").press("Control+Enter")


def ended(page: Any) -> str:
    """Wait for the end; its reason."""
    expect(page.locator("#ended")).not_to_have_text("–", timeout=60_000)
    return str(page.text_content("#ended"))


def test_a_text_and_its_figures(page: Any, chip_with_text: Chip, tmp_path: Path) -> None:
    model = LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")
    wanted = model.generate("abc", 9, 0.8, 7)
    with serving(chip_with_text, timeline=Timeline(chip_with_text, GEOMETRY)) as server:
        open_page(page, server)
        page.get_by_role("heading", name="tiny").wait_for()
        assert "context 24" in page.text_content("#about")
        ask(page, "abc", Seed="7", Tokens_at_most="9")
        assert ended(page) == model.last.status
        assert page.text_content("#log p") == "abc" + wanted
        assert page.text_content("#count") == str(len(model.last.tokens))
        assert page.text_content("#used-seed") == "7" and page.text_content("#rate") != "–"
        assert page.locator("#timeline rect").count() > 10 and page.locator("#legend li").count() > 4
        page.get_by_label("Position").fill("9")
        page.get_by_text("A token at position 9 takes").wait_for()
        page.screenshot(path=str(tmp_path / "page.png"))


def test_a_chat_goes_on(page: Any, chip_with_text: Chip, tmp_path: Path) -> None:
    template = tmp_path / "chat.jinja"
    template.write_text("{{ messages | join(' ', attribute='content') }}")
    model = LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")
    with serving(chip_with_text, chat_template=template) as server:
        open_page(page, server)
        page.get_by_label("Chat").check()
        ask(page, "ab", Seed="3", Tokens_at_most="3")
        ended(page)
        first = model.generate("ab", 3, 0.8, 3)
        ask(page, "cd")
        ended(page)
        expect(page.locator("#log p")).to_have_count(4)
        second = model.generate(f"ab {first} cd", 3, 0.8, 3)
        texts = page.locator("#log p").all_text_contents()
        assert texts == ["Youab", f"Chip{first}", "Youcd", f"Chip{second}"]


def test_stop_frees_the_chip(page: Any, chip_with_text: Chip) -> None:
    backend = Gated(chip_with_text)
    with serving(chip_with_text, backend) as server:
        open_page(page, server)
        page.get_by_role("heading", name="tiny").wait_for()
        ask(page, "abc", Seed="7")
        backend.let(2)
        expect(page.locator("#count")).to_have_text("2", timeout=60_000)
        assert page.get_attribute("#log", "aria-busy") == "true" and page.is_disabled("#send")
        page.get_by_role("button", name="Stop").click()
        assert ended(page) == "you stopped it"
        until(lambda: all(job.cancelled for job in list(server.service.engine._current.values())))
        backend.let(1)
        until(lambda: backend.closed == 1)
        assert backend.given in (2, 3) and page.is_enabled("#send")
        backend.let(1000)


def test_a_pattern_is_looked_at_while_it_is_typed(page: Any, chip_with_text: Chip) -> None:
    with serving(chip_with_text) as server:
        open_page(page, server)
        field = page.get_by_label("Pattern of the answer")
        field.fill("(a")
        assert field.get_attribute("aria-invalid") == "true" and "Not a pattern yet" in page.text_content(
            "#pattern-state"
        )
        field.fill("(?s)[a-z].*")
        assert field.get_attribute("aria-invalid") == "false" and page.is_hidden("#how")
        ask(page, "abc", Seed="1", Tokens_at_most="5")
        assert ended(page).startswith(("a match after", "no match after"))
        assert page.locator("#log .tried").count() >= 1


def test_a_guided_answer_shows_whether_it_fits(page: Any, chip_with_text: Chip, tmp_path: Path) -> None:
    """Of a chip with an extended sampler, in both modes; and tried again where that is chosen."""
    with serving(chip_with_text, Reference(chip_with_text, best=20)) as server:
        open_page(page, server)
        page.get_by_role("heading", name="tiny").wait_for()
        field = page.get_by_label("Pattern of the answer")
        field.fill("(ab")
        assert "Not a pattern yet" in page.text_content("#pattern-state")
        field.fill("(ab){1,3}c")
        assert "draws only tokens that fit" in page.text_content("#pattern-state")
        ask(page, "d", Seed="5", Tokens_at_most="12")
        assert ended(page) == "stop token"
        expect(page.locator("#fits")).to_have_text("matches")
        assert re.fullmatch("d(ab){1,3}c", page.text_content("#log p"))
        page.screenshot(path=str(tmp_path / "guided.png"))
        page.get_by_label("Chat").check()
        ask(page, "d", Seed="6", Tokens_at_most="1")
        assert ended(page) == "budget"
        expect(page.locator("#fits")).to_have_text("no match")
        page.get_by_label("Continue a text").check()
        page.get_by_label("How it is kept").select_option("until")
        assert "tried until one matches" in page.text_content("#pattern-state")
        field.fill("a|[b-z].*")
        ask(page, "abc", Seed="1", Tokens_at_most="5")
        assert ended(page).startswith(("a match after", "no match after"))
        field.fill("[0-9]+")  # which this model has no letters for
        page.get_by_label("How it is kept").select_option("guide")
        ask(page, "d")
        expect(page.locator("#error")).to_contain_text("the guide cannot be compiled", timeout=60_000)


def test_an_adapter_is_chosen(page: Any, chip_with_text: Chip) -> None:
    other = replace(random_chip(chip_with_text.shape, seed=77), tokenizer=chip_with_text.tokenizer, bos=1, eos=(2,))
    board = Pours({None: chip_with_text, "pirate": other})
    model = LanguageModel(chip_with_text, board, "tiny")
    model._prints = board  # type: ignore[assignment]
    with running(model, adapters=(("pirate", Path("pirate.adapter")),)) as server:
        open_page(page, server)
        page.get_by_label("Adapter").select_option("pirate")
        ask(page, "abc", Seed="7", Tokens_at_most="9")
        ended(page)
        wanted = LanguageModel(other, Reference(other), "pirate").generate("abc", 9, 0.8, 7)
        assert page.text_content("#log p") == "abc" + wanted and board.poured == ["pirate"]


def test_a_key_is_asked_for(page: Any, chip_with_text: Chip) -> None:
    with serving(chip_with_text, keys=(key_of(KEY),)) as server:
        open_page(page, server)
        page.get_by_label("Key", exact=True).fill(KEY)
        page.get_by_role("button", name="Use it").click()
        page.get_by_role("heading", name="tiny").wait_for()
        ask(page, "abc", Tokens_at_most="3")
        assert ended(page) in ("budget", "stop token")
        ask(page, "a!c")
        expect(page.locator("#error")).to_contain_text("is not in the model", timeout=60_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("best", [0, 20], ids=["plain", "extended"])
def test_everybody_can_use_it(
    page: Any, chip_with_text: Chip, scheme: str, width: int, best: int, tmp_path: Path
) -> None:
    """axe finds nothing, no text runs out of a narrow window, and Tab reaches everything in order."""
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    with serving(
        chip_with_text, Reference(chip_with_text, best=best), timeline=Timeline(chip_with_text, GEOMETRY)
    ) as server:
        open_page(page, server)
        page.locator("#timeline rect").first.wait_for()
        page.get_by_label("Pattern of the answer").fill("[a-z]*" if best else "")
        ask(page, "abc", Seed="7", Tokens_at_most="9")
        ended(page)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
        page.locator("body").click(position={"x": 2, "y": 2})
        reached = []
        for _ in range(13):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.className || 'mode'"))
        page.screenshot(path=str(tmp_path / "page.png"), full_page=True)
        wanted = ["prompt", "temperature", "seed", "tokens", "pattern", *(["how"] if best else [])]
        wanted += ["send", "clear", "log", "position", "timeline"]
        assert [name for name in reached if name in wanted] == wanted
