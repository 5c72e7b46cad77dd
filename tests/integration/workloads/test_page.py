"""The page in a real browser, over the real services: everything that a person does with it."""

from __future__ import annotations

import shutil
import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.integration.workloads.conversation_world import furnish, variables
from tests.local_cloud import LocalCloud, cloud
from tests.workload_services import SECRETS, Service, database_name, running_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webelement import WebElement

pytestmark = [pytest.mark.browser, pytest.mark.seconds(40)]

__all__ = ["cloud"]

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
)
# Seconds after which something that a person waits for counts as broken.
PATIENCE = 30
PASSWORD = "correct horse"


class Page:
    """The page in a browser of its own, which reaches Google by the local cloud's proxy as everybody does."""

    def __init__(self, url: str, cloud: LocalCloud, profile: Path) -> None:
        """Open `url`."""
        if not CHROMIUM or not DRIVER:
            pytest.fail("Chromium is missing: apt-get install chromium chromium-driver")
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # Chromium takes no authority from a file: that the proxy's is the local cloud's is not for it to say.
        options.accept_insecure_certs = True
        proxy = cloud.env["HTTPS_PROXY"].partition("://")[2]
        for switch in (
            *SWITCHES,
            f"--user-data-dir={profile}",
            f"--proxy-server={proxy}",
        ):
            options.add_argument(switch)
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        self.url = url
        self.driver.get(url)

    def element(self, identifier: str) -> WebElement:
        """The element of an id."""
        return self.driver.find_element(By.ID, identifier)

    def until(self, condition: Any, what: str) -> Any:
        """Wait until `condition()` is true; what the browser complained of is in the message when it does not."""
        try:
            return WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(lambda _: condition())
        except Exception as error:
            raise AssertionError(f"{what}; alert {self.text('alert')!r}; {self.complaints()}") from error

    def text(self, identifier: str) -> str:
        """What an element shows."""
        return self.element(identifier).text

    def shown(self, identifier: str) -> bool:
        """Whether an element can be seen."""
        return self.element(identifier).is_displayed()

    def fill(self, identifier: str, text: str) -> None:
        """Type into a field."""
        field = self.element(identifier)
        field.clear()
        field.send_keys(text)

    def click(self, identifier: str) -> None:
        """Press a button."""
        self.element(identifier).click()

    def complaints(self) -> list[str]:
        """What the browser's console says, refused requests that the page itself tells of left out."""
        logs: list[dict[str, str]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in logs if "the server responded with a status of 4" not in entry["message"]]

    def sign_in(self, email: str, password: str, button: str = "login") -> None:
        """Fill in the form and press a button."""
        self.until(lambda: self.shown("sign-in"), "no form")
        self.fill("email", email)
        self.fill("password", password)
        self.click(button)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _services(server: str, cloud: LocalCloud) -> Iterator[Service]:
    """The four, each at an origin of its own, as without an edge."""
    port = str(_free_port())
    origin = {"ALLOWED_ORIGINS": f"http://127.0.0.1:{port}"}
    uri = f"{server}/{database_name()}"
    with ExitStack() as stack:
        start = stack.enter_context
        auth = start(running_service("auth-service", MONGODB_URI=uri, ACCESS_TOKEN_SECONDS="3", **origin, **SECRETS))
        leads = start(running_service("lead-import-service", MONGODB_URI=uri))
        talk = start(running_service("conversation-backend", **variables(cloud), **origin))
        urls = {
            "NEXT_PUBLIC_AUTH_URL": auth.url,
            "NEXT_PUBLIC_CONVERSATION_URL": talk.url,
            "LEAD_IMPORT_URL": leads.url,
        }
        yield start(running_service("frontend", PORT=port, **urls))


