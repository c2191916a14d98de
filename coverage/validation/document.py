"""``docs/validation.md``: what each set of reference data proves, what it does not, and by how much we are off."""

from __future__ import annotations

from collections.abc import Iterable

from quietwing.coverage.validation.raytrace_check import Check, check_section, read_check
from quietwing.coverage.validation.results import SetResult, error_text
from quietwing.coverage.validation.sets import KNOWN_SETS

__all__ = ["document"]

_HEAD = """\
# What the engine was compared with, and what that proves

Made by `python docs/make_validation.py DIR` from `quietwing validate DIR`; do not edit. The data are not part of
quietwing: each set has its own publisher and licence. Run the command on your own copy to see these figures again.

**No measured mast-to-façade set exists** that could be used here: the way from a public mast to the outer wall of a
building, which decides how much of the network leaks in, is proved against published formulas alone, never against a
measurement. Levels measured on the site (`outside_levels.csv`) are the only cure.

Error is engine minus reference. Where the reference is computed or published, the largest error must be within the
tolerance; where it is measured, the root mean square error must be.

| set | rows | bias [dB] | RMSE [dB] | largest [dB] | tolerance [dB] | result |
| --- | ---: | ---: | ---: | ---: | ---: | --- |
"""


def document(results: Iterable[SetResult], check: Check | None = None) -> str:
    """The page as Markdown.

    Parameters
    ----------
    results : iterable of SetResult
        As `validate` gives them.
    check : Check, optional
        The cross-check with ray tracing; the one that was kept last without it.

    Returns
    -------
    str
    """
    found = tuple(results)
    parts = [_HEAD, *(_row(result) for result in found)]
    for known in KNOWN_SETS:
        parts.append(f"\n## {known.title}\n\n`{known.folder}`: {known.source}.\n\n")
        parts += [f"- {_outcome(one)}\n" for one in found if one.name.split("/")[0] == known.folder]
        parts.append(f"- **Proved.** {known.proves}\n- **Not proved.** {known.does_not}\n")
    parts.append(check_section(read_check() if check is None else check))
    return "".join(parts)


def _row(result: SetResult) -> str:
    errors = " | ".join(map(error_text, (result.bias_db, result.rmse_db, result.max_error_db)))
    verdict = "skipped" if result.skipped is not None else "passed" if result.passed else "**missed**"
    return f"| {result.name} | {result.rows or '–'} | {errors} | {result.tolerance_text} | {verdict} |\n"


def _outcome(result: SetResult) -> str:
    """One sentence on what came out."""
    if result.skipped is not None:
        return f"`{result.name}` was not judged: {result.skipped}."
    verdict = "passed" if result.passed else "**missed**"
    kind = "RMSE" if result.on_rmse else "largest error"
    value_db = result.rmse_db if result.on_rmse else result.max_error_db
    figure = f"{kind} {error_text(value_db)} dB, tolerance {result.tolerance_db:g} dB"
    note = f" ({result.note})" if result.note else ""
    return f"`{result.name}` {verdict}: {result.rows} rows, {figure}{note}."
