"""Facts of the verdicts of a session, each worked out once."""

from __future__ import annotations

from dataclasses import replace

from quietwing.coverage.app.facts_of_verdict import facts_of
from quietwing.coverage.app.layout_facts import LayoutFacts
from quietwing.coverage.app.prices import prices_of
from quietwing.coverage.app.site_watch import kept
from quietwing.coverage.app.state import session
from quietwing.coverage.planning import Cost, cost
from quietwing.coverage.results import Verdict
from quietwing.sites import fingerprint

__all__ = ["facts_of_verdict"]


def facts_of_verdict(verdict: Verdict) -> LayoutFacts:
    """What pages say of a verdict of this session."""
    catalogue = session().catalogue
    made = prices_of(catalogue)
    at, facts = kept(verdict, "facts", lambda: (made, facts_of(verdict, catalogue)), "Reading the assessment")
    if at == made:
        return facts

    def anew() -> Cost:
        return cost(verdict.site, verdict.devices, verdict.treatments, catalogue, verdict.scenario)

    spent = kept(verdict, f"cost at {fingerprint(made)}", anew, "Adding up")
    money = (spent.capex_gbp, spent.opex_gbp_per_year, spent.whole_life_gbp)
    return replace(facts, money_gbp=money, placeholders=spent.illustrative)
