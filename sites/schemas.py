"""``docs/formats.md``, made from the classes that read the files: ``python -m quietwing.sites.schemas``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from quietwing.sites.antenna_files import MOST_BYTES as MOST_ANTENNA_BYTES
from quietwing.sites.checks import ARRAY_PATTERNS, MOST_UNKNOWN_AZIMUTHS, PATTERNS, READINGS_PER_AZIMUTH
from quietwing.sites.constructions import Construction, load_constructions
from quietwing.sites.constructions import Layer as MaterialLayer
from quietwing.sites.fields import Key, keys_of
from quietwing.sites.files import OF_AN_IMPORT
from quietwing.sites.geojson import MOST_FEATURES, MOST_VERTICES
from quietwing.sites.importers.archive import (
    LARGEST_RATIO,
    MOST_ARCHIVE_BYTES,
    MOST_MEMBERS,
    MOST_UNPACKED_BYTES,
)
from quietwing.sites.layers import LAYERS
from quietwing.sites.limits_table import limits_md
from quietwing.sites.model import FILE_PATTERN, OutsideLevel, Sector, Storey, Surroundings
from quietwing.sites.readings import BESIDE_ROOM_M, MOST_READINGS, READING_COLUMNS, Reading
from quietwing.sites.safe_reading import BUNDLED, MOST_BYTES, MOST_TOML_BYTES
from quietwing.sites.site_antennas import ANTENNA_FOLDER, MOST_ANTENNAS
from quietwing.sites.site_toml import BuildingEntry, Heading, States
from quietwing.sites.tables_csv import LEVEL_COLUMNS, MAST_COLUMNS

__all__ = ["formats_md"]

_INTRODUCTION = f"""\
# The files of a site

Made by `python -m quietwing.sites.schemas > docs/formats.md`; a test compares the two. Edit the classes instead.

A SITE is a bundled name ({", ".join(f"`{name}`" for name in BUNDLED)}), a folder, or one GeoPackage (`.gpkg`)
with the same layers. `quietwing check SITE` reports every problem at once, by file and feature. "From elsewhere",
at the end, says how a zip or a plan on paper becomes a site.

| file | what it holds | needed |
| --- | --- | --- |
| `site.toml` | name, CRS, marking, storeys, own constructions, states of openings, houses round about | yes |
"""

_RULES = f"""\
| `masts.csv` | the public network: one row per operator × band × technology × sector | no: typical masts are placed |
| `outside_levels.csv` | levels measured on the site, outdoors | no |
| `calibration.toml` | what readings say of walls and masts, a layer on top ([surveys.md](surveys.md)) | no |
| `antennas/*.msi`, `*.pln` | antennas as their makers measured them, named by `pattern` of `masts.csv` | no |
| `terrain.tif` | heights of the ground above the sea: GeoTIFF of one band in the site's grid (extra `terrain`) | no |
| `layout.csv`, `scenario.toml`, its rules file, `catalogue.csv`, `plan.json`, `README.md` | for other commands | no |

`check` reads layout, scenario and catalogue too. Any other file is named and not read; one whose name is nearly that
of a missing file is a problem.

