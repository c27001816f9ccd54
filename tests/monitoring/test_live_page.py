"""The live page in a real browser, on a real broker."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from axe_selenium_python import Axe
from confluent_kafka.admin import AdminClient
from django.contrib.auth.models import User
from django.core.servers.basehttp import WSGIRequestHandler
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from accounts.roles import Role
from analytics.services import add_to_hourly_totals
from analytics.windows import Sums
from fraud.models import FraudAlert
from monitoring.exporter import Exporter
from monitoring.management.commands.run_monitor import observe
from monitoring.observation import Outage, topics_of
from monitoring.observer import Observer
from monitoring.reasons import Reason
from monitoring.services import store_snapshot
from streaming.clients import Outgoing, send_all
from streaming.inspecting.cluster import PartitionState
from streaming.producing.publish import producer
from tests.conftest import AccountOf
from tests.monitoring.conftest import PASSWORD
from tests.monitoring.snapshots import observation
from transactions.models import Transaction

NOW = datetime.now(UTC).replace(microsecond=0)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("beat_runs")]
Open = Callable[..., Chrome]


@pytest.fixture
def browser(chromium: Chrome, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chrome]:
    """A browser that remembers nothing of earlier tests; whatever its page had to complain about fails the test."""
    # A connection that is kept alive keeps a thread of the server, which would end only when its database has gone.
    monkeypatch.setattr(WSGIRequestHandler, "protocol_version", "HTTP/1.0")
    complaints(chromium)
    yield chromium
    left = complaints(chromium)
    chromium.execute_script("localStorage.clear()")
    leave(chromium)
    assert left == []


@pytest.fixture
def open_as(browser: Chrome, live_server: LiveServer, client: Client) -> Open:
    """Opens the live page as an account that is logged in, and waits until it shows something."""

    def open_page(user: User, width: int = 1366, height: int = 768, theme: str = "light") -> Chrome:
        resize(browser, width, height)
        prefer(browser, theme)
        client.force_login(user)
        browser.get(f"{live_server.url}/login")
        browser.add_cookie({"name": "sessionid", "value": client.cookies["sessionid"].value})
        browser.get(live_server.url)
        wait(browser, lambda: text(browser, "#as-of time") != "--:--:--")
        return browser

    return open_page


@pytest.fixture(autouse=True)
def monitor(kafka: AdminClient) -> Exporter:
    """What run_monitor looks with; it has looked once."""
    exporter = Exporter(Observer())
    observe(exporter)
    return exporter


def leave(browser: Chrome) -> None:
    """Go away, then forget the login: a page that is still there would ask once more without it, and be refused."""
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})


def resize(browser: Chrome, width: int, height: int) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def prefer(browser: Chrome, theme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": theme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def wait(browser: Chrome, condition: Callable[[], object]) -> None:
    WebDriverWait(browser, 20, poll_frequency=0.05).until(lambda _: condition())


def text(browser: Chrome, selector: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).text


def first_row(browser: Chrome, table: str) -> list[str]:
    """The title holds a cell's whole text where the cell itself is cut."""
    return list(
        browser.execute_script(
            "const row = document.querySelector(arguments[0])?.tBodies[0].rows[0];"
            "return row ? [...row.cells].map((cell) => cell.title || cell.innerText.trim()) : []",
            table,
        )
    )


def complaints(browser: Chrome) -> list[str]:
    """What the page has complained about since last asked, such as errors and breaches of its security policy."""
    return [each["message"] for each in browser.get_log("browser")]  # type: ignore[no-untyped-call]


def theme_of(browser: Chrome) -> str:
    return str(browser.execute_script("return document.documentElement.dataset.theme"))


def record(order_id: str, amount: str = "1234.50") -> None:
    Transaction.objects.create(
        order_id=order_id, user_id=42, amount=amount, status="SUCCESS", timestamp=NOW, kind="ORDER"
    )