@pytest.fixture(scope="module")
def page(server: str, cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser over one set of services."""
    furnish(cloud)
    with _services(server, cloud) as frontend:
        opened = Page(frontend.url, cloud, tmp_path_factory.mktemp("profile"))
        try:
            yield opened
        finally:
            opened.driver.quit()


def test_a_person_does_everything(page: Page, tmp_path: Path) -> None:
    """From a new account to the sound of a conversation, over a reload and an access token that ends."""
    page.sign_in("ada@example.com", PASSWORD, "register")
    page.until(lambda: page.shown("work"), "not signed in")
    assert page.text("who") == "ada@example.com"
    _imports(page, tmp_path)
    page.driver.refresh()
    page.until(lambda: page.shown("work"), "the reload signed out")
    _converses(page)
    page.click("sign-out")
    page.until(lambda: page.shown("sign-in") and not page.shown("work"), "not signed out")
    page.driver.refresh()
    page.until(lambda: page.shown("sign-in"), "signed in again")
    assert page.complaints() == []


def _imports(page: Page, directory: Path) -> None:
    file = directory / "leads.csv"
    rows = "".join(f"Person {number},p{number}@example.com\n" for number in range(4_000))
    file.write_text(f"name,email\n{rows},nobody@example.com\nEve,no address\n", encoding="utf-8")
    page.element("file").send_keys(str(file))
    page.click("check")
    page.until(lambda: "Nothing was imported" in page.text("import-status"), "not checked")
    assert "4000 of 4002 rows are good" in page.text("import-status")
    assert [row.text for row in page.driver.find_elements(By.CSS_SELECTOR, "#row-errors tbody tr")] == [
        "4002 name name is missing",
        "4003 email email is no e-mail address",
    ]
    page.click("import")
    page.until(lambda: page.text("import-status").startswith("Done"), "not imported")
    assert page.text("import-status") == "Done: 4000 imported, 0 already there, 2 left out, of 4002 rows."
    assert page.element("progress").get_attribute("value") == "100"


def _converses(page: Page) -> None:
    page.fill("word", "朋友")
    page.click("generate")
    page.until(lambda: page.shown("conversation-result"), "no conversation")
    turns = [turn.text for turn in page.driver.find_elements(By.CSS_SELECTOR, "#turns li")]
    assert 3 <= len(turns) <= 5
    assert "朋友" in "".join(turns)
    assert not page.shown("fallback")
    page.click("listen")
    player = page.element("player")
    page.until(lambda: _number(player, "currentTime") > 0.2, "nothing is played")
    assert str(player.get_property("currentSrc")).startswith("https://storage.googleapis.com/")
    assert 3 < _number(player, "duration") < 60


def _number(player: WebElement, name: str) -> float:
    return float(str(player.get_property(name) or 0))


def test_what_goes_wrong_is_said(page: Page, cloud: LocalCloud) -> None:
    """In words, where screen readers find them; a fallback is called one and not spoken."""
    page.sign_in("bob@example.com", "wrong password")
    page.until(lambda: page.text("alert") == "Address or password is wrong.", "nothing was said")
    page.sign_in("bob@example.com", PASSWORD, "register")
    page.until(lambda: page.shown("work"), "not signed in")
    assert page.text("alert") == ""
    cloud.faults.add(method="generativelanguage.models.generateContent", reason="forbidden")
    page.fill("word", "河")
    page.click("generate")
    page.until(lambda: page.shown("fallback"), "a fallback is not called one")
    assert not page.shown("listen")
    cloud.faults.clear()
    page.click("generate")
    page.until(lambda: not page.shown("fallback") and page.shown("listen"), "no conversation")
    cloud.faults.add(method="texttospeech.text.synthesize", reason="forbidden")
    page.click("listen")
    page.until(lambda: page.text("alert") != "", "nothing was said")
    cloud.faults.clear()


def test_everything_has_a_name(page: Page) -> None:
    """Each field and button, in what assistive technology reads; one main heading, and no text that is hard to see."""
    nodes = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    wanted = {"textbox", "button", "progressbar", "link", "table"}
    unnamed = [
        node["role"]["value"]
        for node in nodes
        if not node.get("ignored") and node["role"]["value"] in wanted and not node.get("name", {}).get("value")
    ]
    assert unnamed == []
    assert len(page.driver.find_elements(By.TAG_NAME, "h1")) == 1
    assert page.element("alert").get_attribute("role") == "alert"
    for width in (320, 1200):
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        assert page.driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
