"""Titles and names of layers that tell a storey, in English, German and French, and those that must tell none."""

from __future__ import annotations

import pytest

from quietwing.sites.importers.plan_mapping import storey_number


@pytest.mark.parametrize(
    ("said", "number"),
    [
        # English.
        ("Ground floor", 0),
        ("GROUND LEVEL PLAN", 0),
        ("00 Ground floor", 0),
        ("GF plan 1:100", 0),
        ("Level 0", 0),
        ("LEVEL 00", 0),
        ("A-WALL-GROUND", 0),
        ("First Floor", 1),
        ("01 First floor", 1),
        ("FF", 1),
        ("1st floor plan", 1),
        ("Second Floor Plan", 2),
        ("third-floor", 3),
        ("3RD FLOOR", 3),
        ("Sixth storey", 6),
        ("Level 2 carpark", 2),
        ("L.02", 2),
        ("L02-WALLS", 2),
        ("L2-M-DUCT", 2),
        ("L2-X", 2),
        ("02_Level", 2),
        ("level_10", 10),
        ("Floor 12", 12),
        ("scale 1:100 level 1", 1),
        ("Basement", -1),
        ("Basement 2", -2),
        ("Lower ground floor", -1),
        ("LGF", -1),
        ("Cellar", -1),
        ("Level -1", -1),
        ("Level -2", -2),
        ("Attic", 90),
        ("LOFT", 90),
        # German.
        ("Erdgeschoss", 0),
        ("Erdgeschoß", 0),
        ("EG 1:100", 0),
        ("Wände EG", 0),
        ("1.OG", 1),
        ("2. Obergeschoß", 2),
        ("OG 3", 3),
        ("Erstes Obergeschoss", 1),
        ("Zweiter Stock", 2),
        ("3. Stockwerk", 3),
        ("Ebene 2", 2),
        ("UG", -1),
        ("1. UG", -1),
        ("2.UG", -2),
        ("Keller", -1),
        ("KG_Waende", -1),
        ("Dachgeschoss", 90),
        ("DG_WAND", 90),
        # French.
        ("Rez-de-chaussée", 0),
        ("REZ DE CHAUSSEE", 0),
        ("RDC", 0),
        ("R+2 plan", 2),
        ("1er étage", 1),
        ("2ème étage", 2),
        ("2e etage", 2),
        ("Premier étage", 1),
        ("Étage 3", 3),
        ("Niveau 1", 1),
        ("Niveau -1", -1),
        ("Sous-sol", -1),
        ("Combles", 90),
    ],
)
def test_a_storey_is_told_by_its_name_in_three_languages(said, number):
    assert storey_number(said) == number


@pytest.mark.parametrize(
    "said",
    [
        "",
        "0",
        "A-WALL",
        "A-FLOR",
        "S-COLS",
        "Wand",
        "MUR",
        # Words of which a storey's name is a part.
        "Background",
        "underground",
        "floor",
        "Floor finishes",
        "level crossing",
        "Level with door",
        "Spirit level",
        "étage",
        "niveau d'eau",
        "e.g. a note",
        "First aid",
        "Third party level",
        "Sixth form",
        "2nd fix",
        "3rd party",
        "FFL 12.50",
        "FF level +3.20",
        "FF +0.00",
        # Names of firms and of things.
        "EG&G Ltd",
        "FF&E",
        "L-shaped bracket",
        "L10 angle",
        "L 50 x 50",
        "L 50x50x5",
        "A-GROUND-BEAM",
        "Ground works",
        "Ground rod",
        "GROUND BUS",
        "UG cable",
        "UG drains",
        "DG units",
        "Loft insulation",
        "Attic hatch",
        "combles perdus",
        # Numbers of other things: years, weights, lengths, heights, parts, groups of costs.
        "10 year plan",
        "Level 1200",
        "Level 12.50",
        "Level 12,50",
        "Floor 22 mm",
        "Floor 2.5 mm vinyl",
        "10 floor boxes",
        "12 storey building",
        "4 storey block",
        "5 kg",
        "2 kg/m2",
        "kg/m²",
        "KG 330 Außenwände",
        "Lot 1",
        "Cell 12",
        "1:100",
        "29.11.2026",
    ],
)
def test_what_only_looks_like_a_storey_tells_none(said):
    assert storey_number(said) is None


def test_case_and_signs_between_words_change_nothing():
    for said in ("ground floor", "GROUND-FLOOR", "Ground_Floor", "ground  floor", "xref$0$Ground|Floor"):
        assert storey_number(said) == 0


def test_the_end_of_a_long_note_is_not_read():
    """A note of pages that names a storey at its end is no title."""
    assert storey_number("a note " * 100 + "ground floor") is None
