"""Pictures of the platform's pages, by headless Chromium; of the dashboards, by Grafana where there is one."""

import os
import shutil
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from native.driving.running import RunningCluster
from native.layout import ROOT
from native.loopback import urlopen

WIDTH, PATIENCE_SECONDS, COLOURS = 1280, 30, 128
SETTLE_SECONDS = 2
"""Charts are painted after their data have come."""


WITHOUT_PATHS = """
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(arguments[0], "");
"""
"""Takes the folder of the project out of what a page shows: Prometheus names the files of its rules."""


class NoBrowser(RuntimeError):
    """Chromium or its driver is missing."""


@contextmanager
def chromium() -> Iterator[Chrome]:
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        raise NoBrowser("Install chromium and chromium-driver: they take the pictures.")
    options = ChromeOptions()
    options.binary_location = program
    for switch in ("headless", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{switch}")
    browser = Chrome(options=options, service=Service(driver))
    try:
        yield browser
    finally:
        browser.quit()


def take_pages(cluster: RunningCluster, folder: Path) -> Iterator[str]:
    """Photograph each page, and name the picture."""
    api, prometheus = cluster.layout.address("api"), prometheus_pages(cluster.layout.address("prometheus"))
    with chromium() as browser:
        login(browser, cluster, "admin")
        for name, address, sign, height in (
            ("live", f"{api}/", "#as-of time", 900),
            ("docs", f"{api}/docs", ".opblock", 1000),
            ("health", f"{api}/monitoring/kafka", "pre, body", 900),
            ("fraud-desk", f"{api}/admin/fraud/fraudalert/", "#result_list, table", 900),
            ("targets", f"{prometheus}/targets", "table", 1150),
            ("alerts", f"{prometheus}/alerts", "[class*=alert]", 1150),
        ):
            open_page(browser, address, sign, height)
            keep(browser, folder / f"{name}.png")
            yield name


def prometheus_pages(prometheus: str) -> str:
    """Where its pages are: Debian leaves the new ones out."""
    try:
        with urlopen(f"{prometheus}/targets", timeout=10):
            return prometheus
    except urllib.error.HTTPError:
        return f"{prometheus}/classic"


def login(browser: Chrome, cluster: RunningCluster, name: str) -> None:
    browser.get(f"{cluster.layout.address('api')}/login")
    for field, value in (("username", name), ("password", cluster.logins[name]["password"])):
        browser.find_element(By.NAME, field).send_keys(value)
    browser.find_element(By.NAME, "password").submit()
    WebDriverWait(browser, PATIENCE_SECONDS).until(lambda _: "/login" not in browser.current_url)


def open_page(browser: Chrome, address: str, sign: str, height: int) -> None:
    """Open a page and wait until it shows what a CSS selector names."""
    metrics = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(address)
    WebDriverWait(browser, PATIENCE_SECONDS).until(lambda _: browser.find_elements(By.CSS_SELECTOR, sign))
    time.sleep(SETTLE_SECONDS)
    browser.execute_script(WITHOUT_PATHS, f"{ROOT}/")


def keep(browser: Chrome, file: Path) -> None:
    small(Image.open(BytesIO(browser.get_screenshot_as_png())), file)


def small(picture: Image.Image, file: Path) -> None:
    """Write a picture with few colours, which pages and charts are content with."""
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def take_grafana(uids: list[str], folder: Path, *, begin: float, end: float) -> Iterator[str]:
    """Photograph dashboards in the Grafana of GRAFANA_URL, if that is set; GRAFANA_TOKEN_FILE holds a token for it."""
    address = os.environ.get("GRAFANA_URL", "").rstrip("/")
    if not address:
        return
    with chromium() as browser:
        if token := os.environ.get("GRAFANA_TOKEN_FILE"):
            headers = {"Authorization": f"Bearer {Path(token).read_text().strip()}"}
            browser.execute_cdp_cmd("Network.enable", {})
            browser.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": headers})
        for uid in uids:
            span = f"from={begin * 1000:.0f}&to={end * 1000:.0f}"
            open_page(browser, f"{address}/d/{uid}?kiosk&{span}", "[data-viz-panel-key], .panel-container", 1600)
            keep(browser, folder / f"grafana-{uid}.png")
            yield uid
