"""The sets `validate` knows, in the order of the report, each with what it proves and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from quietwing.coverage.validation.flat import measured_flat
from quietwing.coverage.validation.hall import measured_halls
from quietwing.coverage.validation.published import office_links, wet_concrete
from quietwing.coverage.validation.reading import MissingFileError, ValidationSetError
from quietwing.coverage.validation.results import SetResult, skipped
from quietwing.coverage.validation.short_links import clutter, streets
from quietwing.coverage.validation.standards import building_entry, floors, masts, slabs
from quietwing.coverage.validation.terrain import irregular_terrain
from quietwing.sites import clean, shown

__all__ = ["KNOWN_SETS", "KnownSet", "validate"]


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A set of reference data.

    Attributes
    ----------
    folder : str
        Name of its folder, and of its line in the report.
    title : str
        What is compared, for a heading.
    source : str
        Who made the reference values.
    proves, does_not : str
        What a passed set shows, and what it leaves open.
    run : callable
        Compares the files in a folder with the engine.
    """

    folder: str
    title: str
    source: str
    proves: str
    does_not: str
    run: Callable[[Path], list[SetResult]]


KNOWN_SETS: tuple[KnownSet, ...] = (
    KnownSet(
        "rf-sionna-p2040",
        "Slabs: ITU-R P.2040",
        "computed with Sionna RT 2.2.0 (NVIDIA), in single precision",
        "Transmission and reflection of one flat slab, both polarisations, all angles, 1 to 3.8 GHz, follow the "
        "Recommendation; so do the materials the engine has a row for.",
        "That a real wall is a flat, dry, homogeneous slab. Below 1 GHz concrete, brick, plasterboard and metal "
        "are extrapolated and no reference exists. Stacks of layers are held by tests, not by this set.",
        slabs,
    ),
    KnownSet(
        "rf-crc-p2109",
        "Building entry: ITU-R P.2109",
        "grid of CRC Canada, part of crc-covlib (MIT)",
        "The distribution of building entry loss is the Recommendation's over its whole range.",
        "Anything about one building: it is a distribution over many, and is used only where there is no plan.",
        building_entry,
    ),
    KnownSet(
        "rf-3gpp-38901",
        "Mast to street: 3GPP TR 38.901",
        "computed with pycraf 2.1.0, an implementation by astronomers",
        "Median loss of UMa, UMi and RMa with and without line of sight, and the probability of sight, follow the"
        " report. RMa differs by up to 0.0094 dB because pycraf takes the break point in three dimensions.",
        "That the median of many cities is the loss to one prison, whose façade has no measured counterpart here.",
        masts,
    ),
    KnownSet(
        "rf-crc-p1411",
        "Short links outdoors: ITU-R P.1411",
        "computed with crc-covlib of CRC Canada (MIT); its values imply a speed of light of 2.998e8 m/s",
        "Sections 4.1.1, 4.1.3.1, 4.2.1, 4.2.2.1 and 4.3.1 are computed as by CRC Canada wherever it gives no "
        "warning about the range.",
        "That CRC Canada read the Recommendation right; in section 4.1.3.1 it adds a minus sign the text lacks. "
        "No measurement is involved. Path gain does not use these functions by itself.",
        streets,
    ),
    KnownSet(
        "rf-ntia-p2108",
        "Clutter: ITU-R P.2108",
        "test vectors of NTIA/ITS, the reference implementation of the United States, to one decimal",
        "Clutter loss by sections 3.1, 3.2 and 3.3 follows the Recommendation to its last published digit, and "
        "inputs outside its range are refused.",
        "Values finer than 0.05 dB, which the table does not print; and that a given street has the clutter of "
        "the model.",
        clutter,
    ),
    KnownSet(
        "rf-ntia-itm",
        "Over terrain: Irregular Terrain Model",
        "examples of NTIA/ITS, five paths with their profiles",
        "The optional library itmlogic, as it is called here, gives NTIA's own loss over five real profiles of 8 "
        "to 370 km.",
        "Paths of a kilometre or two, as between a mast and a prison: the five are all longer. The area mode is "
        "not computed. itmlogic takes the last but one point of a profile for the ground under the receiver on "
        "paths with line of sight.",
        irregular_terrain,
    ),
    KnownSet(
        "cost231-floors",
        "Several floors: COST 231",
        "final report of COST Action 231, chapter 4; five values, in the program itself",
        "The saturating curve for one to five floors gives the published losses.",
        "That it holds outside 0.8 to 1.9 GHz, where it was measured, or for floors with shafts in them.",
        lambda _: floors(),
    ),
    KnownSet(
        "rf-ble-flat-wut",
        "Measured flat with walls, 2.4 GHz",
        "M. Kolakowski, Warsaw University of Technology, Zenodo 10.5281/zenodo.5457591 (CC BY 4.0), a part of the"
        " set",
        "Counting walls along the straight ray, with the loss of COST 231 and nothing fitted but one offset from "
        "other anchors, predicts a furnished flat better than free space does. Calibration, anchor by anchor: shifts "
        "of the wall kinds (each with the prior of the rules) and of one distance exponent (2 ± 0.3), and an offset "
        "of each anchor, are fitted on all other anchors, as `quietwing calibrate` fits. Each anchor also has a "
        "deviation of its own from every shift, as large as the prior, because it sees a few walls only, and sees "
        "them from a hundred places. Where the fit has three anchors or more, each is held out once within it, and "
        "0, 25, 50, 75 or 100 % of the shifts is applied, whichever predicted those best; 0 where the gain is not "
        "above its standard error. Of fewer anchors none can be held out, as here, and 75 % is applied. The anchor "
        "left out is then predicted with the mean offset of the others: nothing of it was fitted, its own offset "
        "neither. "
        "Over three anchors and three guesses what the walls are, the mean error falls by 0.4 dB (0.2, 0.3 and "
        "0.8 dB), and no anchor gets worse. With all of the shifts it fell by 0.5 dB, and one anchor got 0.006 dB "
        "worse; without the deviation of each anchor by 0.4 dB, and single anchors got 0.4 dB worse.",
        "Losses of single materials, doors, several floors, or detours; 2.4 GHz and light walls only, no prison. "
        "That no anchor anywhere gets worse: transmitters differ by some 2 dB that nobody can predict, and where the "
        "uncalibrated model happened to make up for it a calibrated one does not. On thirty made flats of five "
        "anchors (`benchmarks/flat_anchors.py`) 12 % of the anchors got worse by more than 0.05 dB, the mean 0.4 dB "
        "better. "
        "The tolerance is on the root mean square error: single cells are off by far more.",
        measured_flat,
    ),
    KnownSet(
        "rf-ble-uji",
        "Measured open hall, 2.4 GHz",
        "Mendoza-Silva and others, Universitat Jaume I, Zenodo 10.5281/zenodo.1618692 (CC BY 4.0)",
        "In an open room the level falls as in free space within the scatter of the measurement, with one offset "
        "fitted.",
        "Walls: there are none. Heights are unknown, so distances below 1 m in plan count as 1 m. A hall of "
        "bookshelves is reported where its files are given, and not judged. The tolerance is on the root mean "
        "square error.",
        measured_halls,
    ),
    KnownSet(
        "rf-measured-tables",
        "Plausible losses of concrete",
        "NIST IR 6055 (W. C. Stone, 1997), plain concrete, fresh",
        "The loss of 200 mm of concrete stays below that of wet concrete, and the engine carries an uncertainty "
        "of 5 dB or more for it.",
        "Which of the two a given wall is: they lie some 20 dB apart, which is why levels measured on the site "
        "matter.",
        wet_concrete,
    ),
    KnownSet(
        "rf-lora-siegen",
        "Office links at 868 MHz",
        "N. Mokua Obiri and K. van Laerhoven, IEEE Access 13 (2025), Zenodo 10.5281/zenodo.15349730 (CC BY 4.0)",
        "Nothing by computation: the summary has no positions.",
        "It tells what to expect: models fitted to that very office (concrete 10.7, wood 4.8, constant 15.8 dB) "
        "are left with a root mean square error of 10 to 12 dB, fading and a year of change included.",
        office_links,
    ),
)
BUILT_IN = frozenset({"cost231-floors"})


