"""Kubernetes quantities: `500m`, `64Mi`, `1e3`."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation

_SUFFIXES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}


def quantity(text: str | int | float) -> Decimal:
    """The number a quantity stands for; ValueError for another text."""
    written = str(text).strip()
    for length in (2, 1, 0):
        suffix = written[len(written) - length :] if length else ""
        if suffix in _SUFFIXES and (length == 0 or len(written) > length):
            try:
                return Decimal(written[: len(written) - length]) * _SUFFIXES[suffix]
            except InvalidOperation:
                continue
    raise ValueError(f"{text!r} is no quantity")


def ceiling(text: str | int | float, divisor: str = "1") -> int:
    """How many times `divisor` is in a quantity, rounded up, as the downward API reports it."""
    return math.ceil(quantity(text) / (quantity(divisor) or 1))
