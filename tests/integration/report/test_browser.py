"""The page as a real browser shows it: on a desk, on a phone, in the dark, and printed."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from selenium import webdriver
from selenium.webdriver.common.by import By

from ansible_collections.presidential_digs.platform.plugins.plugin_utils._ledger_reader import read
from ansible_collections.presidential_digs.platform.plugins.plugin_utils._report import write_report
from tests.report_samples import large_run, site_run

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


class Browser:
    """A headless Chromium that shows one page and keeps the addresses of everything it asked for."""

    def __init__(self, profile: Path) -> None:
        if not CHROMIUM or not DRIVER:
            pytest.fail("Chromium is missing: apt-get install chromium chromium-driver")
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        for switch in (*SWITCHES, f"--user-data-dir={profile}"):
            options.add_argument(switch)
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))

    def show(self, page: Path, *, width: int = 1200, dark: bool = False) -> None:
        """Open a page at a width, in light or dark."""
        size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        self.driver.get(page.as_uri())

    def ask(self, script: str) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser with a fresh profile."""
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.driver.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a failed run that followed a good one."""
    directory = tmp_path_factory.mktemp("runs")
    site_run(directory / "20261123T010000Z0001", slower=1.6, trouble=False)
    story = site_run(directory / "20261123T013000Z4fa1")
    write_report(story.ledger, story.recorder.directory / "report.html")
    return story.recorder.directory / "report.html"


def test_it_opens_from_a_file_and_asks_nobody_for_anything(browser: Browser, page: Path) -> None:
    browser.driver.get("about:blank")
    browser.driver.get_log("performance")  # type: ignore[no-untyped-call]
    browser.show(page)
    entries = browser.driver.get_log("performance")  # type: ignore[no-untyped-call]
    events = [json.loads(entry["message"])["message"] for entry in entries]
    requests = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    asked = {sent["request"]["url"] for sent in requests if sent["documentURL"] == page.as_uri()}
    assert asked - {"data:,"} == {page.as_uri()}
    console = browser.driver.get_log("browser")  # type: ignore[no-untyped-call]
    assert [entry for entry in console if entry["level"] == "SEVERE"] == []
    assert browser.driver.title.startswith("local: Failed after 18 s")


def test_bars_have_the_proportions_of_the_ledger(browser: Browser, page: Path) -> None:
    run = read(page.with_name("ledger.jsonl"))
    enable = next(entry for entry in run.executions if entry.task.name == "Enable the services")
    for width in (1200, 390):
        browser.show(page, width=width)
        lane = browser.ask(
            "const bar = [...document.querySelectorAll('.lane a')].find((a) => a.textContent.startsWith('Enable the'));"
            "const box = bar.querySelector('rect').getBoundingClientRect();"
            "const all = bar.closest('svg').getBoundingClientRect();"
            "return [(box.left - all.left) / all.width, box.width / all.width, box.height]"
        )
        assert lane[0] == pytest.approx(enable.started / run.seconds, abs=0.005)
        assert lane[1] == pytest.approx(enable.seconds / run.seconds, abs=0.005)
        assert lane[2] == pytest.approx(14)
    assert browser.ask("return document.querySelectorAll('.lane.phase').length") == 3


def test_a_diff_opens_and_shows_what_changed(browser: Browser, page: Path) -> None:
    browser.show(page)
    change = browser.driver.find_element(By.CSS_SELECTOR, "details.change")
    diff = change.find_element(By.CSS_SELECTOR, ".diff")
    assert not diff.is_displayed()
    change.find_element(By.TAG_NAME, "summary").click()
    assert diff.is_displayed()
    assert "-state: DELETE_REQUESTED" in diff.text
    assert "+state: ACTIVE" in diff.text
    browser.driver.find_element(By.CSS_SELECTOR, "button[data-open]").click()
    assert all(entry.is_displayed() for entry in browser.driver.find_elements(By.CSS_SELECTOR, ".diff"))
    browser.driver.find_element(By.CSS_SELECTOR, "button[data-close]").click()
    assert not diff.is_displayed()


def test_a_bar_leads_to_its_task_and_the_list_can_be_filtered(browser: Browser, page: Path) -> None:
    browser.show(page)
    browser.ask(
        "document.querySelector('.bar.failed').closest('a').dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    target = browser.driver.find_element(By.CSS_SELECTOR, "tr:target")
    assert target.is_displayed()
    assert "Apply" in target.text
    browser.driver.find_element(By.ID, "filter").send_keys("plan network")
    shown = [row for row in browser.driver.find_elements(By.CSS_SELECTOR, ".tasks tbody tr") if row.is_displayed()]
    assert len(shown) == 1


@pytest.mark.parametrize("width", [320, 390, 768, 1200])
def test_nothing_scrolls_sideways(browser: Browser, page: Path, width: int) -> None:
    browser.show(page, width=width)
    browser.ask("for (const entry of document.querySelectorAll('details')) entry.open = true")
    assert browser.ask("return document.documentElement.scrollWidth") <= width
    wide = browser.ask(
        "return [...document.querySelectorAll('body *')].filter((e) => !e.closest('.skip, thead, svg') &&"
        f"(e.getBoundingClientRect().right > {width} + 0.5 || e.scrollWidth > e.clientWidth + 1 &&"
        "getComputedStyle(e).display !== 'inline')).map((e) => e.outerHTML.slice(0, 80))"
    )
    assert wide == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_contrast_is_wcag_aa(browser: Browser, page: Path, dark: bool, width: int) -> None:
    browser.show(page, dark=dark, width=width)
    browser.ask("for (const entry of document.querySelectorAll('details')) entry.open = true")
    background = browser.ask("return getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(21, 22, 23)" if dark else "rgb(246, 245, 242)")
    checked = browser.ask(CONTRAST)
    assert checked["looked"] > 150
    assert checked["poor"] == []


def test_a_screen_reader_finds_its_way(browser: Browser, page: Path) -> None:
    browser.show(page)
    assert browser.ask("return document.documentElement.lang") == "en"
    assert browser.ask("return document.querySelectorAll('h1, main').length") == 2
    levels = browser.ask("return [...document.querySelectorAll('h1, h2, h3')].map((e) => Number(e.tagName[1]))")
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert browser.ask("return document.querySelectorAll('th:not([scope])').length") == 0
    ids = browser.ask("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    dead = browser.ask(
        "return [...document.querySelectorAll('a[href^=\"#\"]')].map((a) => a.getAttribute('href').slice(1))"
        ".filter((id) => !document.getElementById(id))"
    )
    assert dead == []


def test_printing_shows_the_diffs_and_closes_them_again(browser: Browser, page: Path) -> None:
    browser.show(page)
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    pdf = PdfReader(io.BytesIO(base64.b64decode(printed["data"])))
    text = "\n".join(sheet.extract_text() for sheet in pdf.pages)
    assert "Failed after 18 s" in text
    assert "-state: DELETE_REQUESTED" in text
    assert "Open all" not in text
    assert browser.ask("return document.querySelectorAll('details[open]').length") == 0


def test_a_thousand_tasks_are_drawn(browser: Browser, tmp_path: Path) -> None:
    story = large_run(tmp_path / "20261123T013000Z4fa1")
    large = story.recorder.directory / "report.html"
    write_report(story.ledger, large)
    browser.show(large, width=390)
    assert browser.ask("return document.documentElement.scrollWidth") <= 390
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, ".lane.phase")) == 10
    drawn = browser.ask("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    print(f"1,000 tasks: {large.stat().st_size} bytes, {drawn:.0f} ms to load")