def validate(folder: str | Path) -> tuple[SetResult, ...]:
    """Compare the engine with every known set of reference data in a folder.

    Parameters
    ----------
    folder : str or Path
        Holds one folder for each set, named and filled as its publisher or `KNOWN_SETS` says. Others are ignored.

    Returns
    -------
    tuple of SetResult
        In the order of `KNOWN_SETS`; what is not there, or cannot be judged, is skipped with the reason.

    Raises
    ------
    ValidationSetError
        If there is no such folder, or a file of a known set is malformed.
    """
    root = Path(folder)
    try:
        there = root.is_dir()
    except (OSError, ValueError):  # a name that is too long, or with NUL in it
        there = False
    if not there:
        raise ValidationSetError(
            f"{clean(str(folder))}: is not a folder; give the folder that holds {KNOWN_SETS[0].folder} and the others"
        )
    results: list[SetResult] = []
    for known in KNOWN_SETS:
        results += _results(known, root / known.folder)
    return tuple(results)


def _results(known: KnownSet, folder: Path) -> list[SetResult]:
    if known.folder not in BUILT_IN and not folder.is_dir():
        return [skipped(known.folder, f"no folder {shown(known.folder)}")]
    try:
        return known.run(folder)
    except MissingFileError as error:
        return [skipped(known.folder, str(error))]