def raise_alert(order_id: str) -> FraudAlert:
    return FraudAlert.objects.create(
        order_id=order_id, user_id=42, amount="15000000.00", timestamp=NOW, rule="amount-limit"
    )


def test_logging_in_shows_the_newest_and_goes_on_by_itself(
    browser: Chrome, live_server: LiveServer, investigator: User
) -> None:
    record("first")
    alert = raise_alert("suspicious")
    add_to_hourly_totals(totals={(42, NOW.replace(minute=0, second=0)): Sums(123456, 3)})

    browser.get(live_server.url)
    browser.find_element(By.NAME, "username").send_keys(investigator.username)
    browser.find_element(By.NAME, "password").send_keys("not it", Keys.ENTER)
    wait(browser, lambda: "do not belong together" in text(browser, "[role=alert]"))
    browser.find_element(By.NAME, "password").send_keys(PASSWORD, Keys.ENTER)

    wait(browser, lambda: first_row(browser, "#transactions")[1:] == ["first", "42", "1,234.50 EUR", "Success"])
    wait(browser, lambda: first_row(browser, "#alerts")[1:] == ["suspicious", "15,000,000.00 EUR", "Open"])
    link = browser.find_element(By.LINK_TEXT, "suspicious").get_attribute("href")
    assert link == f"{live_server.url}/admin/fraud/fraudalert/{alert.pk}/change/"
    assert text(browser, "#tile-hour [data-value]") == "1,234.56"
    assert text(browser, "#tile-kafka [data-value]") == "1 broker"

    browser.execute_script("window.untouched = true")
    record("second")
    raise_alert("more suspicious")
    wait(browser, lambda: first_row(browser, "#transactions")[1] == "second")
    wait(browser, lambda: first_row(browser, "#alerts")[1] == "more suspicious")
    assert browser.execute_script("return window.untouched")


def test_throughput_rises_when_records_are_written(open_as: Open, account: AccountOf, monitor: Exporter) -> None:
    browser = open_as(account(Role.SHOP))

    def is_measured() -> bool:
        send_all(producer(), [Outgoing("transactions", str(n).encode(), b"x") for n in range(50)])
        observe(monitor)
        return float(text(browser, "#tile-throughput [data-value]").replace("–", "0").replace(",", "")) > 0

    wait(browser, is_measured)
    wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#topics canvas"))
    assert "transactions.status" in text(browser, "#topics .legend")


def test_before_any_data_the_page_says_what_will_come(open_as: Open, account: AccountOf) -> None:
    browser = open_as(account(Role.OPERATOR))
    assert text(browser, ".transactions [data-empty]").startswith("No transaction yet.")
    assert text(browser, ".alerts [data-empty]") == "No alert yet."
    assert text(browser, ".groups [data-empty]") == "No worker has read anything yet."


def test_while_the_page_loads_nothing_is_said_to_be_missing(
    browser: Chrome, live_server: LiveServer, client: Client, account: AccountOf
) -> None:
    client.force_login(account(Role.OPERATOR))
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/live/state*"]})
    browser.get(f"{live_server.url}/login")
    browser.add_cookie({"name": "sessionid", "value": client.cookies["sessionid"].value})
    browser.get(live_server.url)
    wait(browser, lambda: text(browser, "#connection").startswith("Connection lost."))
    said = browser.execute_script(
        "return [...document.querySelectorAll('[data-empty], [data-note], #parts')].map((e) => e.innerText)"
    )
    assert {each.lower() for each in said} == {"loading …"}
    assert text(browser, "#overall [data-text]") == "No connection"
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    wait(browser, lambda: text(browser, ".transactions [data-empty]").startswith("No transaction yet."))
    complaints(browser)


