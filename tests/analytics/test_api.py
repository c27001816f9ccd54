import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from analytics.api import MAX_HOURS
from analytics.models import HourlyTotal
from analytics.services import add_to_hourly_totals
from analytics.windows import Sums
from tests.conftest import ClientAs

TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
URL = "/analytics/users/42/hourly"


@pytest.fixture
def analyst(client_as: ClientAs) -> APIClient:
    return client_as(Role.ANALYST)


@pytest.fixture
def summed(db: None) -> None:
    add_to_hourly_totals(
        totals={
            (42, TWO - HOUR): Sums(1000, 1, 1000),
            (42, TWO): Sums(-1250, 2, 5, 7, 1255),
            (42, TWO + HOUR): Sums(1, 1),
            (43, TWO): Sums(99999, 9),
        }
    )


def hours(response: Any) -> list[str]:
    assert response.status_code == 200, response.text
    return [hour["hour"] for hour in response.json()["hours"]]


def parameters(response: Any) -> set[str]:
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    return {error["parameter"] for error in response.json()["errors"]}


def test_an_answer_has_each_hour_and_the_sums_of_them(analyst: APIClient, summed: None) -> None:
    response = analyst.get(URL, {"from": "2026-11-22T13:00:00Z", "to": "2026-11-22T15:00:00Z"})
    assert response.json() == {
        "user_id": 42,
        "from": "2026-11-22T13:00:00Z",
        "to": "2026-11-22T15:00:00Z",
        "currency": "EUR",
        "hours": [
            {
                "hour": "2026-11-22T13:00:00Z",
                "total_amount": "10.00",
                "transaction_count": 1,
                "settled_amount": "10.00",
                "failed_amount": "0.00",
                "refunded_amount": "0.00",
            },
            {
                "hour": "2026-11-22T14:00:00Z",
                "total_amount": "-12.50",
                "transaction_count": 2,
                "settled_amount": "0.05",
                "failed_amount": "0.07",
                "refunded_amount": "12.55",
            },
        ],
        "sums": {
            "total_amount": "-2.50",
            "transaction_count": 3,
            "settled_amount": "10.05",
            "failed_amount": "0.07",
            "refunded_amount": "12.55",
        },
    }


def test_a_range_begins_at_from_and_ends_before_to(analyst: APIClient, summed: None) -> None:
    assert hours(analyst.get(URL, {"from": "2026-11-22T14:00:00Z"})) == ["2026-11-22T14:00:00Z", "2026-11-22T15:00:00Z"]
    assert hours(analyst.get(URL, {"to": "2026-11-22T14:00:00Z"})) == ["2026-11-22T13:00:00Z"]
    assert hours(analyst.get(URL, {"from": "2026-11-22T15:00:00+01:00", "to": "2026-11-22T16:00:00+01:00"})) == [
        "2026-11-22T14:00:00Z"
    ]


def test_without_a_range_every_hour_of_the_user_is_told(analyst: APIClient, summed: None) -> None:
    response = analyst.get(URL)
    assert len(hours(response)) == 3
    assert (response.json()["from"], response.json()["to"]) == (None, None)


def test_a_user_without_transactions_has_no_hours(analyst: APIClient, summed: None) -> None:
    response = analyst.get("/analytics/users/44/hourly")
    assert hours(response) == []
    assert response.json()["sums"]["total_amount"] == "0.00"


def test_a_number_beyond_any_user_has_no_hours(analyst: APIClient) -> None:
    assert hours(analyst.get(f"/analytics/users/{2**31 - 1}/hourly")) == []


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"from": "2026-11-22"}, "from"),
        ({"from": "2026-11-22T14:00:00"}, "from"),
        ({"from": ""}, "from"),
        ({"to": "yesterday"}, "to"),
        ({"from": "2026-11-22T14:00:01Z", "to": "2026-11-22T14:00:00Z"}, "from"),
        ({"until": "2026-11-22T14:00:00Z"}, "until"),
        ({"to": ["2026-11-22T14:00:00Z", "2026-11-22T15:00:00Z"]}, "to"),
        ({"format": "xml"}, "format"),
    ],
)
def test_a_wrong_or_unknown_parameter_is_named(analyst: APIClient, query: dict[str, Any], name: str) -> None:
    assert parameters(analyst.get(URL, query)) == {name}


def test_an_answer_is_bounded(analyst: APIClient) -> None:
    HourlyTotal.objects.bulk_create(HourlyTotal(user_id=42, hour=TWO + n * HOUR) for n in range(MAX_HOURS + 1))
    assert parameters(analyst.get(URL)) == {"from"}
    assert len(hours(analyst.get(URL, {"from": (TWO + HOUR).isoformat()}))) == MAX_HOURS


@pytest.mark.parametrize("asked", [{"data": {"format": "csv"}}, {"HTTP_ACCEPT": "text/csv"}])
def test_csv_has_a_line_per_hour_in_a_file_of_its_name(analyst: APIClient, summed: None, asked: dict[str, Any]) -> None:
    response = analyst.get(URL, **asked)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="hourly-totals-user-42.csv"'
    assert response.text.splitlines() == [
        "user_id,hour,total_amount,transaction_count,settled_amount,failed_amount,refunded_amount,currency",
        "42,2026-11-22T13:00:00Z,10.00,1,10.00,0.00,0.00,EUR",
        "42,2026-11-22T14:00:00Z,-12.50,2,0.05,0.07,12.55,EUR",
        "42,2026-11-22T15:00:00Z,0.01,1,0.00,0.00,0.00,EUR",
    ]


def test_csv_and_json_say_the_same(analyst: APIClient, summed: None) -> None:
    as_csv = list(csv.DictReader(StringIO(analyst.get(URL, {"format": "csv"}).text)))
    as_json = [{"user_id": 42} | hour | {"currency": "EUR"} for hour in analyst.get(URL).json()["hours"]]
    assert as_csv == [{name: str(value) for name, value in hour.items()} for hour in as_json]


def test_csv_without_hours_has_its_header(analyst: APIClient) -> None:
    assert analyst.get(URL, {"format": "csv"}).text.startswith("user_id,hour,")


def test_a_problem_is_json_also_where_csv_was_asked_for(analyst: APIClient) -> None:
    assert parameters(analyst.get(URL, {"from": "x", "format": "csv"})) == {"from"}


@pytest.mark.parametrize(
    ("role", "status"), [(Role.SHOP, 200), (Role.ANALYST, 200), (Role.INVESTIGATOR, 200), (Role.OPERATOR, 403)]
)
def test_the_shop_analysts_and_investigators_may_read_every_users_totals(
    client_as: ClientAs, role: Role, status: int
) -> None:
    assert client_as(role).get(URL).status_code == status


def test_a_customer_may_read_their_own_totals_only(client_as: ClientAs, summed: None) -> None:
    customer = client_as(Role.CUSTOMER, user_id=42)
    assert len(hours(customer.get(URL))) == 3
    refused = customer.get("/analytics/users/43/hourly")
    assert refused.status_code == 403
    assert "999.99" not in refused.text


def test_a_customer_of_no_user_may_read_nothing(client_as: ClientAs) -> None:
    assert client_as(Role.CUSTOMER).get(URL).status_code == 403


def test_nobody_else_may_read_totals(db: None) -> None:
    assert APIClient().get(URL).status_code == 401
