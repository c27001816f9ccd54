"""Amounts on pages: `{% load money %}` and `{{ alert.amount|money }}`."""

from django import template

from events.money import in_words

register = template.Library()
register.filter("money", in_words)
