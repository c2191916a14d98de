"""What only the whole site can tell: ids, references between files, masts, places. Geometry: `plan_checks`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from quietwing.sites.bands import known_band
from quietwing.sites.draft import Draft
from quietwing.sites.findings import MOST_ADVISED, MOST_ALIKE, Findings, clean, did_you_mean, folded, shown
from quietwing.sites.model import FILE_PATTERN, Building, OutsideLevel, Sector, Surroundings
from quietwing.sites.plan_checks import check_plan
from quietwing.sites.site_antennas import ANTENNA_FOLDER, check_antennas, check_file_pattern, is_antenna_file

__all__ = [
    "ARRAY_PATTERNS",
    "MOST_UNKNOWN_AZIMUTHS",
    "PATTERNS",
    "READINGS_PER_AZIMUTH",
    "check_crs",
    "check_draft",
]

# Names of the rows of coverage/propagation/tables/antennas.csv; a test holds the two together.
PATTERNS = ("sector_65", "sector_90", "sector_33", "element_65", "omni_10", "omni")

# Names of the rows of coverage/propagation/tables/arrays.csv: antenna arrays that send sync beams, for NR alone.
ARRAY_PATTERNS = ("array_64_ssb_8",)

# Channel bandwidths of LTE: TS 36.101 table 5.6-1. [MHz]
_LTE_MHZ = (1.4, 3, 5, 10, 15, 20)

# An empty azimuth_deg is fitted to levels measured on the site: coverage/blocking/azimuth_fit.py.
READINGS_PER_AZIMUTH = 3  # places of a channel for each unknown azimuth, one more than azimuth and offset; assumed
MOST_UNKNOWN_AZIMUTHS = 2  # of one channel: all pairs of whole degrees are tried
_SAME_ALL_ROUND = ("omni_10", "omni")

LOUDEST_DBM = -20.0  # RSRP: louder is a reading of something else, or 0 for "nothing received"
STREET_MOST_M = 15.0  # assumed where the site gives no roof_m: roofs of three to five storeys
STOREY_SLOT_M = 0.05  # a gap between ceiling and next floor that walls leave open


def check_crs(stated: str | None, expected: str, findings: Findings, file: str) -> None:
    """Whether a file's coordinates are in the site's CRS."""
    if stated is None or stated == expected:
        return
    if "CRS84" in stated.upper() or stated == "EPSG:4326":
        fix = "these are longitudes and latitudes: save the layer in metres"
    elif expected == "local":
        fix = "a local grid carries no CRS: save the layer without one, or set crs in site.toml"
    else:
        fix = f"save the layer in {expected}, or set crs in site.toml"
    findings.problem(file, "", f"states the CRS {shown(stated)} (expected {expected} as in site.toml); {fix}")


def check_draft(draft: Draft, findings: Findings) -> None:
    """All checks that need more than one feature; problems go to the findings, dropped walls leave the draft."""
    _check_crs_is_metric(draft, findings)
    _check_ids(draft, findings)
    _check_storeys(draft, findings)
    _check_references(draft, findings)
    _check_roles(draft, findings)
    _check_masts(draft, findings)
    _check_levels(draft, findings)
    _check_azimuths(draft, findings)
    check_plan(draft, findings)


def _check_crs_is_metric(draft: Draft, findings: Findings) -> None:
    """The EPSG code exists and is a grid in metres; looked up in the table that comes with pyproj."""
    if draft.crs in ("local", "EPSG:27700"):
        return
    import pyproj  # slow to load, and few grids are looked up

    pyproj.network.set_network_enabled(active=False)  # type: ignore[attr-defined]
    toml = draft.files.get("site", "site.toml")
    try:
        crs = pyproj.CRS.from_epsg(int(draft.crs.removeprefix("EPSG:")))
    except pyproj.exceptions.CRSError:
        findings.problem(toml, "crs", f"{shown(draft.crs)} is not known; use EPSG:27700 or local")
        return
    units = {axis.unit_name for axis in crs.axis_info}
    if not crs.is_projected or units != {"metre"}:
        findings.problem(
            toml,
            "crs",
            f"{shown(draft.crs)} is no grid in metres ({clean(', '.join(sorted(units)))}); use EPSG:27700",
        )


def _check_ids(draft: Draft, findings: Findings) -> None:
    """No two ids of a layer are equal, nor look equal."""
    for layer, records in draft.layers():
        if layer == "buildings":  # joined from two files, which have checked themselves
            continue
        by_folded: dict[str, list[str]] = defaultdict(list)
        for record in records:
            name = str(getattr(record, "id"))  # noqa: B009
            by_folded[folded(name)].append(name)
        for names in by_folded.values():
            if len(names) > 1:
                same = (
                    "stands"
                    if len(set(names)) == 1
                    else f"and {shown(names[1])} differ in case, form or unseen characters only:"
                )
                findings.problem(
                    draft.files[layer], names[0], f"this id {same} {len(names)} times; give each an id of its own"
                )


def _check_storeys(draft: Draft, findings: Findings) -> None:
    toml = draft.files.get("site", "site.toml")
    for building in draft.buildings:
        where = f"buildings {building.id}"
        for below, above in zip(building.storeys, building.storeys[1:], strict=False):
            names = f"storeys {shown(below.name)} and {shown(above.name)}"
            if above.floor_m <= below.floor_m:
                findings.problem(toml, where, f"{names} are not in ascending order; list storeys from the ground up")
            elif above.floor_m < below.ceiling_m - 1e-3:
                findings.problem(
                    toml,
                    where,
                    f"{names} overlap: floor_m {above.floor_m:g} is below floor_m + height_m {below.ceiling_m:g} "
                    f"of the storey beneath; lower its height_m",
                )
            elif above.floor_m > below.ceiling_m + STOREY_SLOT_M:
                findings.note(
                    f"buildings: {building.id}: a slot of {above.floor_m - below.ceiling_m:.2f} m stays open "
                    f"between {names}, through which the signal passes"
                )


def _check_references(draft: Draft, findings: Findings) -> None:
    """Every building, storey, wall, construction and pattern that is named exists."""
    walls = {wall.id for wall in draft.walls} | findings.ids["walls"]
    for layer in ("walls", "slabs", "rooms", "positions"):
        before = len(findings.problems)
        for record in getattr(draft, layer):
            if len(findings.problems) - before > MOST_ALIKE:
                break
            _check_place(draft, findings, layer, record.id, record.building, getattr(record, "storey", None))
    before = len(findings.problems)
    for opening in draft.openings:
        told = len(findings.problems) - before
        if told > MOST_ALIKE:
            break
        if opening.wall not in walls and "walls" not in findings.unread:
            advice = did_you_mean(opening.wall, sorted(walls)) if told < MOST_ADVISED else "correct it"
            findings.problem(
                draft.files["openings"], opening.id, f"wall {shown(opening.wall)} does not exist; {advice}"
            )
    constructions = {"open", *draft.constructions} | findings.ids["constructions"]
    before = len(findings.problems)
    for layer, name, key, construction in _constructions_named(draft):
        if len(findings.problems) - before > MOST_ALIKE:
            break
        if construction not in constructions and "site" not in findings.unread:
            findings.problem(
                draft.files[layer],
                name,
                f"{key} {shown(construction)} does not exist; {did_you_mean(construction, constructions)}",
            )


def _constructions_named(draft: Draft) -> Iterator[tuple[str, str, str, str]]:
    """Layer, feature, key and construction wherever one is named."""
    for layer in ("perimeter", "walls", "openings", "slabs"):
        for record in getattr(draft, layer):
            yield layer, record.id, "construction", record.construction
    for opening in draft.openings:
        yield "openings", opening.id, "grille", opening.grille
        yield "openings", opening.id, "film", opening.film


def _check_place(
    draft: Draft, findings: Findings, layer: str, name: str, building: str | None, storey: int | None
) -> None:
    file = draft.files[layer]
    if building is None:
        if storey:
            findings.problem(file, name, f"is on storey {storey} of no building; give building, or storey = 0")
        return
    found: Building | None = draft.building(building)
    if found is None:
        # An outline that was refused, or a building without storeys, has its own message.
        known = findings.ids["buildings"] | findings.ids["building entries"]
        if building not in known and not {"buildings", "site"} & findings.unread:
            findings.problem(
                file, name, f"building {shown(building)} does not exist; {did_you_mean(building, sorted(known))}"
            )
    elif storey is not None and storey >= len(found.storeys):
        findings.problem(
            file,
            name,
            f"storey is {storey} (expected 0 to {len(found.storeys) - 1} in building {shown(building)}); "
            f"correct it or add the storey to site.toml",
        )


def _check_roles(draft: Draft, findings: Findings) -> None:
    if draft.rooms and not any(room.role == "silence" for room in draft.rooms) and not findings.refused["rooms"]:
        findings.problem(
            draft.files["rooms"],
            "",
            "no room has role 'silence', so there is nothing to protect; set role of the cells",
        )
    elif not draft.rooms and "rooms" not in findings.unread and not findings.refused["rooms"]:
        findings.problem(draft.files["rooms"], "", "holds no rooms; draw at least one with role 'silence'")


def _check_masts(draft: Draft, findings: Findings) -> None:
    file = draft.files.get("masts", "masts.csv")
    check_antennas(draft.antennas, draft.masts, findings)
    for sector in draft.masts:
        if sector.antenna_name is not None:
            check_file_pattern(sector, draft.antennas, findings, file)
        elif sector.pattern in ARRAY_PATTERNS:
            if sector.technology != "NR":
                findings.problem(
                    file,
                    sector.id,
                    f"pattern {shown(sector.pattern)} is that of NR's sync beams (technology is {sector.technology})"
                    f"; choose {PATTERNS[0]}",
                )
        elif sector.pattern not in PATTERNS:
            advice = did_you_mean(sector.pattern, PATTERNS + ARRAY_PATTERNS)
            if is_antenna_file(sector.pattern):
                advice = f"write {FILE_PATTERN}NAME for a file of the folder {ANTENNA_FOLDER}"
            findings.problem(file, sector.id, f"pattern {shown(sector.pattern)} does not exist; {advice}")
        band = known_band(sector.band)
        listed_mhz = _LTE_MHZ if sector.technology == "LTE" else () if band is None else band.nr_widths_mhz
        if sector.technology == "NR" and not listed_mhz:
            findings.problem(
                file, sector.id, f"band {shown(sector.band)} is none of NR; correct it, or give the technology it has"
            )
        elif sector.technology in ("LTE", "NR") and sector.bandwidth_mhz not in listed_mhz:
            listed = ", ".join(f"{width:g}" for width in listed_mhz)
            findings.problem(
                file,
                sector.id,
                f"bandwidth_mhz is {sector.bandwidth_mhz:g} (expected {listed} for {sector.technology} in "
                f"{sector.band}); give the width of one carrier",
            )
        _check_roofs(sector, draft.surroundings, findings)
        _check_corner(sector, draft.surroundings, findings, file)
        if band is not None and not band.low_mhz <= sector.freq_mhz <= band.high_mhz:
            findings.note(
                f"masts: {sector.id}: {sector.freq_mhz:g} MHz is outside the downlink of {sector.band} "
                f"({band.low_mhz:g} to {band.high_mhz:g} MHz)"
            )


def _check_roofs(sector: Sector, around: Surroundings, findings: Findings) -> None:
    """Masts in streets stand below the roofs, those of the environment `roofs` above them.

    A note and no problem: `roof_m` is a mean, and the roofs round one mast may be lower or higher.
    """
    most_m = STREET_MOST_M if around.roof_m is None else around.roof_m
    whose = "assumed" if around.roof_m is None else "roof_m of the site"
    if sector.environment == "street" and sector.height_m > most_m:
        findings.note(
            f"masts: {sector.id}: stands {sector.height_m:g} m high in a street (P.1411 holds for stations below "
            f"the roofs, here up to {most_m:g} m, {whose}); give UMi or UMa unless the roofs are higher"
        )
    if sector.environment == "roofs" and around.roof_m is not None and sector.height_m <= around.roof_m:
        findings.note(
            f"masts: {sector.id}: stands {sector.height_m:g} m high above roofs of {around.roof_m:g} m (roof_m of "
            f"the site); correct height_m or roof_m, or give street or UMi unless the roofs round it are lower"
        )


def _check_corner(sector: Sector, around: Surroundings, findings: Findings, file: str) -> None:
    """A crossing has both coordinates, lies away from the mast, and is of use to it."""
    if (sector.corner_x_m is None) != (sector.corner_y_m is None):
        absent = "corner_x_m" if sector.corner_x_m is None else "corner_y_m"
        findings.problem(
            file, sector.id, f"{absent} is missing (expected both coordinates of the crossing or none); give it"
        )
    elif sector.corner_m == (sector.x_m, sector.y_m):
        findings.problem(
            file,
            sector.id,
            "its crossing (corner_x_m, corner_y_m) is where the mast stands; give the middle of the crossing its "
            "street leads to, or leave both out",
        )
    elif sector.corner_m is not None and sector.environment != "street":
        findings.note(f"masts: {sector.id}: its crossing is not used: it is no mast of the environment street")
    elif sector.corner_m is not None and around.street_width_m is None:
        findings.note(
            f"masts: {sector.id}: its crossing is not used: give street_width_m in [surroundings] of site.toml"
        )


def _check_levels(draft: Draft, findings: Findings) -> None:
    file = draft.files.get("outside_levels", "outside_levels.csv")
    channels = sorted({sector.channel for sector in draft.masts})
    complete = not findings.refused["masts"] and "masts" not in findings.unread
    seen: set[OutsideLevel] = set()
    unknown: set[str] = set()
    for level in draft.outside_levels:
        if level.channel not in channels and complete and channels and level.channel not in unknown:
            unknown.add(level.channel)
            findings.problem(
                file,
                level.channel,
                f"no mast has this channel; {did_you_mean(level.channel, channels)} Or add it to masts.csv",
            )
        if level.rsrp_dbm > LOUDEST_DBM:
            findings.problem(
                file,
                level.channel,
                f"rsrp_dbm is {level.rsrp_dbm:g} (expected at most {LOUDEST_DBM:g}); give dBm per reference "
                f"element, and leave out what was not received",
            )
        if level in seen:
            findings.note(
                f"outside_levels: {level.channel}: the reading at ({level.x_m:g}, {level.y_m:g}) stands twice"
            )
        seen.add(level)


def _check_azimuths(draft: Draft, findings: Findings) -> None:
    """A sector that looks nobody knows where was measured at enough places to find out."""
    file = draft.files.get("masts", "masts.csv")
    places: dict[str, set[tuple[float, float, float]]] = defaultdict(set)
    for level in draft.outside_levels:
        places[level.channel].add((level.x_m, level.y_m, level.height_m))
    unknown: dict[str, list[Sector]] = defaultdict(list)
    for sector in draft.masts:
        antenna = draft.antennas.get(sector.antenna_name or "")
        directional = sector.pattern not in _SAME_ALL_ROUND and (antenna is None or antenna.is_directional)
        if sector.azimuth_deg is None and directional:
            unknown[sector.channel].append(sector)
    for channel, sectors in unknown.items():
        needed = READINGS_PER_AZIMUTH * len(sectors)
        if len(sectors) > MOST_UNKNOWN_AZIMUTHS:
            findings.problem(
                file,
                sectors[0].id,
                f"azimuth_deg is empty in {len(sectors)} sectors of {channel} (expected at most "
                f"{MOST_UNKNOWN_AZIMUTHS}); give azimuth_deg, clockwise from grid north, of the others",
            )
        elif len(places[channel]) < needed and "outside_levels" not in findings.unread:
            findings.problem(
                file,
                sectors[0].id,
                f"azimuth_deg is empty and outside_levels.csv has readings of {channel} at "
                f"{len(places[channel])} places (expected {needed} or more, to fit it); give azimuth_deg, clockwise "
                f"from grid north, or measure there",
            )
