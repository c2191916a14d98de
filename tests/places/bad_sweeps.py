"""The table of bad sweeps: what is written or typed, and what the one message must name.

Each row: id, text of ``sweep.toml`` (after ``site = "SITE"``, unless it begins with ``!``), options, and patterns for
place, finding and fix. One row a line: it is a table.
"""
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Bad:
    """One bad sweep."""

    id: str
    text: str
    must_contain: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


def sets(*texts: str) -> dict[str, Any]:
    return {"sets": texts}


ROWS = [
    # The file
    Bad("not-toml", "!site = ", ("^sweep.toml: not valid TOML", "correct that line")),
    Bad("empty", "!", ("^sweep.toml: is empty",)),
    Bad("only-a-comment", "!# nothing", ("^sweep.toml: names no site", 'site = "houseblock"')),
    Bad("deep", "!x = " + "[" * 3000 + "]" * 3000, ("^sweep.toml: not valid TOML",)),
    Bad("key-twice", "mode = 'leakage'\nmode = 'evaluate'", ("^sweep.toml: not valid TOML",)),
    Bad("unknown-key", "modes = 'leakage'", ("^sweep.toml: modes: unknown key", "did you mean 'mode'")),
    Bad("scenario-key-at-top", "seed = [1, 2]", ("^sweep.toml: seed: unknown key", r"under \[set\] as seed = \[...\]")),
    Bad("format", "format = 2", ("^sweep.toml: format: is 2 .expected 1.", "write format = 1")),
    Bad("format-true", "format = true", ("^sweep.toml: format: is true",)),
    # Sites
    Bad("site-a-number", "!site = 3", ("^sweep.toml: site: is 3", "name in quotes")),
    Bad("site-blank", "!site = ' '", ("^sweep.toml: site: is ' '",)),
    Bad("site-and-sites", "sites = ['houseblock']", ("^sweep.toml: site: stands beside sites", "keep one")),
    Bad("sites-text", "!sites = 'houseblock'", ("^sweep.toml: sites: is 'houseblock'", "a list of names")),
    Bad("sites-empty", "!sites = []", ("^sweep.toml: sites: is a list of 0",)),
    Bad("sites-number", "!sites = ['SITE', 1]", ("^sweep.toml: sites: is 1", "name in quotes")),
    Bad("sites-twice", "!sites = ['SITE', 'SITE']", ("^sweep.toml: sites: has '.*' twice", "remove one")),
    Bad("site-missing", "!site = 'nowhere'", ("^sweep.toml: nowhere: SITE .*does not exist", "give a folder")),
    Bad("site-address", "!site = 'https://x.org/site'", ("does not exist or cannot be read|not a folder",)),
    Bad("one-of-two-missing", "!sites = ['SITE', 'nowhere']", ("^sweep.toml: nowhere: SITE .*does not exist",)),
    Bad("option-site-missing", "", ("^--site: houseblok: SITE 'houseblok'", "did you mean 'houseblock'"), {"sites": ["houseblok"]}),
    # Other files
    Bad("layout-missing", "layout = 'none.csv'", ("^none.csv: no such file", "existing layout table")),
    Bad("layout-a-list", "layout = ['a.csv']", ("^sweep.toml: layout: is a list of 1", "name in quotes")),
    Bad("layout-a-folder", "layout = '.'", ("expected a regular file|no such file|is a folder",)),
    Bad("scenario-file-missing", "scenario = 'none.toml'", ("^none.toml: no such file", "existing scenario")),
    Bad("scenario-file-in-table", "scenario.file = 'none.toml'", ("^none.toml: no such file",)),
    Bad("scenario-file-number", "scenario.file = 1", ("^sweep.toml: scenario, file: is 1",)),
    Bad("scenario-number", "scenario = 1", ("^sweep.toml: scenario: is 1", r"write \[scenario\]")),
    # Mode
    Bad("mode-unknown", "mode = 'evalute'", ("^sweep.toml: mode: 'evalute' is unknown", "did you mean 'evaluate'")),
    Bad("mode-a-list", "mode = ['evaluate']", ("^sweep.toml: mode: is a list of 1",)),
    Bad("mode-option", "", ("mode: 'guess' is unknown", "evaluate"), {"mode": "guess"}),
    # Base keys
    Bad("base-unknown", "scenario.sed = 1", ("^sweep.toml: scenario, sed: unknown setting", "did you mean 'seed'")),
    Bad("base-path", "scenario.path = 'x'", ("^sweep.toml: scenario, path: unknown setting",)),
    Bad("base-out-of-range", "scenario.confidence = 95", ("^sweep.toml: scenario, confidence: ", "found 95", "write 0.95")),
    Bad("base-true", "scenario.worlds = true", ("^sweep.toml: scenario, worlds: ", "write a number")),
    # The grid
    Bad("set-a-list", "set = [1]", ("^sweep.toml: set: is a list of 1", r"write \[set\]")),
    Bad("set-no-list", "set.seed = 1", ("^sweep.toml: set, seed: is 1 .expected a list.", r"write \[1\]")),
    Bad("set-empty", "set.seed = []", ("^sweep.toml: set, seed: is an empty list", "remove it")),
    Bad("set-unknown", "set.seeds = [1]", ("^sweep.toml: set, seeds: unknown setting", "did you mean 'seed'")),
    Bad("set-path", "set.path = [1]", ("^sweep.toml: set, path: unknown setting",)),
    Bad("set-duplicate", "set.seed = [1, 2, 1]", ("^sweep.toml: set, seed: has 1 twice", "remove one")),
    Bad("set-duplicate-number", "set.confidence = [0.9, 0.90]", ("^sweep.toml: set, confidence: has 0.9 twice",)),
    Bad("set-duplicate-one", "set.grid_m = [1, 1.0]", ("^sweep.toml: set, grid_m: has 1.0 twice",)),
    Bad("set-duplicate-list", "set.channels = [[], []]", ("^sweep.toml: set, channels: has a list of 0 twice",)),
    Bad("set-out-of-range", "set.seed = [1, -1]", ("^sweep.toml: set, seed: ", "found -1")),
    Bad("set-one-of-many", "set.worlds = [100, 99, 200]", ("^sweep.toml: set, worlds: ", "found 99")),
    Bad("set-text-for-number", "set.worlds = ['many']", ("^sweep.toml: set, worlds: ", "many")),
    Bad("set-nan", "set.confidence = [nan]", ("^sweep.toml: set, confidence: ",)),
    Bad("set-date", "set.seed = [2026-01-01]", ("^sweep.toml: set, seed: ",)),
    Bad("set-tier", "set.spill_tier = ['strickt']", ("^sweep.toml: set, spill_tier: ", "did you mean 'strict'")),
    Bad("set-treatment", "set.treatments = [[{model = 'm', room = ['A']}]]", ("^sweep.toml: set, treatments", "did you mean 'rooms'")),
    Bad("set-channel-text", "set.channels = ['EE/B20/LTE']", ("^sweep.toml: set, channels: ", "list in square brackets")),
    Bad("too-many", f"set.seed = {list(range(1, 102))}\nset.worlds = {list(range(100, 200))}", ("^sweep.toml: asks for 10,100 items .limit 10,000.", "split the batch")),
    # Options
    Bad("option-no-equals", "", ("^--set 'seed': expected key=a,b,c", "write it so"), sets("seed")),
    Bad("option-no-key", "", ("^--set '=1'",), sets("=1")),
    Bad("option-no-value", "", ("^--set: seed: has an empty value", "give one"), sets("seed=")),
    Bad("option-comma", "", ("^--set: seed: has an empty value", "remove a comma"), sets("seed=1,,2")),
    Bad("option-unknown", "", ("^--set: sead: unknown setting", "did you mean 'seed'"), sets("sead=1")),
    Bad("option-open-bracket", "", ("^--set: channels: a quote or bracket is left open", "close it"), sets("channels=[1,2")),
    Bad("option-open-quote", "", ("^--set: comms_room: a quote or bracket is left open",), sets("comms_room='x")),
    Bad("option-two-words", "", ("^--set: seed: '1 2' is no number, word, quoted text or list", "correct it"), sets("seed=1 2")),
    Bad("option-newline", "", (r"^--set: seed: '1\\n2' is no number",), sets("seed=1\n2")),
    Bad("option-escape", "", (r"^--set: seed: '\\x1b\[31\]m' is no",), sets("seed=\x1b[31]m")),
    Bad("option-long", "", ("^--set: seed: '9999",), sets("seed=" + "9" * 5000)),
    Bad("option-twice", "", ("^--set: seed: is given twice", "one list"), sets("seed=1", "seed=2")),
    Bad("option-duplicate", "", ("^--set: seed: has 1 twice",), sets("seed=1,1")),
    Bad("option-out-of-range", "set.seed = [1]", ("^--set: seed: ", "found -4"), sets("seed=-4")),
    Bad("option-percent", "", ("^--set: confidence: ", "write 0.95"), sets("confidence=95")),
    Bad("option-too-many", "", ("asks for 10,001 items",), sets("seed=" + ",".join(map(str, range(10_001))))),
]  # fmt: skip
