"""The table of bad equipment: what is written, by which door it comes in, and what the one message must name.

Each row: id, door, content of the file, and patterns for file, row or key, and fix. One row a line: it is a table.
"""
# ruff: noqa: E501

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from quietwing.coverage.rules import SHIPPED

Content = str | bytes | Callable[[Path], Path]

NAMES = {"layout": "layout.csv", "placed": "layout.csv", "catalogue": "catalogue.csv", "scenario": "scenario.toml", "wishes": "scenario.toml", "question": "scenario.toml"}  # fmt: skip

DEVICE = {
    "id": "N1", "model": "micro_jammer", "x_m": "11.3", "y_m": "0", "z_m": "2.7", "storey": "0", "power_dbm": "",
    "azimuth_deg": "0", "tilt_deg": "0", "state": "planned", "unit_price_gbp": "", "trim_db": "",
}  # fmt: skip
JAMMER = {
    "model": "micro", "kind": "jammer", "bands": "B20:791-821:10; B8:925.1-959.9:10", "pattern": "omni", "gain_dbi": "0",
    "emission": "barrage", "sync_carriers_mhz": "", "mas_carriers": "", "head_end": "", "head_end_capacity": "0",
    "construction": "", "unit_price_gbp": "900", "install_gbp": "450", "cable_gbp_per_m": "6", "opex_gbp_per_year": "110",
    "technology_life_years": "5", "price_date": "2026-11-24", "price_source": "test", "illustrative": "true",
    "description": "",
}  # fmt: skip
CABLE = JAMMER | {"radiating_cable": "700:3.7:65:76; 2700:9.5:65:76", "radiating_gbp_per_m": "35", "longest_m": "100"}
RUN = DEVICE | {"model": "cable_jammer", "x_m": "10", "route_m": "40 0 2.7"}
NODE = JAMMER | {"model": "node", "kind": "mas", "mas_carriers": "234-30@798.5/5/LTE"}
HEAD = JAMMER | {"model": "head", "kind": "head_end", "bands": "", "head_end_capacity": "8"}
MESH = JAMMER | {"model": "mesh", "kind": "mesh", "bands": "", "construction": "mesh_12"}


@dataclass(frozen=True)
class Row:
    """One bad input: its id, its door, the content of its file, and patterns for file, row or key, and fix."""

    id: str
    door: str
    content: Content
    must_contain: tuple[str, ...]

    def build(self, folder: Path) -> Path:
        path = folder / NAMES[self.door]
        if callable(self.content):
            return self.content(path)
        path.write_bytes(self.content if isinstance(self.content, bytes) else self.content.encode("utf-8"))
        return path


