"""A verdict worked out in blocks is the verdict, to the byte, however the rooms are cut and whoever does it."""

import json
from dataclasses import replace

import pytest

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.report import escapes_csv, rooms_csv, spill_csv
from quietwing.coverage.scenario import Scenario, TreatmentWish
from quietwing.coverage.store import result_object
from quietwing.coverage.study import Block, evaluate, evaluate_in_blocks, made_ready, worked_out
from quietwing.sites import build_wing, describe

CATALOGUE = read_catalogue()
SITE = build_wing(describe(cells=4, storeys=2, area="suburban", fence_distance_m=60.0))
DEVICES = (Device("J1", "room_jammer", 0.0, 2.4, 2.7), Device("J2", "micro_jammer", 3.0, 2.4, 2.7, state="off"))
BARE = Scenario(worlds=100, channels=("EE/B20/LTE", "O2/B8/GSM", "Three/n78/NR"))
MESHED = replace(BARE, treatments=(TreatmentWish("window_mesh", ("*",)),))


def bytes_of(verdict):
    said = json.dumps(result_object(verdict, CATALOGUE))
    return said, rooms_csv(verdict), escapes_csv(verdict), spill_csv(verdict)


@pytest.fixture(scope="module", params=[BARE, MESHED], ids=["bare", "meshed"])
def asked(request):
    scenario = request.param
    whole = evaluate(SITE, scenario, devices=DEVICES, catalogue=CATALOGUE, maps=False)
    return scenario, bytes_of(whole)


@pytest.mark.parametrize("blocks", [1, 3, 100])
def test_blocks_join_to_the_same_bytes(asked, blocks):
    scenario, whole = asked
    ready = made_ready(SITE, scenario, DEVICES, CATALOGUE)
    seen: list[Block] = []

    def run(asked_for):
        for block in asked_for:
            seen.append(block)
            yield worked_out(ready, scenario, DEVICES, CATALOGUE, block)

    verdict = evaluate_in_blocks(
        SITE, scenario, devices=DEVICES, catalogue=CATALOGUE, maps=False, run=run, blocks=blocks
    )
    rooms = sum(room.role == "silence" for room in SITE.rooms)
    assert sum(block.side == "rooms" for block in seen) == min(blocks, rooms)
    assert bytes_of(verdict) == whole