**Rules for all files.** UTF-8 text, with or without byte-order mark. At most {MOST_BYTES // 2**20} MiB a file
(`site.toml` {MOST_TOML_BYTES // 2**10} KiB), {MOST_FEATURES:,} features and {MOST_VERTICES:,} coordinates a layer.
Metres, MHz, dBm, degrees; azimuths clockwise from grid north; z = 0 is the ground. Coordinates are in the CRS of
`site.toml`: a grid in metres written as the named-CRS member of each layer, or `local`, which carries none. Links
to a CRS are refused, never followed. Ids are text, unique in their layer, also when case is ignored; `007` and
`NA` stay as they are. Control characters and marks of text direction are refused in any text. Numbers are plain:
decimal point, no unit, no thousands separator. What is optional may be left out or null. In layers and CSV files
columns nobody knows are named and ignored, unless one is nearly the name of a missing key. Z coordinates are
dropped; a Multi geometry of one part is read as that part; the order of features is free.

**Repairs** are few, and each is a note: a ring open by 1 cm or less is closed; a wall of no length, or drawn twice
exactly, is left out and listed. *Features in the file = used + listed as dropped*, always. Nothing else is repaired:
neither dropping a wall nor inventing one is on the safe side.
"""


def formats_md() -> str:
    """The page of file formats, in Markdown."""
    parts = [_INTRODUCTION.rstrip("\n")]
    parts += [f"| `{layer.name}.geojson` | {layer.about} | {'yes' if layer.required else 'no'} |" for layer in LAYERS]
    parts.append(_RULES)
    parts += [
        "**Limits.** What is larger is refused with its number, before it costs memory or time: `check` of any file",
        "up to them takes at most 10 s of a core and 1 GiB. How many sectors, devices and worlds a verdict may have",
        "is in [equipment.md](equipment.md).",
        "",
        *limits_md(),
        "",
    ]
    parts += ["## site.toml", "", *_table(keys_of(Heading).values()), ""]
    parts += [
        '`notes = ["…"]` is a list of texts that every report repeats.',
        "",
        "`[states]`, for openings that do not say:",
        "",
        *_table(keys_of(States).values()),
        "",
        "`[surroundings]`, the houses between the masts and the site on the mean, each where it is known: of roofs",
        "the height above ground, of rows the distance from middle to middle, of streets that from house to house.",
        "Masts in `street` and `roofs` use them, and clutter beyond TR 38.901's range (model.md):",
        "",
        *_table(keys_of(Surroundings).values()),
        "",
        "`[[buildings]]`, one for each outline in `buildings.geojson`:",
        "",
        *_table(keys_of(BuildingEntry).values(), {"storeys": "a list of tables, from the ground up"}),
        "",
        "`storeys`; the place in the list is the number walls and rooms refer to, 0 first:",
        "",
        *_table(keys_of(Storey).values()),
        "",
        "`[[constructions]]`, of the site's own; one named as a built-in replaces it. Exactly one of layers, loss",
        "law (a + b·f, f in GHz), mesh, nothing:",
        "",
        *_table(keys_of(Construction).values(), {"layers": "a list of tables, see below", "sigma_db": None}),
        "",
        "`layers`:",
        "",
        *_table(keys_of(MaterialLayer).values()),
        "",
        "Built in: " + ", ".join(f"`{name}`" for name in load_constructions()) + ".",
        "",
    ]
    for layer in LAYERS:
        keys = [key for key in keys_of(layer.cls).values() if key.name != layer.geometry_key]
        own: dict[str, Any] = {"state": "one of open, shut, sealed; else `[states]` rules"}
        parts += [
            f"## {layer.name}.geojson",
            "",
            f"{layer.about} Geometry: {layer.geometry}.",
            "",
            *_table(keys, own),
            "",
        ]
    parts += [
        "## masts.csv",
        "",
        "Columns in this order; `x_m`, `y_m` may stand for `x`, `y`. EIRP is the whole carrier's at the peak of the",
        f"pattern. Patterns: {', '.join(f'`{name}`' for name in PATTERNS)},",
        f"`{'`, `'.join(ARRAY_PATTERNS)}` (NR: the envelope of an array's sync beams, see model.md; EIRP is theirs),",
        f"or `{FILE_PATTERN}NAME.msi` of the folder `{ANTENNA_FOLDER}`: MSI/Planet files (`.msi`, `.pln`) of two",
        f"cuts, at most {MOST_ANTENNA_BYTES // 2**10} KiB each and {MOST_ANTENNAS} of them. An electrical tilt is in",
        "the vertical cut of such a file already: `tilt_deg` is then the mechanical tilt alone. `eirp_dbm` holds the",
        "gain of the antenna: the one in the file is not added.",
        "",
        "Where nobody knows where a directional antenna looks, leave `azimuth_deg` empty: it is fitted to readings",
        f"of its channel in `outside_levels.csv`, at {READINGS_PER_AZIMUTH} places or more for each unknown sector,",
        f"of which a channel has {MOST_UNKNOWN_AZIMUTHS} at most. Fewer are a problem. Places in different",
        "directions from the mast tell it best.",
        "",
        "`environment`: three scenarios of TR 38.901; `street`, a small cell below the roofs, and `roofs`, one just",
        "above them (ITU-R P.1411). `corner_x_m` and `corner_y_m`, both or neither, name the crossing at which the",
        "street of a `street` mast meets the one that leads to the site; it is used where `[surroundings]` gives",
        "`street_width_m`.",
        "",
        *_table(_columns(Sector, MAST_COLUMNS)),
        "",
        "## outside_levels.csv",
        "",
        "`channel` is operator/band/technology as in `masts.csv`; RSRP in the reference bandwidth (one resource",
        "element, for GSM the carrier, for UMTS RSCP). Where given they replace the mast arithmetic: surely where",
        "they were read, less so away from there, up to the `sigma_db` of `masts.csv`. Leave that at 8.",
        "",
        *_table(_columns(OutsideLevel, LEVEL_COLUMNS)),
        "",
        "## A table of measurements",
        "",
        "`quietwing leakage SITE --measured FILE.csv` holds levels read on the site, indoors or outdoors, beside",
        "the model: bias, RMSE and residual by channel and room. Nothing is fitted and no other figure moves. The",
        "file may have any name and lie anywhere; keep it outside the site's folder. The columns are those of",
        "`outside_levels.csv` and two that may be left out: `room`, the room the place belongs to (it must lie in it",
        f"or at most {BESIDE_ROOM_M:g} m beside it; without it the coordinates decide), and `note`. `height_m` is",
        "above the ground, not the floor: in a room, the storey's `floor_m` plus the height above it. Leave out what",
        f"was not received. At most {MOST_READINGS:,} rows.",
        "",
        *_table(_columns(Reading, READING_COLUMNS)),
        "",
        "## GeoPackage",
        "",
        "The same layers under their names, a table `site_toml` with the text of `site.toml` in its column `text`,",
        "tables `masts` and `outside_levels` with the columns above, and a table `antennas` with the `name` and the",
        '`text` of each antenna file. Lists are JSON text (`["EE", "O2"]`). It is',
        "read with SQLite alone, read-only; views, virtual tables and triggers other than QGIS's own are refused.",
        "",
        "## From elsewhere",
        "",
        "`quietwing import FILE -o SITE` checks a site folder, a zip of one or a GeoPackage, and writes it as a new",
        "folder SITE. Layout, scenario with its rules file, and catalogue come along; with any problem, in them too,",
        "nothing is written. A folder that is not empty is refused. With `--overwrite` the files of the site and",
        "those that come along are replaced, and other files stay; SITE must then hold a `site.toml`.",
        "",
        "A drawing (DXF, IFC, PDF, an indoor plan in GeoJSON) becomes a site too, with what was guessed beside it in",
        f"{len(OF_AN_IMPORT)} files whose names begin with `import-`: [importing.md](importing.md).",
        "",
        f"A zip has at most {MOST_ARCHIVE_BYTES // 2**20} MB and {MOST_MEMBERS} files, and unpacks to at most",
        f"{MOST_UNPACKED_BYTES // 2**20} MB and {LARGEST_RATIO} times its size. It holds `site.toml` and the files",
        "above, with or without one folder around them. Nothing is unpacked if a member is a link, is locked or",
        "would leave the folder.",
        "",
        "In Python `quietwing.sites.importers` does the same: `import_site(source)` gives the checked site of a",
        "folder, GeoPackage or zip, and `save_site` writes it. `import_tracing(rooms, openings, scale, height_px,",
        "choices)` makes a site of a plan traced over a picture: rooms as polygons in its pixels (`TracedRoom`, y",
        "downwards), windows and doors (`TracedOpening`), and the scale by two points and the distance between them",
        "(`ScaleLine`). What the picture does not show is in `TraceChoices`. The app's page Site uses these",
        "functions.",
        "",
        "## Projects of the app",
        "",
        "A `.qwproj` is a zip of a site folder with `layout.csv`, `scenario.toml` and, where it is not the bundled",
        "one, `catalogue.csv`. Beside them lies `project.json`: the name, the layouts for undo and redo (50 steps at",
        "most each way), and the layouts saved under a name, each as the text of a `layout.csv` and a list of",
        "treated windows; and the readings of walk tests that are in use and fit the site. Files that begin",
        "with `result-` are what was worked out, for people to read; the app does not read them back and works the",
        "result out again. The limits of a zip hold, every file is checked like any input, and a project with a",
        "problem is refused whole. With the ending `.zip` it opens as a site.",
        "",
    ]
    return "\n".join(parts)


def _columns(cls: type[Any], columns: Iterable[str]) -> list[Key]:
    """The keys of a class under the names of the columns."""
    keys = keys_of(cls)
    return [replace(keys[{"x": "x_m", "y": "y_m"}.get(column, column)], name=column) for column in columns]


def _table(keys: Iterable[Key], own: Mapping[str, Any] | None = None) -> list[str]:
    """A Markdown table of keys; `own` replaces what is said of one (nothing: it is optional)."""
    own = own or {}
    rows = ["| key | what | if left out |", "| --- | --- | --- |"]
    for key in keys:
        left_out = "needed" if key.required and key.name not in own else _default(key)
        if key.name in own and key.required and own[key.name] is not None:
            left_out = "–" if key.name == "state" else "needed" if key.name == "storeys" else _default(key)
        rows.append(f"| `{key.name}` | {own.get(key.name) or key.expected} | {left_out} |")
    return rows


def _default(key: Key) -> str:
    if key.default in (None, "", ()):
        return "–"
    if isinstance(key.default, bool):
        return str(key.default).lower()
    if isinstance(key.default, tuple):
        return ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in key.default)
    return f"{key.default:g}" if isinstance(key.default, float) else str(key.default)


if __name__ == "__main__":
    sys.stdout.write(formats_md())
