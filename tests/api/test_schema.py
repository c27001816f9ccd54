from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from api.problems import ProblemType


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


def test_amounts_are_taken_as_numbers_and_given_as_strings(schema: Any) -> None:
    schemas = schema["components"]["schemas"]
    taken = schemas["NewTransaction"]["properties"]["amount"]["oneOf"]
    assert [each["type"] for each in taken] == ["string", "number"]
    assert schemas["Transaction"]["properties"]["amount"]["type"] == "string"


def test_the_ways_to_log_in_are_told(schema: Any) -> None:
    assert set(schema["components"]["securitySchemes"]) == {"token", "cookieAuth", "password", "alertmanager"}
