"""Fields of JSON bodies and query strings that take values as they are meant, and guess nothing."""

import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.utils import html

from events.money import Ledger, exact_amount, shown
from events.plausibility import MAX_USER_ID
from events.time import NotRFC3339, from_rfc_3339, whole_millis


def an_amount() -> str:
    return f"Give a number of {Ledger.currency.wanted}."


def moment(text: str) -> datetime:
    """A date and time of RFC 3339, in UTC; raises ValueError."""
    try:
        return from_rfc_3339(text)
    except NotRFC3339 as error:
        raise ValueError(
            "Give a date and time with its offset, such as 2025-01-31T23:59:59.5Z or …+01:00 (in a URL %2B)."
        ) from error


class WholeNumber(serializers.IntegerField):
    """A JSON integer, no string, float or boolean that looks like one."""

    def get_value(self, dictionary: Any) -> Any:
        value = super().get_value(dictionary)
        # Forms and query strings have no numbers, only text.
        if html.is_html_input(dictionary) and isinstance(value, str) and re.fullmatch("-?[0-9]{1,1000}", value):
            return int(value)
        return value

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError("Give a whole number, without quotation marks or a point.")
        return data


class UserId(WholeNumber):
    """The shop's number of a user."""

    def __init__(self, **kwargs: Any) -> None:
        limits: dict[str, Any] = {"min_value": 0, "max_value": MAX_USER_ID}
        super().__init__(**(limits | {"help_text": "the shop's number of the user"} | kwargs))


class Amount(serializers.DecimalField):
    """An amount of money, of no more decimals than the currency has and up to its most: a JSON number or a string.

    It is given as a string, here and at every endpoint: a JSON number would be exact too at this size, but most
    readers make a float of it, and floats must not be summed.
    """

    def __init__(self, **kwargs: Any) -> None:
        currency = Ledger.currency
        digits = {"max_digits": 18, "decimal_places": currency.kept_digits}
        limits: dict[str, Any] = {"min_value": -currency.most, "max_value": currency.most}
        super().__init__(**(digits | limits | kwargs))

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | float | Decimal | str):
            self.fail("invalid")
        if isinstance(data, str) and not re.fullmatch(f"-?{Ledger.currency.written}", data):
            raise serializers.ValidationError(an_amount())
        try:
            amount = exact_amount(Decimal(str(data)))
        except ValueError as error:
            raise serializers.ValidationError(an_amount()) from error
        return super().to_internal_value(amount) + 0  # makes -0 a 0

    def to_representation(self, value: Any) -> str:
        return str(shown(Decimal(value)))


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3}$"})
class CurrencyCode(serializers.CharField):
    """What the amounts beside it are in."""

    def __init__(self, **kwargs: Any) -> None:
        defaults: dict[str, Any] = {"read_only": True, "help_text": "of the amounts, ISO 4217"}
        super().__init__(**(defaults | kwargs))

    def get_attribute(self, instance: Any) -> str:
        return Ledger.currency.code


class Moment(serializers.DateTimeField):
    """A date and time of RFC 3339 with its offset; kept in UTC and whole milliseconds, as the wire carries it."""

    def __init__(self, **kwargs: Any) -> None:
        # A browser's own field for dates would leave the offset out.
        super().__init__(**({"style": {"input_type": "text"}} | kwargs))

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            raise serializers.ValidationError("Give a string with a date and time, such as 2025-01-31T23:59:59.5Z.")
        try:
            return self.kept(moment(value))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error

    def kept(self, moment: datetime) -> datetime:
        return whole_millis(moment)


class Bound(Moment):
    """A moment that bounds a list, as finely as it is given: what happened just before it is not at it."""

    def kept(self, moment: datetime) -> datetime:
        return moment


class Choice(serializers.ChoiceField):
    """A member of a StrEnum, by its value."""

    def __init__(self, members: type[StrEnum], **kwargs: Any) -> None:
        self.members = members
        super().__init__([(member.value, member.value) for member in members], **kwargs)

    def to_internal_value(self, data: Any) -> StrEnum:
        if not isinstance(data, str) or data not in list(self.members):
            raise serializers.ValidationError(f"Use {' or '.join(self.members)}.")
        return self.members(data)


FORM_SWITCHES = {"true": True, "on": True, "false": False}


class TrueOrFalse(serializers.BooleanField):
    """A JSON true or false, no number or word that could mean one."""

    def get_value(self, dictionary: Any) -> Any:
        value = super().get_value(dictionary)
        if html.is_html_input(dictionary) and isinstance(value, str):
            return FORM_SWITCHES.get(value, value)
        return value

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Give true or false.")
        return data


class Text(serializers.CharField):
    """A JSON string; REST framework's own field takes numbers too."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Give a string.")
        return super().to_internal_value(data)
