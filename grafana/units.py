"""Figures in the words of their unit, as Grafana would write them."""

from collections.abc import Callable
from math import isnan

THOUSANDS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K"))
DECIMAL = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
BINARY = ((2.0**40, "TiB"), (2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))
SPANS = ((31536000.0, "year"), (604800.0, "week"), (86400.0, "day"), (3600.0, "hour"), (60.0, "min"))


def worded(value: float, unit: str, decimals: int | None = None) -> str:
    """A value with its unit; decimals: how many, or None for as many as make three digits."""
    if isnan(value):
        return "–"
    if unit.startswith("suffix:"):
        return f"{_number(value, decimals)} {unit.removeprefix('suffix:')}"
    return UNITS[unit](value, decimals)


def scale(value: float, unit: str) -> float:
    """The size of the unit in which a value would be written: 60 for some minutes."""
    sizes = {
        "s": SPANS,
        "ms": tuple((size * 1000, name) for size, name in SPANS),
        "bytes": BINARY,
        "binBps": BINARY,
        "Bps": DECIMAL,
    }
    return next((size for size, _ in sizes.get(unit, ()) if abs(value) >= size), 1.0)


def _number(value: float, decimals: int | None) -> str:
    if decimals is None and 0 < abs(value) < 0.1:
        return f"{value:.2g}"
    if decimals is None:
        decimals = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(value: float, steps: tuple[tuple[float, str], ...], decimals: int | None) -> str:
    for size, name in steps:
        if abs(value) >= size:
            return f"{_number(value / size, None)} {name}"
    return _number(value, decimals)


def _seconds(value: float, decimals: int | None) -> str:
    if value and abs(value) < 0.001:
        return f"{_number(value * 1e6, None)} µs"
    if value and abs(value) < 1:
        return f"{_number(value * 1e3, None)} ms"
    for size, name in SPANS:
        if abs(value) >= size:
            number = _number(value / size, None)
            return f"{number} {name}{'' if number == '1' else 's'}"
    return f"{_number(value, decimals)} s"


def _bytes(value: float, decimals: int | None, steps: tuple[tuple[float, str], ...] = BINARY) -> str:
    text = _scaled(value, steps, decimals)
    return text if text.endswith("B") else f"{text} B"


UNITS: dict[str, Callable[[float, int | None], str]] = {
    "none": _number,
    "string": _number,
    "short": lambda value, decimals: _scaled(value, THOUSANDS, decimals),
    "percentunit": lambda value, decimals: f"{_number(value * 100, decimals)} %",
    "s": _seconds,
    "ms": lambda value, decimals: _seconds(value / 1000, decimals),
    "bytes": _bytes,
    "binBps": lambda value, decimals: f"{_bytes(value, decimals)}/s",
    "Bps": lambda value, decimals: f"{_bytes(value, decimals, DECIMAL)}/s",
    "reqps": lambda value, decimals: f"{_scaled(value, THOUSANDS, decimals)} req/s",
    "ops": lambda value, decimals: f"{_scaled(value, THOUSANDS, decimals)} ops/s",
}
