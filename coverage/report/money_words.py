"""Money in words: a cost rounds up."""

from __future__ import annotations

import math

__all__ = ["DUST", "exact_pounds", "pounds"]

DUST = 1e-6  # of a solver: 170.9999999 is 171


def pounds(amount_gbp: float) -> str:
    """A cost rounded up to the pound: ``£1,235``."""
    return f"£{math.ceil(amount_gbp - DUST):,}"


def exact_pounds(amount_gbp: float) -> str:
    """To the penny where there are pence: ``£1,234``, ``£1,234.50``."""
    return f"£{amount_gbp:,.0f}" if float(amount_gbp).is_integer() else f"£{amount_gbp:,.2f}"
