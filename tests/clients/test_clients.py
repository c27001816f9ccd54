"""Clients that others' generators make of the document at /schema work against the API as it is served."""

import pytest

from tests.clients.conftest import DOCUMENT, TSC, Workshop
from tests.clients.generators import HERE
from tests.examples import Example

pytestmark = pytest.mark.clients

Done = list[tuple[Example, str]]
PROGRAM = """
import createClient from "openapi-fetch";
import type { paths } from "./shop-api.d.ts";
const shop = createClient<paths, `application/${string}json`>({});
"""


def test_the_examples_of_the_document_do_what_it_says(done: Done) -> None:
    assert [each for example, printed in done for each in example.differences(printed)] == []


def test_the_document_names_the_command_that_checks_types() -> None:
    assert f"`{TSC} shop.mts`" in DOCUMENT.read_text()


def test_the_generator_of_python_finds_nothing_to_warn_of(workshop: Workshop) -> None:
    command = (
        'openapi-python-client generate --url "$API_URL/schema" --meta none --output-path warned --fail-on-warning'
    )
    done = workshop.run("bash", "-c", command)
    assert (done.returncode, done.stderr) == (0, "")
    assert "arning" not in done.stdout


def test_the_client_reads_whatever_a_get_is_answered(workshop: Workshop, done: Done) -> None:
    found = workshop.run("python", str(HERE / "every_read.py"))
    assert found.returncode == 0, found.stderr
    read = dict(line.split(": ") for line in found.stdout.splitlines())
    assert read == {
        "analytics_users_hourly_retrieve": "200 HourlyTotals",
        "auth_tokens_list": "200 ListedTokens",
        "fraud_alerts_list": "200 PaginatedAlertList",
        "fraud_alerts_retrieve": "404 Problem",
        "health_live_retrieve": "200 Alive",
        "health_ready_retrieve": "200 Health",
        "health_retrieve": "200 Health",
        "monitoring_kafka_retrieve": "503 Problem",
        "notifications_list": "200 PaginatedNotificationList",
        "notifications_retrieve": "404 Problem",
        "transactions_list": "200 PaginatedTransactionList",
        "transactions_refunds_list": "200 PaginatedRefundList",
        "transactions_retrieve": "200 Transaction",
    }


ALLOWED = [
    'shop.POST("/transactions", { body: { user_id: 1, amount: "1.00" } })',
    'shop.POST("/transactions", { body: [{ user_id: 1, amount: 1, status: "FAILED" }] })',
    'shop.GET("/transactions", { params: { query: { status: "REFUNDED", cursor: "a" } } })',
    'shop.POST("/search/transactions", { body: { status: ["SUCCESS"], amount: { gte: 1 } } })',
]
NOT_ALLOWED = [
    'shop.POST("/transactions", { body: { user_id: 1 } })',
    'shop.POST("/transactions", { body: { user_id: "1", amount: "1.00" } })',
    'shop.POST("/transactions", {})',
    'shop.POST("/transactions/{order_id}/refunds", { body: {} })',
    'shop.PUT("/transactions", { body: { user_id: 1, amount: "1.00" } })',
    'shop.GET("/transactions", { params: { query: { status: "PAID" } } })',
    'shop.GET("/orders")',
]


def test_what_the_document_does_not_allow_does_not_compile(workshop: Workshop, done: Done) -> None:
    found = workshop.compiles(*[f"{PROGRAM} await {call};" for call in (*ALLOWED, *NOT_ALLOWED)])
    right = [call for call, errors in zip((*ALLOWED, *NOT_ALLOWED), found, strict=True) if not errors]
    assert right == ALLOWED, found