def table(*rows: dict[str, str]) -> str:
    """A CSV of rows with the columns of the first, every value in quotes."""
    lines = [",".join(rows[0])]
    lines += [",".join('"' + value.replace('"', '""') + '"' for value in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


def device(**changes: str) -> str:
    """A layout of one device."""
    return table(DEVICE | changes)


def renamed(row: dict[str, str], old: str, new: str) -> str:
    """A table with one column under another name."""
    return table({new if name == old else name: value for name, value in row.items()})


def without(row: dict[str, str], gone: str) -> str:
    return table({name: value for name, value in row.items() if name != gone})


def model(base: dict[str, str] = JAMMER, **changes: str) -> str:
    """A catalogue of one model."""
    return table(base | changes)


def with_rules(changed: Callable[[str], str]) -> Callable[[Path], Path]:
    """A scenario with a rules file of its own beside it: that of the product, changed."""

    def write(path: Path) -> Path:
        path.with_name("own.toml").write_text(changed(SHIPPED), "utf-8")
        path.write_text('rules = "own.toml"\n', "utf-8")
        return path

    return write


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def directory(path: Path) -> Path:
    path.mkdir()
    return path


def nowhere(path: Path) -> Path:
    path.with_name("layouts.csv").write_text("id\n")
    return path.with_name("layuots.csv")


def dangling(path: Path) -> Path:
    path.symlink_to("nowhere")
    return path


def sparse(path: Path) -> Path:
    with open(path, "wb") as file:
        file.truncate(200 * 2**20)
    return path


def wish(text: str) -> str:
    return f"[[treatments]]\n{text}\n"


HEADER = ",".join(DEVICE)
MANY = table(*(DEVICE | {"id": f"N{n}", "model": "micro_jamer"} for n in range(300)))

LAYOUTS = [
    Row("layout-missing", "layout", nowhere, ("layuots.csv: no such file", "did you mean 'layouts.csv'")),
    Row("layout-folder", "layout", directory, ("layout.csv", "is a folder", "put the file itself")),
    Row("layout-fifo", "layout", fifo, ("layout.csv", "pipe", "put the file itself")),
    Row("layout-dangling", "layout", dangling, ("layout.csv", "link to nothing", "put the file itself")),
    Row("layout-huge", "layout", sparse, ("layout.csv", "209,715,200 bytes", "limit 8,388,608")),
    Row("layout-zero-bytes", "layout", b"", ("layout.csv: is empty",)),
    Row("layout-bom-alone", "layout", b"\xef\xbb\xbf", ("layout.csv: is empty",)),
    Row("layout-white", "layout", " \n\n", ("layout.csv: is empty",)),
    Row("layout-utf-16", "layout", device().encode("utf-16"), ("layout.csv", "UTF-16", "save as UTF-8")),
    Row("layout-latin-1", "layout", device(id="Zelle\xe4").encode("latin-1"), ("layout.csv", "line 2", "0xe4", "save as UTF-8")),
    Row("layout-nul", "layout", device().encode() + b"\0", ("layout.csv", "NUL", "save as UTF-8")),
    Row("layout-only-comments", "layout", "# nothing yet\n# at all\n", ("layout.csv", "only comments", "give a header: id, model")),
    Row("layout-no-header", "layout", "N1,micro_jammer,11.3,0,2.7\n", ("layout.csv", "line 1", "no header", "'N1'", "name the columns: id, model, x_m")),
    Row("layout-json", "layout", '{"devices": []}', ("layout.csv", "line 1", "no header", "name the columns")),
    Row("layout-open-quote", "layout", f'{HEADER}\n"N1,micro_jammer,1,1,1\n', ("layout.csv", "line 2", "quote that never closes", "remove")),
    Row("layout-ragged", "layout", f"{HEADER}\nN1,micro_jammer,11.3\n", ("layout.csv", "line 2", "3 values", "expected 12", "comma")),
    Row("layout-header-alone-misspelt", "layout", "id,model,x_m,y_m,z\n", ("layout.csv", "line 1", "'z'", "did you mean 'z_m'")),
    Row("layout-column-misspelt", "layout", renamed(DEVICE, "power_dbm", "powr_dbm"), ("layout.csv", "line 1", "powr_dbm", "did you mean 'power_dbm'")),
    Row("layout-column-without-unit", "layout", renamed(DEVICE, "power_dbm", "power"), ("layout.csv", "line 1", "'power'", "did you mean 'power_dbm'")),
    Row("layout-column-twice", "layout", "id,model,x_m,x,y_m,z_m\nN1,micro_jammer,1,1,1,1\n", ("layout.csv", "line 1", "twice", "keep one")),
    Row("layout-column-missing", "layout", without(DEVICE, "z_m"), ("layout.csv", "line 1", "missing z_m", "add it")),
    Row("layout-no-id", "layout", device(id=""), ("layout.csv", "line 2", "id is missing", "give text")),
    Row("layout-no-model", "layout", device(model=""), ("layout.csv", "line 2, N1", "model is missing", "give text")),
    Row("layout-unknown-model", "layout", device(model="micro_jamer"), ("layout.csv", "line 2, N1", "'micro_jamer' is not in the catalogue", "did you mean 'micro_jammer'")),
    Row("layout-strange-model", "layout", device(model="XJ-9000"), ("layout.csv", "N1", "'XJ-9000'", "choose one of micro_jammer")),
    Row("layout-duplicate-id", "layout", table(DEVICE, DEVICE | {"x_m": "14"}), ("layout.csv", "line 3, N1", "stands twice", "line 2", "rename one")),
    Row("layout-id-in-capitals", "layout", table(DEVICE, DEVICE | {"id": "n1"}), ("layout.csv", "line 3, n1", "stands twice", "rename one")),
    Row("layout-mesh-as-device", "layout", device(model="window_mesh"), ("layout.csv", "N1", "mesh for windows", r"\[\[treatments\]\]", "scenario.toml")),
    Row("layout-film-as-device", "layout", device(model="window_film"), ("layout.csv", "N1", "film for windows", r"\[\[treatments\]\]")),
    Row("layout-head-end-as-device", "layout", device(model="mas_head_end"), ("layout.csv", "N1", "head-end", "remove the row")),
    Row("layout-power-above", "layout", device(power_dbm="20.5"), ("layout.csv", "N1", "power_dbm is 20.5", "20 dBm 'micro_jammer' can give", "lower it")),
    Row("layout-power-in-mw", "layout", device(power_dbm="100"), ("layout.csv", "N1", "power_dbm is 100", "from -60 to 60", "dBm, not in watts")),
    Row("layout-power-nan", "layout", device(power_dbm="nan"), ("layout.csv", "N1", "power_dbm is 'nan'", "finite number")),
    Row("layout-power-unit", "layout", device(power_dbm="10 dBm"), ("layout.csv", "N1", "power_dbm", "without its unit")),
    Row("layout-power-minus", "layout", device(power_dbm="\u221210"), ("layout.csv", "N1", "power_dbm", "plain hyphen")),
    Row("layout-x-infinite", "layout", device(x_m="1e999"), ("layout.csv", "N1", "x_m is inf", "finite")),
    Row("layout-x-comma", "layout", device(x_m="11,3"), ("layout.csv", "N1", "x_m", "decimal point")),
    Row("layout-x-digits", "layout", device(x_m="１２"), ("layout.csv", "N1", "x_m", "use 0 to 9")),
    Row("layout-z-mm", "layout", device(z_m="2700"), ("layout.csv", "N1", "z_m is 2700", "millimetres: write 2.7")),
    Row("layout-storey-half", "layout", device(storey="0.5"), ("layout.csv", "N1", "storey is 0.5", "whole number from 0 to 30")),
    Row("layout-azimuth", "layout", device(azimuth_deg="370"), ("layout.csv", "N1", "azimuth_deg is 370", "write 10")),
    Row("layout-tilt", "layout", device(tilt_deg="95"), ("layout.csv", "N1", "tilt_deg is 95", "from -30 to 45")),
    Row("layout-state", "layout", device(state="plannd"), ("layout.csv", "N1", "state is 'plannd'", "did you mean 'planned'")),
    Row("layout-price-negative", "layout", device(unit_price_gbp="-5"), ("layout.csv", "N1", "unit_price_gbp is -5", "from 0")),
    Row("layout-trim-form", "layout", device(trim_db="B20=-6"), ("layout.csv", "N1", "'B20=-6'", "EE/B20/LTE:-6", "write it so")),
    Row("layout-trim-band", "layout", device(trim_db="B2O:-6"), ("layout.csv", "N1", "'B2O'", "did you mean.*'B20'")),
    Row("layout-trim-band-of-channel", "layout", device(trim_db="EE/B71/LTE:-6"), ("layout.csv", "N1", "'B71'", "does not send", "did you mean|choose")),
    Row("layout-trim-technology", "layout", device(trim_db="EE/B20/4G:-6"), ("layout.csv", "N1", "'4G'", "GSM, UMTS, LTE or NR")),
    Row("layout-trim-too-long", "layout", device(trim_db="UK/EE/B20/LTE:-6"), ("layout.csv", "N1", "'UK/EE/B20/LTE'", "write it so")),
    Row("layout-trim-twice", "layout", device(trim_db="B20:-6; B20:-3"), ("layout.csv", "N1", "'B20' twice", "into one")),
    Row("layout-trim-nan", "layout", device(trim_db="B20:nan"), ("layout.csv", "N1", "trim_db is 'nan'", "finite")),
    Row("layout-trim-range", "layout", device(trim_db="B20:-600"), ("layout.csv", "N1", "trim_db is -600", "from -60 to 30")),
    Row("layout-trim-lifts-above", "layout", device(power_dbm="19", trim_db="B20:3"), ("layout.csv", "N1", "'B20' raises 19 dBm by 3 dB", "20 dBm", "lower")),
    Row("layout-all-wrong", "layout", MANY, ("layout.csv", "line 2, N0", "did you mean 'micro_jammer'", "and 282 more problems")),
    Row("layout-too-many", "layout", HEADER + "\n" + "N,m,1,1,1,0,,,,,,\n" * 20_000, ("layout.csv", "20,000 rows", "limit 10,000", "split")),
    Row("layout-script-id", "layout", device(id="<script>\u202e", model="micro_jamer"), ("layout.csv", r"<script>\\u202e", "did you mean")),
]  # fmt: skip

PLACES = [
    Row("place-outside", "placed", device(x_m="500"), ("layout.csv: N1", "391 m outside the perimeter", "correct x_m and y_m")),
    Row("place-too-high", "placed", device(z_m="60"), ("layout.csv: N1", "z_m is 60", "above ground", "correct")),
    Row("place-below", "placed", device(z_m="-3"), ("layout.csv: N1", "z_m is -3", "correct")),
    Row("place-above-floor", "placed", device(storey="2"), ("layout.csv: N1", "z_m is 2.7", "storey 0 of houseblock", "storey is 2", "between 6 and 9")),
    Row("place-no-storey", "placed", device(storey="7"), ("layout.csv: N1", "storey is 7", "storeys 0 to 3", "correct it")),
    Row("place-same-spot", "placed", table(DEVICE, DEVICE | {"id": "N2"}), ("layout.csv: N2", "'N1'", "move it or remove one")),
    Row("place-trim-operator", "placed", device(trim_db="EEE/B20:-6"), ("layout.csv: N1", "'EEE/B20'", "did you mean 'EE/B20'")),
    Row("place-several", "placed", table(DEVICE | {"x_m": "500"}, DEVICE | {"id": "N2", "z_m": "-3"}), ("N1: stands at", "N2: z_m is -3")),
]  # fmt: skip

CATALOGUES = [
    Row("catalogue-header-alone", "catalogue", ",".join(JAMMER) + "\n", ("catalogue.csv", "no models", "add a row")),
    Row("catalogue-a-layout", "catalogue", device(), ("catalogue.csv", "line 1", "missing kind", "add")),
    Row("catalogue-kind", "catalogue", model(kind="jamer"), ("catalogue.csv", "line 2, micro", "kind is 'jamer'", "did you mean 'jammer'")),
    Row("catalogue-twice", "catalogue", table(JAMMER, JAMMER), ("catalogue.csv", "line 3, micro", "stands twice", "rename one")),
    Row("catalogue-no-bands", "catalogue", model(bands=""), ("catalogue.csv", "micro", "bands is missing", "B20:791-821:20")),
    Row("catalogue-band-form", "catalogue", model(bands="B20 791-821 10"), ("catalogue.csv", "micro", "'B20 791-821 10'", "name:low-high:power_dbm", "write it so")),
    Row("catalogue-band-turned", "catalogue", model(bands="B20:821-791:10"), ("catalogue.csv", "micro", "ends below its start", "lower edge first")),
    Row("catalogue-band-hz", "catalogue", model(bands="B20:791e6-821e6:10"), ("catalogue.csv", "micro", "low_mhz", "looks like Hz: write 791")),
    Row("catalogue-band-twice", "catalogue", model(bands="B20:791-821:10; B20:925-960:10"), ("catalogue.csv", "micro", "'B20' twice", "rename or remove")),
    Row("catalogue-bands-overlap", "catalogue", model(bands="B28:758-800:10; B20:791-821:10"), ("catalogue.csv", "micro", "'B28' and 'B20' overlap", "count twice", "move an edge")),
    Row("catalogue-power-watts", "catalogue", model(bands="B20:791-821:20000"), ("catalogue.csv", "micro", "power_dbm is 20000", "not in watts")),
    Row("catalogue-power-nan", "catalogue", model(bands="B20:791-821:nan"), ("catalogue.csv", "micro", "power_dbm is 'nan'", "finite")),
    Row("catalogue-pattern", "catalogue", model(pattern="sector_56"), ("catalogue.csv", "micro", "'sector_56' is unknown", "did you mean.*'sector_65'")),
    Row("catalogue-gain", "catalogue", model(gain_dbi="40"), ("catalogue.csv", "micro", "gain_dbi is 40", "from -10 to 30")),
    Row("catalogue-emission", "catalogue", model(emission="sweep"), ("catalogue.csv", "micro", "emission is 'sweep'", "swept")),
    Row("catalogue-sync-without-carriers", "catalogue", model(emission="sync"), ("catalogue.csv", "micro", "sync_carriers_mhz", "list the carriers")),
    Row("catalogue-sync-outside", "catalogue", model(emission="sync", sync_carriers_mhz="796; 1805"), ("catalogue.csv", "micro", "1805", "none of its bands", "remove it")),
    Row("catalogue-sync-text", "catalogue", model(emission="sync", sync_carriers_mhz="796, 806"), ("catalogue.csv", "micro", "'796, 806'", "796; 806")),
    Row("catalogue-sync-on-barrage", "catalogue", model(sync_carriers_mhz="796"), ("catalogue.csv", "micro", "no sync jammer", "set emission to sync")),
    Row("catalogue-mas-without-carriers", "catalogue", model(NODE, mas_carriers=""), ("catalogue.csv", "node", "mas_carriers is missing", "234-30@798.5/5/LTE")),
    Row("catalogue-mas-form", "catalogue", model(NODE, mas_carriers="234-30 798.5 LTE"), ("catalogue.csv", "node", "plmn@freq_mhz", "write it so")),
    Row("catalogue-mas-plmn", "catalogue", model(NODE, mas_carriers="EE@798.5/5/LTE"), ("catalogue.csv", "node", "plmn is 'EE'", "234-30")),
    Row("catalogue-mas-technology", "catalogue", model(NODE, mas_carriers="234-30@798.5/5/5G"), ("catalogue.csv", "node", "technology is '5G'", "GSM, UMTS, LTE, NR")),
    Row("catalogue-mas-outside-bands", "catalogue", model(NODE, mas_carriers="234-30@820/10/LTE"), ("catalogue.csv", "node", "234-30@820/10/LTE", "none of its bands", "whole carrier")),
    Row("catalogue-mas-twice", "catalogue", model(NODE, mas_carriers="234-30@798.5/5/LTE; 234-30@798.5/5/LTE"), ("catalogue.csv", "node", "twice", "remove one")),
    Row("catalogue-jammer-with-carriers", "catalogue", model(mas_carriers="234-30@798.5/5/LTE"), ("catalogue.csv", "micro", "a jammer has mas_carriers", "set kind to mas")),
    Row("catalogue-head-end-unknown", "catalogue", table(NODE | {"head_end": "haed"}, HEAD), ("catalogue.csv", "node", "'haed'", "did you mean 'head'")),
    Row("catalogue-head-end-a-jammer", "catalogue", table(NODE | {"head_end": "micro"}, JAMMER, HEAD), ("catalogue.csv", "node", "'micro' is no row of kind head_end", "choose one of head")),
    Row("catalogue-head-end-capacity", "catalogue", model(HEAD, head_end_capacity="0"), ("catalogue.csv", "head", "head_end_capacity is missing", "how many nodes")),
    Row("catalogue-mesh-without-construction", "catalogue", model(MESH, construction=""), ("catalogue.csv", "mesh", "construction is missing", "mesh_12")),
    Row("catalogue-mesh-with-bands", "catalogue", model(MESH, bands="B20:791-821:10"), ("catalogue.csv", "mesh", "a mesh has bands", "leave them out")),
    Row("catalogue-price-negative", "catalogue", model(unit_price_gbp="-900"), ("catalogue.csv", "micro", "unit_price_gbp is -900", "from 0")),
    Row("catalogue-price-sign", "catalogue", model(unit_price_gbp="£900"), ("catalogue.csv", "micro", "unit_price_gbp is '£900'", "plain number")),
    Row("catalogue-price-nan", "catalogue", model(install_gbp="NaN"), ("catalogue.csv", "micro", "install_gbp is 'NaN'", "finite")),
    Row("catalogue-life", "catalogue", model(technology_life_years="0"), ("catalogue.csv", "micro", "technology_life_years is 0", "above 0")),
    Row("catalogue-date", "catalogue", model(price_date="24/11/2026"), ("catalogue.csv", "micro", "price_date is '24/11/2026'", "year-month-day")),
    Row("catalogue-quote-without-date", "catalogue", model(illustrative="false", price_date=""), ("catalogue.csv", "micro", "illustrative is false", "date and reference of the quote")),
    Row("catalogue-illustrative", "catalogue", model(illustrative="perhaps"), ("catalogue.csv", "micro", "illustrative is 'perhaps'", "true or false")),
    Row("catalogue-price-commas", "catalogue", model(unit_price_gbp="1,200"), ("catalogue.csv", "micro", "unit_price_gbp is '1,200'", "no comma")),
    Row("catalogue-price-too-high", "catalogue", model(unit_price_gbp="1e9"), ("catalogue.csv", "micro", "unit_price_gbp is 1000000000", "to 100,000,000", "minding the unit")),
    Row("catalogue-cable-negative", "catalogue", model(cable_gbp_per_m="-6"), ("catalogue.csv", "micro", "cable_gbp_per_m is -6", "from 0")),
    Row("catalogue-cable-unit", "catalogue", model(cable_gbp_per_m="6 £/m"), ("catalogue.csv", "micro", "cable_gbp_per_m is '6 £/m'", "plain number")),
    Row("catalogue-opex-percent", "catalogue", model(opex_gbp_per_year="12%"), ("catalogue.csv", "micro", "opex_gbp_per_year is '12%'", "without its unit")),
    Row("catalogue-opex-infinite", "catalogue", model(opex_gbp_per_year="inf"), ("catalogue.csv", "micro", "opex_gbp_per_year is 'inf'", "finite")),
    Row("catalogue-life-months", "catalogue", model(technology_life_years="60"), ("catalogue.csv", "micro", "technology_life_years is 60", "to 50")),
    Row("catalogue-life-text", "catalogue", model(technology_life_years="5 years"), ("catalogue.csv", "micro", "technology_life_years is '5 years'", "without its unit")),
    Row("catalogue-quote-without-source", "catalogue", model(illustrative="false", price_source=""), ("catalogue.csv", "micro", "illustrative is false", "date and reference of the quote")),
    Row("catalogue-two-rows-wrong", "catalogue", table(JAMMER | {"gain_dbi": "40"}, NODE | {"mas_carriers": ""}), ("line 2, micro: gain_dbi", "line 3, node: mas_carriers")),
]  # fmt: skip

SCENARIOS = [
    Row("scenario-percent", "scenario", "confidence = 95", ("scenario.toml: confidence", "found 95", "write 0.95")),
    Row("scenario-certain", "scenario", "confidence = 1.0", ("scenario.toml: confidence", "0.999", "found 1.0", "correct")),
    Row("scenario-nan", "scenario", "confidence = nan", ("scenario.toml: confidence", "nan", "correct")),
    Row("scenario-flag", "scenario", "confidence = true", ("scenario.toml: confidence", "no numbers", "write a number")),
    Row("scenario-few-worlds", "scenario", "worlds = 10", ("scenario.toml: worlds", "100", "found 10", "correct")),
    Row("scenario-many-worlds", "scenario", "worlds = 1000000000", ("scenario.toml: worlds", "100000", "correct")),
    Row("scenario-seed", "scenario", "seed = -1", ("scenario.toml: seed", "found -1", "correct")),
    Row("scenario-grid", "scenario", "grid_m = 0.0", ("scenario.toml: grid_m", "0.1", "found 0.0", "correct")),
    Row("scenario-tier", "scenario", 'spill_tier = "standrad"', ("scenario.toml: spill_tier", "standrad", "did you mean 'standard'")),
    Row("scenario-key", "scenario", "spil_tier = 1", ("scenario.toml: spil_tier", "unknown setting", "did you mean 'spill_tier'")),
    Row("scenario-search", "scenario", 'search_margin = "17 dB"', ("scenario.toml: search_margin", "17 dB", "correct")),
    Row("scenario-channels-text", "scenario", 'channels = "EE/B20/LTE"', ("scenario.toml: channels", "list in square brackets")),
    Row("scenario-rules-elsewhere", "scenario", 'rules = "../rules.toml"', ("scenario.toml: rules", r"'\.\./rules\.toml'", "put the rules file there")),
    Row("scenario-rules-switch", "scenario", with_rules(lambda rules: rules.replace("calls = { value = false", "calls = { value = 0", 1)), ("own.toml: tiers.strict.calls: is 0", "expected true or false", "without quotes")),
    Row("scenario-action-lines", "scenario", '[[operator_actions]]\noperator = "EE"\noff = true\nname = "2G\\noff"', ("scenario.toml: operator_actions 1, name", r"'2G\\noff'", "on one line")),
    Row("scenario-action-turned", "scenario", '[[operator_actions]]\noperator = "EE"\noff = true\nname = "2G\\u202eoff"', ("scenario.toml: operator_actions 1, name", r"'2G\\u202eoff'", "without unseen characters")),
    Row("scenario-nested-key", "scenario", wish('model = "window_mesh"\nromos = ["A1-*"]'), ("scenario.toml: treatments 1, romos", "did you mean 'rooms'")),
    Row("scenario-nested-type", "scenario", wish('model = "window_mesh"\nrooms = "A1-*"'), ("scenario.toml: treatments 1, rooms", "list in square brackets")),
    Row("scenario-nested-missing", "scenario", wish('rooms = ["A1-*"]'), ("scenario.toml: treatments 1, model", "missing", "give it")),
    Row("scenario-budget-negative", "scenario", "budget_gbp = -1", ("scenario.toml: budget_gbp", "greater than or equal to 0", "found -1", "correct")),
    Row("scenario-budget-too-high", "scenario", "budget_gbp = 2e9", ("scenario.toml: budget_gbp", "1000000000", "found 2000000000", "correct")),
    Row("scenario-budget-infinite", "scenario", "budget_gbp = inf", ("scenario.toml: budget_gbp", "finite", "found inf", "correct")),
    Row("scenario-budget-sign", "scenario", 'budget_gbp = "£500,000"', ("scenario.toml: budget_gbp", "'£500,000'", "write a plain number")),
    Row("scenario-budget-flag", "scenario", "budget_gbp = true", ("scenario.toml: budget_gbp", "no numbers", "write a number")),
    Row("scenario-budget-without-unit", "scenario", "budget = 500000", ("scenario.toml: budget: unknown setting", "did you mean 'budget_gbp'")),
    Row("scenario-budget-list", "scenario", "budget_gbp = [1, 2]", ("scenario.toml: budget_gbp", "found a list of 2", "correct")),
    Row("scenario-basis", "scenario", 'budget_basis = "opex"', ("scenario.toml: budget_basis", "'opex'", "did you mean 'capex'")),
    Row("scenario-basis-hyphen", "scenario", 'budget_basis = "whole-life"', ("scenario.toml: budget_basis", "'whole-life'", "did you mean 'whole_life'")),
    Row("scenario-basis-number", "scenario", "budget_basis = 1", ("scenario.toml: budget_basis", "found 1", "write a name in quotes")),
    Row("scenario-objective", "scenario", 'objective = "cheapest"', ("scenario.toml: objective", "'cheapest'", "choose one of most_protected, least_cost")),
    Row("scenario-objective-near", "scenario", 'objective = "least_costs"', ("scenario.toml: objective", "did you mean 'least_cost'")),
    Row("scenario-target-zero", "scenario", "target_rooms = 0", ("scenario.toml: target_rooms", "found 0", "correct")),
    Row("scenario-target-share", "scenario", "target_rooms = 12.5", ("scenario.toml: target_rooms", "found 12.5", "whole number: write 13")),
    Row("scenario-target-flag", "scenario", "target_rooms = true", ("scenario.toml: target_rooms", "no numbers", "write a number")),
    Row("scenario-target-too-many", "scenario", "target_rooms = 10001", ("scenario.toml: target_rooms", "10000", "found 10001", "correct")),
    Row("scenario-equipment-text", "scenario", 'equipment = "mas_node"', ("scenario.toml: equipment", "found 'mas_node'", "list in square brackets")),
    Row("scenario-equipment-empty-name", "scenario", 'equipment = ["mas_node", ""]', ("scenario.toml: equipment 2", "at least 1 character", "correct the name")),
    Row("scenario-equipment-number", "scenario", "equipment = [1]", ("scenario.toml: equipment 1", "found 1", "write a name in quotes")),
    Row("scenario-treat-with-text", "scenario", 'treat_with = "none"', ("scenario.toml: treat_with", "found 'none'", "list in square brackets")),
    Row("scenario-treat-with-flag", "scenario", "treat_with = false", ("scenario.toml: treat_with", "found false", "list in square brackets")),
    Row("scenario-horizon-zero", "scenario", "horizon_years = 0", ("scenario.toml: horizon_years", "found 0", "correct")),
    Row("scenario-horizon-half", "scenario", "horizon_years = 7.5", ("scenario.toml: horizon_years", "found 7.5", "whole number: write 8")),
    Row("scenario-horizon-date", "scenario", "horizon_years = 2034", ("scenario.toml: horizon_years", "50", "found 2034", "correct")),
    Row("scenario-discount-percent", "scenario", "discount_rate = 3.5", ("scenario.toml: discount_rate", "found 3.5", "not a percentage: write 0.035")),
    Row("scenario-discount-negative", "scenario", "discount_rate = -0.01", ("scenario.toml: discount_rate", "found -0.01", "correct")),
    Row("scenario-multiplier-percent", "scenario", "live_prison_multiplier = 140", ("scenario.toml: live_prison_multiplier", "found 140", "not a percentage: write 1.4")),
    Row("scenario-multiplier-addition", "scenario", "live_prison_multiplier = 0.4", ("scenario.toml: live_prison_multiplier", "found 0.4", "not an addition: write 1.4")),
    Row("scenario-multiplier-nan", "scenario", "live_prison_multiplier = nan", ("scenario.toml: live_prison_multiplier", "found nan", "correct")),
    Row("scenario-comms-room-number", "scenario", "comms_room = 12", ("scenario.toml: comms_room", "found 12", "write a name in quotes")),
    Row("scenario-comms-room-flag", "scenario", "comms_room = true", ("scenario.toml: comms_room", "found true", "not true or false")),
    Row("scenario-spacing-negative", "scenario", "spacing_m = -3", ("scenario.toml: spacing_m", "found -3", "correct")),
    Row("scenario-spacing-mm", "scenario", "spacing_m = 3000", ("scenario.toml: spacing_m", "100", "found 3000", "correct")),
    Row("scenario-spacing-unit", "scenario", 'spacing_m = "3 m"', ("scenario.toml: spacing_m", "'3 m'", "write a plain number")),
    Row("scenario-effort", "scenario", 'effort = "thorogh"', ("scenario.toml: effort", "'thorogh'", "did you mean 'thorough'")),
    Row("scenario-money-all-wrong", "scenario", 'budget_gbp = -1\neffort = 3\nequipment = "x"', ("budget_gbp", "effort", "equipment")),
    Row("scenario-two-wrong", "scenario", 'confidence = 95\nspil_tier = "x"', ("confidence", "spil_tier")),
]  # fmt: skip

WISHES = [
    Row("wish-unknown-model", "wishes", wish('model = "window_mash"\nrooms = ["A1-*"]'), ("treatments 1", "'window_mash' is not in the catalogue", "did you mean 'window_mesh'")),
    Row("wish-a-jammer", "wishes", wish('model = "micro_jammer"\nrooms = ["A1-*"]'), ("treatments 1", "is a jammer", "window_mesh, window_film")),
    Row("wish-no-such-room", "wishes", wish('model = "window_mesh"\nrooms = ["a1-01"]'), ("treatments 1", "'a1-01' matches no room", "did you mean.*'A1-01'")),
    Row("wish-no-such-wing", "wishes", wish('model = "window_mesh"\nrooms = ["Z*"]'), ("treatments 1", "matches no room", "named like A1-01")),
    Row("wish-no-windows", "wishes", wish('model = "window_mesh"\nrooms = ["core1-hall"]'), ("treatments 1", "matches 1 room, none with a window", "choose rooms with windows")),
    Row("wish-no-rooms", "wishes", wish('model = "window_mesh"\nrooms = []'), ("treatments 1", "rooms is empty", "remove the entry")),
    Row("wish-several-wrong", "wishes", wish('model = "window_mash"\nrooms = ["A1-*"]') + wish('model = "window_film"\nrooms = ["Q"]'), ("treatments 1", "treatments 2")),
]  # fmt: skip

# What only the planner refuses, with houseblock and the bundled catalogue: `check_plan_scenario`.
QUESTIONS = [
    Row("question-no-budget", "question", "", ("scenario: budget_gbp: is missing", "most_protected needs it", "say what may be spent")),
    Row("question-no-target", "question", 'objective = "least_cost"', ("scenario: target_rooms: is missing", "1 to 264", "how many rooms")),
    Row("question-target-too-high", "question", 'objective = "least_cost"\ntarget_rooms = 265', ("scenario: target_rooms: is 265", "264 rooms", "write 264 or less")),
    Row("question-target-unused", "question", "budget_gbp = 1\ntarget_rooms = 10", ("scenario: target_rooms: is 10", "does not use", "set objective to least_cost")),
    Row("question-equipment-unknown", "question", 'budget_gbp = 1\nequipment = ["mas_nod"]', ("scenario: equipment: 'mas_nod' is not in the catalogue", "did you mean 'mas_node'")),
    Row("question-equipment-strange", "question", 'budget_gbp = 1\nequipment = ["XJ-9000"]', ("scenario: equipment: 'XJ-9000'", "choose one of micro_jammer", "mas_node")),
    Row("question-equipment-head-end", "question", 'budget_gbp = 1\nequipment = ["mas_head_end", "mas_node"]', ("scenario: equipment: 'mas_head_end' is a head-end", "remove it")),
    Row("question-equipment-mesh", "question", 'budget_gbp = 1\nequipment = ["window_mesh"]', ("scenario: equipment: 'window_mesh' is a mesh", "move it to treat_with")),
    Row("question-equipment-twice", "question", 'budget_gbp = 1\nequipment = ["mas_node", "mas_node"]', ("scenario: equipment: names 'mas_node' 2 times", "keep one")),
    Row("question-treat-with-unknown", "question", 'budget_gbp = 1\ntreat_with = ["window_mash"]', ("scenario: treat_with: 'window_mash' is not in the catalogue", "did you mean 'window_mesh'")),
    Row("question-treat-with-jammer", "question", 'budget_gbp = 1\ntreat_with = ["micro_jammer"]', ("scenario: treat_with: 'micro_jammer' is a jammer", "move it to equipment")),
    Row("question-treat-with-head-end", "question", 'budget_gbp = 1\ntreat_with = ["mas_head_end"]', ("scenario: treat_with: 'mas_head_end' is a head-end", "remove it")),
    Row("question-treat-with-none-and-more", "question", 'budget_gbp = 1\ntreat_with = ["none", "window_mesh"]', ("scenario: treat_with: names 'none' beside others", "remove it, or all the others")),
    Row("question-treat-with-twice", "question", 'budget_gbp = 1\ntreat_with = ["window_mesh", "window_mesh"]', ("scenario: treat_with: names 'window_mesh' 2 times", "keep one")),
    Row("question-comms-room", "question", 'budget_gbp = 1\ncomms_room = "core1-ofice"', ("scenario: comms_room: 'core1-ofice' is no room", "did you mean 'core1-office'")),
    Row("question-script", "question", 'budget_gbp = 1\ncomms_room = "<b>\\u202e"', ("scenario: comms_room", r"<b>\\u202e", "choose one of")),
    Row("question-several", "question", 'objective = "least_cost"\nequipment = ["mas_nod"]\ntreat_with = ["mas_node"]\ncomms_room = "x"', ("equipment", "treat_with", "comms_room", "target_rooms")),
]  # fmt: skip

CABLES = [
    Row("cable-form", "catalogue", model(CABLE, radiating_cable="700:4:65"), ("catalogue.csv", "line 2, micro", "radiating_cable has '700:4:65'", "like 800:4:65:76")),
    Row("cable-text", "catalogue", model(CABLE, radiating_cable="700:four:65:76; 2700:9:65:76"), ("catalogue.csv", "micro", "radiating_cable '700:four:65:76'", "loss_db_per_100m is 'four'", "number")),
    Row("cable-frequency", "catalogue", model(CABLE, radiating_cable="0.7:4:65:76; 2700:9:65:76"), ("catalogue.csv", "micro", "freq_mhz is 0.7", "from 300")),
    Row("cable-negative-loss", "catalogue", model(CABLE, radiating_cable="700:-4:65:76; 2700:9:65:76"), ("catalogue.csv", "micro", "loss_db_per_100m is -4", "above 0")),
    Row("cable-order", "catalogue", model(CABLE, radiating_cable="2700:9:65:76; 700:4:65:76"), ("catalogue.csv", "micro", "700 MHz after 2700", "lowest first")),
    Row("cable-frequency-twice", "catalogue", model(CABLE, radiating_cable="700:4:65:76; 700:4:66:76; 2700:9:65:76"), ("catalogue.csv", "micro", "700 MHz after 700", "each frequency once")),
    Row("cable-couplings-exchanged", "catalogue", model(CABLE, radiating_cable="700:4:76:65; 2700:9:65:76"), ("catalogue.csv", "micro", "better at 95 % of places", "exchange them")),
    Row("cable-coupling-too-good", "catalogue", model(CABLE, radiating_cable="700:4:6.5:76; 2700:9:65:76"), ("catalogue.csv", "micro", "radiates .* a metre", "correct coupling_50_db or loss_db_per_100m")),
    Row("cable-band-beyond", "catalogue", model(CABLE, radiating_cable="800:4:65:76; 2700:9:65:76"), ("catalogue.csv", "micro", r"bands 'B20' \(791 to 821 MHz\) reaches beyond", "800 to 2700 MHz", "maker's figures")),
    Row("cable-pattern", "catalogue", model(CABLE, pattern="sector_65"), ("catalogue.csv", "micro", "pattern is sector_65", "no antenna", "set pattern to omni")),
    Row("cable-gain", "catalogue", model(CABLE, gain_dbi="3"), ("catalogue.csv", "micro", "gain_dbi is 3", "no antenna", "set it to 0")),
    Row("cable-no-length", "catalogue", model(CABLE, longest_m=""), ("catalogue.csv", "micro", "longest_m is missing", "how long a run may be")),
    Row("cable-endless", "catalogue", model(CABLE, longest_m="1e6"), ("catalogue.csv", "micro", "longest_m is 1e6|longest_m is 1000000", "1000")),
    Row("cable-price-alone", "catalogue", model(CABLE, radiating_cable="", longest_m=""), ("catalogue.csv", "micro", "radiating_gbp_per_m is given without radiating_cable", "empty it")),
    Row("cable-of-a-mesh", "catalogue", table(CABLE | {"kind": "mesh", "bands": "", "construction": "mesh_12"}), ("catalogue.csv", "micro", "a mesh has a radiating_cable", "jammer or mas")),
    Row("cable-column-misspelt", "catalogue", renamed(CABLE, "radiating_cable", "radiating_cabel"), ("catalogue.csv", "line 1", "radiating_cabel", "did you mean 'radiating_cable'")),
    Row("route-none", "layout", table(RUN | {"route_m": ""}), ("layout.csv", "line 2, N1", "'cable_jammer' feeds a radiating cable, but route_m is empty", "give the points")),
    Row("route-of-a-jammer", "layout", table(RUN | {"model": "micro_jammer"}), ("layout.csv", "N1", "'micro_jammer' feeds no radiating cable", "remove it")),
    Row("route-two-numbers", "layout", table(RUN | {"route_m": "40 0"}), ("layout.csv", "N1", "route_m has '40 0'", "like 12.5 5 2.7; 60 5 2.7")),
    Row("route-text", "layout", table(RUN | {"route_m": "40 0 ceiling"}), ("layout.csv", "N1", "route_m '40 0 ceiling'", "z_m is 'ceiling'", "number")),
    Row("route-nan", "layout", table(RUN | {"route_m": "nan 0 2.7"}), ("layout.csv", "N1", "x_m is", "finite|number")),
    Row("route-nowhere", "layout", table(RUN | {"route_m": "10 0 2.7"}), ("layout.csv", "N1", "point 1 of route_m", "where the cable is fed", "remove it")),
    Row("route-point-twice", "layout", table(RUN | {"route_m": "40 0 2.7; 40 0 2.7"}), ("layout.csv", "N1", "point 2 of route_m", "where the one before it is")),
    Row("route-too-long", "layout", table(RUN | {"route_m": "40 0 2.7; -45 0 2.7; 40 0 2.7"}), ("layout.csv", "N1", "200.0 m long", "100 m of 'cable_jammer'", "shorten it")),
    Row("route-too-many", "layout", table(RUN | {"route_m": "; ".join(f"{10 + n % 9} 0 2.7" for n in range(1, 150))}), ("layout.csv", "N1", "149 points", "at most 100")),
    Row("route-all-wrong", "layout", table(RUN | {"route_m": "a b c; 1 2; 40 0 2.7"}), ("layout.csv", "'a b c'", "'1 2'")),
    Row("route-over-the-fence", "placed", table(RUN | {"y_m": "-60", "route_m": "10 -150 2.7"}), ("layout.csv: N1", "route_m runs .* m outside the perimeter", "correct its points")),
    Row("route-underground", "placed", table(RUN | {"route_m": "40 0 -3"}), ("layout.csv: N1", "point 1 of route_m is -3 m high", "above ground")),
    Row("route-crosses-itself", "placed", table(RUN | {"route_m": "30 0 2.7; 30 5 2.7; 20 5 2.7; 20 -5 2.7"}), ("layout.csv: N1", "crosses or doubles back", "reorder")),
    Row("route-twice", "placed", table(RUN, RUN | {"id": "N2"}), ("layout.csv: N2", "'N1'", "move it or remove one")),
]  # fmt: skip

ROWS: list[Row] = [*LAYOUTS, *PLACES, *CABLES, *CATALOGUES, *SCENARIOS, *WISHES]
