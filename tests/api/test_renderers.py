import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ErrorDetail
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import Serializer
from rest_framework.utils.serializer_helpers import ReturnDict

from api.renderers import FastJSONRenderer
from events import Status

MOMENTS = st.datetimes(timezones=st.just(UTC))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | MOMENTS | st.sampled_from(Status),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_it_writes_what_rest_framework_writes(value: Any) -> None:
    assert json.loads(FastJSONRenderer().render(value) or b"null") == json.loads(
        JSONRenderer().render(value) or b"null"
    )


def test_moments_and_amounts_are_written_as_everywhere() -> None:
    data = {"at": datetime(2026, 1, 2, 3, 4, 5, 600_000, UTC), "amount": Decimal("12.30"), "none": None}
    assert FastJSONRenderer().render(data) == b'{"at":"2026-01-02T03:04:05.600000Z","amount":"12.30","none":null}'


@pytest.mark.parametrize("value", [gettext_lazy("Wrong."), ErrorDetail("Wrong.", "code")])
def test_texts_of_the_framework_are_texts(value: Any) -> None:
    assert FastJSONRenderer().render(ReturnDict({"detail": value}, serializer=Serializer())) == b'{"detail":"Wrong."}'


def test_indented_where_a_client_asks_for_it() -> None:
    assert FastJSONRenderer().render({"a": 1}, "application/json; indent=2") == b'{\n  "a": 1\n}'
