"""A headless Chromium that tells what a page says, logs and asks the network for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

MISSING = "needs chromium and chromedriver; on Debian: apt-get install chromium chromium-driver"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1300,1000",
)
PATIENCE = 60
"""Seconds until a page must have done what is waited for."""


class Browser:
    """One window."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, fragment: str = "") -> None:
        """Show a page as somebody does who opens the file, and wait until it is drawn."""
        self.driver.get("about:blank")
        self.logs("browser"), self.logs("performance")
        self.driver.get(page.absolute().as_uri() + fragment)
        self.wait("document.body.dataset.shown !== undefined")

    def wait(self, condition: str) -> None:
        """Until a JavaScript expression is true."""
        WebDriverWait(self.driver, PATIENCE, 0.02).until(lambda _: self.evaluate(condition))

    def evaluate(self, expression: str) -> object:
        return self.driver.execute_script(f"return {expression}")

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """All text in an element, as it is in the document."""
        return str(self.one(selector).get_property("textContent"))

    def type(self, selector: str, *keys: str) -> None:
        self.one(selector).send_keys(*(getattr(Keys, key[1:], key) if key[0] == "^" else key for key in keys))

    def logs(self, kind: str) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log(kind)]

    def requests(self) -> list[str]:
        """What was asked for since the page was opened, the page included."""
        messages = [json.loads(message)["message"] for message in self.logs("performance")]
        sent = [message for message in messages if message["method"] == "Network.requestWillBeSent"]
        return [message["params"]["request"]["url"] for message in sent]

    def prefer(self, scheme: str) -> None:
        """Make the system prefer `light` or `dark`."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


@contextmanager
def launch(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile; the test is skipped if there is none on this machine."""
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    service = shutil.which("chromedriver")
    if not (binary and service):
        pytest.skip(MISSING)
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(service))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
