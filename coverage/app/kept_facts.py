"""Facts of the verdicts of a session, each worked out once."""

from __future__ import annotations

from quietwing.coverage.app.facts_of_verdict import facts_of
from quietwing.coverage.app.layout_facts import LayoutFacts
from quietwing.coverage.app.site_watch import kept
from quietwing.coverage.app.state import session
from quietwing.coverage.results import Verdict

__all__ = ["facts_of_verdict"]


def facts_of_verdict(verdict: Verdict) -> LayoutFacts:
    """What pages say of a verdict of this session."""
    return kept(verdict, "facts", lambda: facts_of(verdict, session().catalogue), "Reading the assessment")
