"""What an item computes: one function for each mode, from the question to a result folder and the rows it adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from quietwing.coverage.answers import row_of
from quietwing.coverage.batch.item_folder import Answer, RoomChannels, write_item
from quietwing.coverage.batch.items import BatchItem
from quietwing.coverage.plan_store import write_plan
from quietwing.coverage.planning import PlanResult
from quietwing.coverage.report import (
    KEEP,
    leakage_csv,
    leakage_object,
    plan_object,
    state_of_rooms,
    verdict_object,
)
from quietwing.coverage.results import Leakage, Verdict
from quietwing.coverage.store import SCENARIO, result_object, rules_beside, scenario_text, write_result
from quietwing.coverage.study import evaluate, leakage, optimise
from quietwing.coverage.whole_files import write_whole
from quietwing.sites import save_site

__all__ = ["MODES", "Mode", "leakage_answer", "plan_answer", "run_item", "verdict_answer"]

Mode = Callable[[BatchItem, Path], Answer]
_HAIR = 1e-9  # 1 − 0.95 is a little above 0.05
_DIGITS = 6  # a share of 100,000 worlds


def run_item(item: BatchItem, folder: Path) -> None:
    """Compute one item into a new folder.

    Parameters
    ----------
    item : BatchItem
    folder : Path
        Does not exist yet.

    Raises
    ------
    QuietwingError
        If the item asks for what is not possible.
    OSError
        If the folder cannot be written.
    """
    write_item(folder, item.id, item.mode, MODES[item.mode](item, folder))


def _evaluate(item: BatchItem, folder: Path) -> Answer:
    verdict = evaluate(item.site, item.scenario, devices=item.devices, catalogue=item.catalogue, maps=False)
    write_result(verdict, folder, catalogue=item.catalogue)
    return verdict_answer(verdict, result_object(verdict, item.catalogue))


def _leakage(item: BatchItem, folder: Path) -> Answer:
    found = leakage(item.site, item.scenario, maps=False)
    save_site(item.site, folder / "inputs" / "site")
    for name, text in {SCENARIO: scenario_text(item.scenario), **rules_beside(item.scenario)}.items():
        write_whole(folder / name, text)
    write_whole(folder / "leakage.csv", leakage_csv(found))
    return leakage_answer(found)


def _optimise(item: BatchItem, folder: Path) -> Answer:
    result = optimise(item.site, item.scenario, devices=item.devices, catalogue=item.catalogue, maps=False)
    write_plan(result, folder, catalogue=item.catalogue)
    return plan_answer(result)


MODES: dict[str, Mode] = {"evaluate": _evaluate, "leakage": _leakage, "optimise": _optimise}


def plan_answer(result: PlanResult) -> Answer:
    """What a plan adds to the tables of a batch: its verdict's rows, its cost and how good it is."""
    return verdict_answer(result.verdict, {**verdict_object(result.verdict), **plan_object(result)})


def verdict_answer(verdict: Verdict, answer: Mapping[str, Any]) -> Answer:
    """What a verdict adds to the tables of a batch: the marked keys of its answer, and its rooms."""
    probability = verdict.by_room["usable_probability"].transpose("channel", "room").values
    often = probability > 1.0 - verdict.scenario.asked.confidence + _HAIR
    return Answer(
        row_of(answer),
        RoomChannels(
            room=[str(name) for name in verdict.by_room["room"].values.tolist()],
            role=[str(role) for role in verdict.by_room["role"].values.tolist()],
            state=state_of_rooms(verdict),
            channel=[str(name) for name in verdict.by_room["channel"].values.tolist()],
            usable_probability=[
                [round(share, _DIGITS) if np.isfinite(share) else None for share in row]
                for row in probability.astype(float).tolist()
            ],
            usable=(often | ~np.isfinite(probability)).tolist(),  # what is not known counts as usable
        ),
    )


def leakage_answer(found: Leakage) -> Answer:
    """What a leakage study adds to the tables of a batch: no room is silenced, as no blocker is on."""
    role = [str(each) for each in found.by_room["role"].values.tolist()]
    usable = found.by_room["usable"].transpose("channel", "room").values
    judged = dict(zip(found.grades[0].by_room["room"].values.tolist(), state_of_rooms(found), strict=True))
    state = [judged.get(str(name), KEEP) for name in found.by_room["room"].values.tolist()]
    channels = [str(name) for name in found.by_room["channel"].values.tolist()]
    return Answer(
        row_of({**leakage_object(found), "measured": None, "status": "evaluated"}),
        RoomChannels(
            room=[str(name) for name in found.by_room["room"].values.tolist()],
            role=role,
            state=state,
            channel=channels,
            usable_probability=[[None] * len(role) for _ in channels],
            usable=usable.tolist(),
        ),
    )
