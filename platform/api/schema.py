"""What all operations have in common at /schema: their problems, roles, Idempotency-Key and ways to log in."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer

from api.conditions import IF_MATCH
from api.examples import csv_lines_of
from api.idempotency import HEADER, is_idempotent
from api.problems import ProblemType
from api.renderers import PROBLEM_JSON
from api.serializers import StrictSerializer
from events.money import Ledger

Operation = dict[str, Any]

A_KEY = {"type": "string", "pattern": "^[!-+\\--~]{1,255}$"}

PROBLEM_TYPE: dict[str, Any] = {
    "type": "string",
    "format": "uri-reference",
    "enum": [type_.uri for type_ in ProblemType],
    "x-enum-varnames": [type_.name for type_ in ProblemType],  # what generated clients call them
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details of RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"$ref": "#/components/schemas/ProblemType"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "What is wrong with which value.",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "a JSON pointer into the body, such as #/3/amount"},
                    "parameter": {"type": "string", "description": "a parameter of the query string"},
                    "header": {"type": "string", "description": "a header field"},
                    "detail": {"type": "string"},
                },
            },
        },
        "violated-policies": {
            "type": "array",
            "items": {"type": "string"},
            "description": "which limits were exceeded, by the names that `RateLimit-Policy` gives them",
        },
        "request_id": {"type": "string", "description": "as in the header X-Request-Id: our logs say more under it"},
    },
}
FORMS = {"Problem": PROBLEM, "ProblemType": PROBLEM_TYPE}


WRITING = ("POST", "PUT", "PATCH", "DELETE")
LIMITS: dict[str, Any] = {
    "RateLimit-Policy": {
        "description": "The limits that this request counted for: so many (`q`) in so many seconds (`w`). Not there "
        "where they are off. As in draft-ietf-httpapi-ratelimit-headers.",
        "schema": {"type": "string"},
        "example": '"writes-per-address";q=12000;w=60, "writes-per-account";q=6000;w=60',
    },
    "RateLimit": {
        "description": "What is left of them (`r`), and in how many seconds they begin anew (`t`).",
        "schema": {"type": "string"},
        "example": '"writes-per-address";r=11999;t=42, "writes-per-account";r=5999;t=12',
    },
}
RETRY_AFTER: dict[str, Any] = {
    "Retry-After": {"description": "In how many seconds to come back.", "schema": {"type": "integer"}, "example": 12}
}


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # has no types
    target_class = "accounts.authentication.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token that `POST /auth/tokens` has made."}


class BasicScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # has no types
    target_class = "accounts.tokens.Basic"
    name = "password"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "basic", "description": "A name and a password, for making a token."}


NOT_ZERO = r"(?![0.]+$)"


def number(end: Decimal | int) -> int | float:
    """As JSON has it best."""
    return int(end) if end == int(end) else float(end)


class AmountSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # has no types
    """Amounts are given as strings, and taken also as numbers."""

    target_class = "api.fields.Amount"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        currency = Ledger.currency
        text = {"type": "string", "format": "decimal", "pattern": f"^-?{currency.told}$"}
        if direction == "response":
            return text
        least, most = (number(end) for end in (self.target.min_value, self.target.max_value))
        sign = "-?" if least < 0 else ""
        return {
            "oneOf": [
                text | {"pattern": f"^{NOT_ZERO if self.target.min_value > 0 else ''}{sign}{currency.written}$"},
                {"type": "number", "minimum": least, "maximum": most, "description": f"of {currency.decimals}"},
            ]
        }


class ProblemSchema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        if self.method == "GET":
            parameters = getattr(self.view, "parameters", None)
            return [parameters] if parameters and parameters().fields else []
        if not is_idempotent(self._handler):
            return []
        sentence = "The request may be sent again under this key: it is done once, and answered as the first time."
        return [OpenApiParameter(HEADER, A_KEY, OpenApiParameter.HEADER, description=sentence)]

    def get_operation(self, *args: Any, **kwargs: Any) -> Operation | None:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            self._tell_roles(operation)
            self._tell_csv(operation)
            self._tell_problems(operation)
            if self._is_limited:
                _tell_limits(operation)
        return operation

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, StrictSerializer) and direction == "request":
            schema["additionalProperties"] = False
        return schema

    def _unwrap_list_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._unwrap_list_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        names = {"minItems": "min_length", "maxItems": "max_length"}
        lengths = {told: getattr(serializer, name, None) for told, name in names.items()}
        return schema and schema | {told: length for told, length in lengths.items() if length is not None}

    def _get_request_for_media_type(self, serializer: Any, direction: str = "request") -> tuple[Any, bool]:
        schema, is_required = super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        # drf-spectacular takes a body of one form or another for one that may be left out.
        return schema, is_required or isinstance(serializer, PolymorphicProxySerializer)

    @property
    def _handler(self) -> Any:
        return getattr(self.view, self.method.lower(), None)

    @property
    def _is_limited(self) -> bool:
        return self.method in WRITING and getattr(self.view, "counted_as", None) is not None

    def _tell_roles(self, operation: Operation) -> None:
        for permission in self.view.get_permissions():
            if hasattr(permission, "roles_for"):
                roles = f"Roles: {', '.join(sorted(permission.roles_for(self.method)))}."
                operation["description"] = f"{operation.get('description', '')}\n\n{roles}".strip()

    def _tell_csv(self, operation: Operation) -> None:
        columns = getattr(self.view, "csv_columns", ())
        for response in operation["responses"].values():
            if content := response.get("content", {}).get("text/csv"):
                value = csv_lines_of(columns)
                content["examples"] = {"Lines": {"summary": "a line for each", "value": value}}

    def _tell_problems(self, operation: Operation) -> None:
        """Add the problems that follow from what the operation takes; those declared by the view get their form."""
        for name, form in FORMS.items():
            component = ResolvedComponent(name, ResolvedComponent.SCHEMA, deepcopy(form), name)  # type: ignore[no-untyped-call]
            self.registry.register_on_missing(component)
        responses = operation["responses"]
        limited = {429} if self._is_limited else set()
        for status in sorted(_likely_statuses(self.method, operation) | limited):
            titles = [type_.title for type_ in ProblemType if type_.status == status]
            responses.setdefault(str(status), {"description": " / ".join(titles) + "."})
        responses.setdefault("default", {"description": "Any other problem."})
        for status, response in responses.items():
            if status == "default" or int(status) >= 400:
                response.setdefault("content", {PROBLEM_JSON: _problem_content(status)})


def _tell_limits(operation: Operation) -> None:
    """Every answer to a request that is counted tells of limits, and a refusal when to come back."""
    for status, response in operation["responses"].items():
        if status == "429":
            response.setdefault("headers", {}).update(RETRY_AFTER)
        if status != "default":
            response.setdefault("headers", {}).update(deepcopy(LIMITS))


def _problem_content(status: str) -> dict[str, Any]:
    """The form of a problem, with an example of each type that has this status; of any other, of our own fault."""
    types = [type_ for type_ in ProblemType if str(type_.status) == status] or [ProblemType.INTERNAL]
    return {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "examples": {type_.slug: {"summary": type_.title, "value": _example(type_)} for type_ in types},
    }


def _example(type_: ProblemType) -> dict[str, Any]:
    problem: dict[str, Any] = {"type": type_.uri, "title": type_.title, "status": type_.status, "detail": type_.remedy}
    if type_ is ProblemType.VALIDATION:
        problem |= {
            "detail": "user_id: Give a whole number, without quotation marks or a point.",
            "errors": [{"pointer": "#/user_id", "detail": "Give a whole number, without quotation marks or a point."}],
        }
    if type_ is ProblemType.TOO_MANY_REQUESTS:
        problem |= {
            "detail": "This account has sent more than 6,000 such requests in 60 seconds: wait 12 seconds.",
            "violated-policies": ["writes-per-account"],
        }
    return problem | {"request_id": "0193e2a4-7c1e-7d3f-9a57-7d8c6b1f2a10"}


def _likely_statuses(method: str, operation: Operation) -> set[int]:
    statuses = {400}  # for unknown parameters at the least
    places = {parameter["in"] for parameter in operation.get("parameters", [])}
    if {} not in operation.get("security", [{}]):
        statuses |= {401, 403}
    if "path" in places:
        statuses |= {404}
    if method in ("POST", "PUT", "PATCH"):  # also those that expect no body
        statuses |= {413, 415}
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    if HEADER in names:
        statuses |= {422}
    if IF_MATCH in names:
        statuses |= {412}
    return statuses