def test_what_nobody_tells_of_a_group_is_not_shown_as_good(open_as: Open, account: AccountOf) -> None:
    seen = observation(datetime.now(UTC))
    unknown = replace(seen.groups[0].judgement, reason=Reason.UNKNOWN, detail="Nobody tells: see `run_monitor`.")
    store_snapshot(observed=replace(seen, groups=(replace(seen.groups[0], judgement=unknown),)), seconds=0.1)
    browser = open_as(account(Role.OPERATOR))
    cells = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "#groups tbody td")]
    assert cells == ["fraud", "UNKNOWN", "1", "?", "?", "–", "–", "Nobody tells: see run_monitor."]
    assert text(browser, "#groups .why code") == "run_monitor"
    assert text(browser, "#overall [data-text]") == "Unknown: fraud"
    assert text(browser, "#tile-lag [data-value]") == "–"
    assert browser.find_elements(By.CSS_SELECTOR, "#tile-lag[data-level=warn]")


def test_dead_letters_that_wait_are_told_by_badge_and_tile(open_as: Open, account: AccountOf) -> None:
    letters = PartitionState("transactions.dead-letters", 0, leader=1, replicas=1, in_sync=1, begin=0, end=32)
    seen = observation(datetime.now(UTC))
    cluster = replace(seen.cluster, partitions=(*seen.cluster.partitions, letters))
    buried = {"transactions.dead-letters": 8}
    store_snapshot(observed=replace(seen, cluster=cluster, topics=topics_of(cluster), buried=buried), seconds=0.1)
    browser = open_as(account(Role.OPERATOR))
    assert text(browser, "#tile-dead [data-value]") == "8"
    assert text(browser, "#overall [data-text]") == "8 dead letters"


def test_one_great_hour_leaves_the_others_readable(open_as: Open, account: AccountOf) -> None:
    hour = NOW.replace(minute=0, second=0)
    for hours in range(12):
        cents = 5_000_000_000 if hours == 3 else 5_000_000
        add_to_hourly_totals(totals={(1, hour - timedelta(hours=hours)): Sums(cents, 1)})
    browser = open_as(account(Role.ANALYST))
    wait(browser, lambda: "log scale" in text(browser, "#hours-span"))
    assert str(hour.year) in text(browser, "#hours-span")


def test_each_worker_has_a_verdict_a_trend_and_a_time_to_clear(open_as: Open, account: AccountOf) -> None:
    store_snapshot(observed=observation(datetime.now(UTC) - timedelta(seconds=3)), seconds=0.1)
    browser = open_as(account(Role.OPERATOR))
    heads = browser.find_elements(By.CSS_SELECTOR, "#groups th")
    assert [head.text for head in heads] == [
        "Group", "Verdict", "Members", "Waiting", "Oldest", "Trend", "Clears in",
    ]  # fmt: skip
    cells = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "#groups tbody td")]
    assert cells == ["fraud", "OK", "1", "4", "1.5 s", "−2.0/s", "2.0 s"]
    assert re.fullmatch(r"seen [3-9]\.\d s ago", text(browser, "#groups-seen"))


def test_a_kafka_that_nobody_looks_at_is_unknown(open_as: Open, account: AccountOf) -> None:
    store_snapshot(observed=observation(datetime.now(UTC) - timedelta(minutes=3)), seconds=0.1)
    browser = open_as(account(Role.OPERATOR))
    assert text(browser, "#tile-kafka [data-value]") == "Unknown"
    assert "last looked at 3 minutes ago" in text(browser, ".groups [data-empty]")
    assert text(browser, "#overall [data-text]") == "Unknown: kafka"
    assert "See whether manage.py run_monitor runs" in text(browser, "#parts .down")
    assert text(browser, "#parts .down code") == "manage.py run_monitor"
    assert text(browser, "#tile-lag [data-note]") == text(browser, "#tile-dead [data-note]") != ""
    assert text(browser, "#tile-lag [data-value]") == text(browser, "#tile-dead [data-value]") == "–"
    assert text(browser, "#groups-seen") == ""


