import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from accounts.roles import Role
from api.problems import ProblemType
from tests.conftest import ClientAs


@pytest.fixture(scope="module")
def schema() -> Any:
    return yaml.safe_load(Client().get("/schema").content)


def test_the_schema_is_valid_openapi_without_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True)


def test_every_operation_tells_its_problems(schema: Any) -> None:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            problem = operation["responses"]["default"]["content"]["application/problem+json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}, path
            assert {"401", "403"} <= set(operation["responses"]) or {} in operation["security"], (path, method)


def test_every_problem_has_an_example_of_its_form_and_its_status(schema: Any) -> None:
    form = schema["components"]["schemas"]["Problem"]
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/problem+json")
                if content is None:
                    continue
                assert content["examples"], (path, status)
                for example in content["examples"].values():
                    problem = example["value"]
                    assert set(form["required"]) <= set(problem) <= set(form["properties"])
                    assert problem["type"] in {type_.uri for type_ in ProblemType}
                    assert status in ("default", str(problem["status"])), path


def successes(schema: Any) -> Iterator[tuple[str, str, Any]]:
    """Where each successful answer with a body stands, its content type, and what is told of it."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if status.startswith("2") or (path.startswith("/health") and status == "503"):
                    for content_type, content in response.get("content", {}).items():
                        yield f"{method.upper()} {path} {status}", content_type, content


def test_every_success_has_an_example_of_its_form(schema: Any) -> None:
    seen = 0
    for where, content_type, content in successes(schema):
        assert content.get("examples"), (where, content_type)
        for example in content["examples"].values():
            seen += 1
            if content_type == "application/json":
                whole = content["schema"] | {"components": schema["components"]}
                jsonschema.Draft202012Validator(whole).validate(example["value"])
                unsaid = str(example["value"]).replace("6f1c…", "").replace("8000/…", "").replace("WyJmMGQ…", "")
                assert "…" not in unsaid, where
            else:
                head, row = csv.reader(StringIO(example["value"]))
                assert len(head) == len(row)
    assert seen > 20


def test_an_example_as_csv_has_the_columns_of_the_answer(schema: Any, client_as: ClientAs) -> None:
    shop, investigator = client_as(Role.SHOP), client_as(Role.INVESTIGATOR)
    answers = {
        "GET /transactions 200": shop.get("/transactions?format=csv"),
        "POST /search/transactions 200": shop.post("/search/transactions?format=csv", {}),
        "GET /fraud/alerts 200": investigator.get("/fraud/alerts?format=csv"),
        "GET /analytics/users/{user_id}/hourly 200": shop.get("/analytics/users/7/hourly?format=csv"),
    }
    told = {where: content for where, content_type, content in successes(schema) if content_type == "text/csv"}
    assert told.keys() == answers.keys()
    for where, answer in answers.items():
        [example] = told[where]["examples"].values()
        assert example["value"].splitlines()[0] == answer.getvalue().decode().splitlines()[0]


def test_an_operation_tells_its_roles_its_key_and_its_body(schema: Any) -> None:
    operation = schema["paths"]["/transactions"]["post"]
    assert "Roles: shop." in operation["description"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["Idempotency-Key"]
    assert {"400", "401", "403", "409", "413", "415", "422"} < set(operation["responses"])
    assert operation["requestBody"]["content"]["application/json"]["examples"]


def test_an_operation_that_is_counted_tells_of_limits_and_when_to_come_back(schema: Any) -> None:
    for path, method in [("/transactions", "post"), ("/search/transactions", "post"), ("/auth/tokens", "post")]:
        responses = schema["paths"][path][method]["responses"]
        assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(responses["429"]["headers"])
        assert all("RateLimit" in each["headers"] for status, each in responses.items() if status != "default")
    assert "429" not in schema["paths"]["/transactions"]["get"]["responses"]
    example = responses["429"]["content"]["application/problem+json"]["examples"]["too-many-requests"]["value"]
    assert example["violated-policies"] == ["writes-per-account"]


def test_bodies_are_json_and_needed_where_nothing_can_be_done_without(schema: Any) -> None:
    bodies = {
        (method, path): operation["requestBody"]
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation
    }
    assert {tuple(body["content"]) for body in bodies.values()} == {("application/json",)}
    without = {where for where, body in bodies.items() if not body.get("required")}
    assert without == {
        ("post", "/auth/tokens"),
        ("patch", "/auth/tokens/{token_id}"),
        ("patch", "/fraud/alerts/{id}"),
        ("post", "/search/transactions"),
        ("post", "/transactions/{order_id}/refunds"),
    }


def test_types_of_problems_have_names_for_generated_clients(schema: Any) -> None:
    form = schema["components"]["schemas"]["ProblemType"]
    names = dict(zip(form["x-enum-varnames"], form["enum"], strict=True))
    assert names == {type_.name: type_.uri for type_ in ProblemType}


def test_amounts_are_taken_as_numbers_and_given_as_strings(schema: Any) -> None:
    schemas = schema["components"]["schemas"]
    taken = schemas["NewTransaction"]["properties"]["amount"]["oneOf"]
    assert [each["type"] for each in taken] == ["string", "number"]
    assert schemas["Transaction"]["properties"]["amount"]["type"] == "string"


def test_the_ways_to_log_in_are_told(schema: Any) -> None:
    assert set(schema["components"]["securitySchemes"]) == {"token", "cookieAuth", "password", "alertmanager"}
