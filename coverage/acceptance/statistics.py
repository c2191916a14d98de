"""How many points prove a share, and what share so many points prove: the binomial law, exactly."""

from __future__ import annotations

from scipy.stats import beta, binom

from quietwing.coverage.errors import OutOfRangeError

__all__ = ["failures_allowed", "lower_share", "points_needed"]

MOST_POINTS = 100_000


def _check(share: float, confidence: float) -> None:
    for name, value in (("share", share), ("confidence", confidence)):
        if not 0 < value < 1:
            raise OutOfRangeError(f"{name}: is {value:g} (expected above 0 and below 1); write 0.95 for 95 %")


def points_needed(share: float = 0.95, confidence: float = 0.95, failures: int = 0) -> int:
    """Fewest points at which so many failures still prove that a share of all places is good.

    Parameters
    ----------
    share : float
        Of places that must be good.
    confidence : float
    failures : int
        Allowed among the points.

    Returns
    -------
    int
        n with Σ_{k ≤ failures} C(n, k) (1 − share)^k share^(n − k) ≤ 1 − confidence: 59 without a failure at 95 % and
        95 %, for 0.95⁵⁹ = 0.0485.

    Raises
    ------
    OutOfRangeError
        If a figure is out of range, or more than 100,000 points were needed.

    References
    ----------
    Clopper, C. J., and Pearson, E. S., The use of confidence or fiducial limits illustrated in the case of the
    binomial, Biometrika 26, 1934.
    """
    _check(share, confidence)
    if failures < 0:
        raise OutOfRangeError(f"failures: is {failures} (expected 0 or more); say how many may fail")
    low, high = failures + 1, MOST_POINTS
    if binom.cdf(failures, high, 1 - share) > 1 - confidence:
        raise OutOfRangeError(
            f"share: {share:g} with {failures} failures takes more than {MOST_POINTS:,} points; ask for less"
        )
    while low < high:
        middle = (low + high) // 2
        if binom.cdf(failures, middle, 1 - share) <= 1 - confidence:
            high = middle
        else:
            low = middle + 1
    return low


def failures_allowed(points: int, share: float = 0.95, confidence: float = 0.95) -> int:
    """Most failures at which so many points still prove the share; −1 where even none would not."""
    _check(share, confidence)
    allowed = -1
    while allowed + 1 < points and binom.cdf(allowed + 1, points, 1 - share) <= 1 - confidence:
        allowed += 1
    return allowed


def lower_share(points: int, failures: int, confidence: float = 0.95) -> float:
    """Share of places that is good at least, with a confidence: the exact one-sided bound of Clopper and Pearson.

    Parameters
    ----------
    points, failures : int
        Tried, and not good.
    confidence : float

    Returns
    -------
    float
        0 where nothing was tried. 59 points without a failure give 0.9505.
    """
    if not 0 <= failures <= points:
        raise OutOfRangeError(f"failures: is {failures} of {points} points; correct the count")
    if points == failures:
        return 0.0
    return float(beta.ppf(1 - confidence, points - failures, failures + 1))