def test_a_kafka_that_does_not_answer_is_down_since_a_moment(open_as: Open, account: AccountOf) -> None:
    store_snapshot(observed=Outage(datetime.now(UTC), "No Kafka broker answers."), seconds=1.5)
    browser = open_as(account(Role.OPERATOR))
    assert text(browser, "#tile-kafka [data-value]") == "Down"
    assert text(browser, "#overall [data-text]") == "Down: kafka"
    assert text(browser, ".groups [data-empty]").startswith("No Kafka broker answers. It has been so since")


def test_those_who_may_not_see_alerts_are_told_who_may(open_as: Open, account: AccountOf) -> None:
    raise_alert("suspicious")
    browser = open_as(account(Role.ANALYST))
    assert text(browser, ".alerts [data-empty]") == (
        "Fraud alerts are shown to accounts with the role investigator or operator."
    )


def test_history_that_knows_days_only_is_labelled_by_days(open_as: Open, account: AccountOf) -> None:
    long_ago = datetime(1998, 6, 30, tzinfo=UTC)
    for days in range(40):
        add_to_hourly_totals(totals={(1, long_ago - timedelta(days=days)): Sums(100 + days, 1)})
    browser = open_as(account(Role.ANALYST))
    browser.find_element(By.ID, "hours-as-table").click()
    assert first_row(browser, "#hours-table table") == ["30 Jun 1998", "1", "1.00"]
    assert text(browser, "#tile-hour [data-note]") == "30 Jun 1998 · 1 transaction"


def test_the_theme_follows_the_system_until_it_is_chosen(open_as: Open, account: AccountOf) -> None:
    user = account(Role.SHOP)
    browser = open_as(user, theme="dark")
    assert theme_of(browser) == "dark"
    browser.find_element(By.ID, "theme").click()
    assert theme_of(browser) == "light"
    browser.refresh()
    assert theme_of(browser) == "light"


def test_all_can_be_reached_by_keyboard(open_as: Open, investigator: User) -> None:
    raise_alert("suspicious")
    browser = open_as(investigator)
    wait(browser, lambda: browser.find_elements(By.LINK_TEXT, "suspicious"))
    stops: list[str] = []
    for _ in range(20):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        focused = browser.switch_to.active_element
        if focused.tag_name == "body":
            break
        stops.append(focused.get_attribute("aria-label") or focused.text)
        assert browser.execute_script("return getComputedStyle(arguments[0]).outlineStyle", focused) == "solid"
    assert stops == [
        "Skip to the figures", "API", "Admin", "Dark theme", "Log out", "As a table", "suspicious", "As a table",
    ]  # fmt: skip


def test_the_skip_link_leads_past_the_bar(open_as: Open, account: AccountOf) -> None:
    browser = open_as(account(Role.SHOP))
    browser.switch_to.active_element.send_keys(Keys.TAB)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "main"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_as: Open, account: AccountOf, live_server: LiveServer, theme: str) -> None:
    for number in range(3):
        record(f"order-{number}")
        raise_alert(f"suspicious-{number}")
    add_to_hourly_totals(totals={(1, NOW): Sums(100, 1)})
    browser = open_as(account(Role.OPERATOR), theme=theme)
    wait(browser, lambda: first_row(browser, "#transactions"))
    assert serious_violations(browser) == []
    leave(browser)
    browser.get(f"{live_server.url}/login")
    assert serious_violations(browser) == []


def serious_violations(browser: Chrome) -> list[str]:
    axe = Axe(browser)
    axe.inject()
    found = axe.run()["violations"]
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(
    ("width", "height"), [(1920, 1080), (1366, 768), (1000, 800), (820, 1180), (768, 1024), (390, 844), (360, 740)]
)
def test_nothing_scrolls_sideways(open_as: Open, investigator: User, width: int, height: int) -> None:
    for number in range(10):
        record(f"7b0fd4a5-6c8e-4a3d-9f0e-2f6f7b1c00{number:02}", "999999999999.99")
        raise_alert(f"0c9fd4a5-6c8e-4a3d-9f0e-2f6f7b1c00{number:02}")
    for hours in range(3):
        hour = NOW.replace(minute=0, second=0) - timedelta(hours=hours)
        cents = 9_999_999_999 if hours == 0 else 1000
        add_to_hourly_totals(totals={(1, hour): Sums(cents, 123_456)})
    store_snapshot(observed=observation(datetime.now(UTC), end=123_456_789, trend=-98_765.4), seconds=0.1)
    browser = open_as(investigator, width, height)
    wait(browser, lambda: first_row(browser, "#transactions"))
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    figures = "[...document.querySelectorAll('td.number, .tile b, .tile span, td .badge, #hours-span')]"
    cut = "e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 2"
    assert (
        browser.execute_script(f"return {figures}.filter((e) => e.offsetWidth && ({cut})).map((e) => e.innerText)")
        == []
    )
    assert text(browser, "#tile-hour [data-value]") == "99,999,999.99"


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
def test_everything_is_in_view_and_stays_where_it_is(
    open_as: Open, investigator: User, width: int, height: int
) -> None:
    browser = open_as(investigator, width, height)
    places = "return [...document.querySelectorAll('.card')].map((card) => card.getBoundingClientRect().toJSON())"
    empty = browser.execute_script(places)
    for number in range(10):
        record(f"order-{number}")
        raise_alert(f"suspicious-{number}")
    wait(browser, lambda: first_row(browser, "#alerts")[1:2] == ["suspicious-9"])
    assert browser.execute_script(places) == empty
    assert max(card["bottom"] for card in empty) <= height


def test_a_lost_connection_is_told_and_mends_itself(open_as: Open, account: AccountOf) -> None:
    browser = open_as(account(Role.SHOP))
    browser.execute_cdp_cmd("Network.enable", {})
    offline = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline | {"offline": True})
    wait(browser, lambda: text(browser, "#connection").startswith("Connection lost."))
    assert f"Showing data from {text(browser, '#as-of time')}." in text(browser, "#connection")
    record("meanwhile")
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline | {"offline": False})
    wait(browser, lambda: first_row(browser, "#transactions")[1:2] == ["meanwhile"])
    assert text(browser, "#connection") == ""
    assert all("ERR_INTERNET_DISCONNECTED" in each for each in complaints(browser))


def test_who_is_logged_out_meanwhile_is_led_to_the_login(
    open_as: Open, account: AccountOf, live_server: LiveServer
) -> None:
    browser = open_as(account(Role.SHOP))
    browser.delete_cookie("sessionid")
    wait(browser, lambda: browser.find_elements(By.LINK_TEXT, "Log in again"))
    link = browser.find_element(By.LINK_TEXT, "Log in again").get_attribute("href")
    assert link == f"{live_server.url}/login?next=/"
    assert all(" 401 " in each for each in complaints(browser))


def test_of_an_id_that_has_no_room_its_end_is_seen(open_as: Open, account: AccountOf) -> None:
    record(f"mock-{'0' * 40}-its-end")
    browser = open_as(account(Role.ANALYST))
    cell = browser.find_element(By.CSS_SELECTOR, "#transactions tbody td.id")
    edges = "const box = arguments[0].getBoundingClientRect(); return [box.left, box.right]"
    (left, right), (begin, end) = (
        browser.execute_script(edges, each) for each in (cell, cell.find_element(By.TAG_NAME, "bdi"))
    )
    assert begin < left
    assert end <= right


@pytest.mark.parametrize("width", [1180, 1280, 1366, 1920])
def test_a_figure_is_never_cut(open_as: Open, account: AccountOf, width: int) -> None:
    hour = NOW.replace(minute=0, second=0)
    add_to_hourly_totals(totals={(1, hour): Sums(988_888_888_88, 1)})
    browser = open_as(account(Role.ANALYST), width=width)
    figure = browser.find_element(By.CSS_SELECTOR, "#tile-hour [data-value]")
    assert figure.text == "988,888,888.88"
    assert browser.execute_script("return arguments[0].scrollWidth <= arguments[0].clientWidth", figure)
