"""The ground round a site: heights above the sea on a grid, read from and written to ``terrain.tif``.

GeoTIFF goes through rasterio (extra ``terrain``), imported here alone and only when such a file is read or written.
"""

from __future__ import annotations

import math
import warnings
from contextlib import ExitStack, suppress
from dataclasses import field
from functools import cached_property
from importlib.util import find_spec
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from shapely.geometry import Polygon, box

from quietwing.sites.findings import Findings, Unreadable, clean
from quietwing.sites.quantities import CoordinateM

__all__ = [
    "MOST_TERRAIN_BYTES",
    "TERRAIN_FILE",
    "Terrain",
    "check_terrain",
    "parse_terrain",
    "terrain_bytes",
    "try_terrain",
]

TERRAIN_FILE = "terrain.tif"
MOST_TERRAIN_BYTES = 64 * 2**20
MOST_PIXELS = 16_000_000  # 20 × 20 km at 5 m; 64 MB in memory
STEP_M = (0.25, 500.0)
HEIGHT_M = (-500.0, 9000.0)  # the Dead Sea to Everest
COMPRESSIONS = (None, "deflate", "lzw", "packbits", "zstd")
NUMBERS = ("uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
FEET = ("ft", "foot", "feet", "us-ft", "us survey foot")
# No look at other files, no network, no other format than GTiff, one thread.
GDAL = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": 64,  # MB
    "PROJ_NETWORK": "OFF",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
}

StepM = Annotated[float, Field(ge=STEP_M[0], le=STEP_M[1], allow_inf_nan=False)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Terrain:
    """Heights of the ground above the sea on a grid whose rows run east, the first in the north.

    Attributes
    ----------
    west_m, north_m : float
        Outer corner of the first cell, in the site's coordinates. [m]
    step_east_m, step_south_m : float
        Size of a cell. [m]
    rows, columns : int
    heights : bytes
        float32, little-endian, row by row; NaN where the height is not known. [m]
    """

    west_m: CoordinateM
    north_m: CoordinateM
    step_east_m: StepM
    step_south_m: StepM
    rows: Annotated[int, Field(ge=2, le=MOST_PIXELS)]
    columns: Annotated[int, Field(ge=2, le=MOST_PIXELS)]
    heights: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.heights) != 4 * self.rows * self.columns:
            raise ValueError(f"{len(self.heights)} bytes of heights (expected 4 for each cell); give all of them")

    @cached_property
    def grid_m(self) -> NDArray[np.float32]:
        """Heights, shape (row, column). [m]"""
        return np.frombuffer(self.heights, "<f4").reshape(self.rows, self.columns)

    @property
    def outline(self) -> Polygon:
        """What the grid covers."""
        return box(
            self.west_m,
            self.north_m - self.rows * self.step_south_m,
            self.west_m + self.columns * self.step_east_m,
            self.north_m,
        )

    def height_m(self, x_m: ArrayLike, y_m: ArrayLike) -> NDArray[np.float64]:
        """Height of the ground between the middles of four cells, bilinear.

        Parameters
        ----------
        x_m, y_m : array_like, shape (...)
            Places in the site's coordinates. [m]

        Returns
        -------
        ndarray, shape (...)
            NaN off the grid and beside unknown heights; in the outer half of an edge cell that cell's own. [m]
        """
        column = (np.asarray(x_m, np.float64) - self.west_m) / self.step_east_m - 0.5
        row = (self.north_m - np.asarray(y_m, np.float64)) / self.step_south_m - 0.5
        inside = (column >= -0.5) & (column <= self.columns - 0.5) & (row >= -0.5) & (row <= self.rows - 0.5)
        column = np.clip(np.where(inside, column, 0.0), 0, self.columns - 1)
        row = np.clip(np.where(inside, row, 0.0), 0, self.rows - 1)
        left, top = np.minimum(column.astype(int), self.columns - 2), np.minimum(row.astype(int), self.rows - 2)
        east, south = column - left, row - top
        grid = self.grid_m
        upper = grid[top, left] * (1 - east) + grid[top, left + 1] * east
        lower = grid[top + 1, left] * (1 - east) + grid[top + 1, left + 1] * east
        return np.where(inside, upper * (1 - south) + lower * south, np.nan)


def parse_terrain(content: bytes) -> tuple[Terrain, str | None]:
    """The heights in a GeoTIFF and the CRS it states.

    Parameters
    ----------
    content : bytes
        The whole file.

    Returns
    -------
    terrain : Terrain
    crs : str or None
        ``EPSG:27700``, the name of a CRS without a code, or nothing.

    Raises
    ------
    Unreadable
        With all that is wrong with it, or that the extra is not installed.
    """
    if content[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        raise Unreadable("is no TIFF (by its first bytes); export the heights as GeoTIFF")
    absent = [name for name in ("rasterio", "itmlogic") if find_spec(name) is None]
    if absent:
        raise Unreadable(
            f"cannot be used without {' and '.join(absent)}; pip install 'quietwing[terrain]', or take the file out"
        )
    rasterio = _rasterio()
    try:
        with _quiet(), rasterio.MemoryFile(content) as memory, memory.open(driver="GTiff") as tif:
            problems = _problems(tif)
            if problems:
                raise Unreadable("; ".join(problems))
            values = tif.read(1, masked=True).astype(np.float64)
            with np.errstate(over="ignore"):  # too large for a height: told below
                grid = np.ma.filled(values * tif.scales[0] + tif.offsets[0], np.nan).astype("<f4")
            at, crs = tif.transform, _crs_name(tif.crs)
    except (rasterio.errors.RasterioError, ValueError, MemoryError) as error:
        raise Unreadable(f"cannot be read as GeoTIFF ({clean(str(error), 120)}); export it again") from error
    if np.isinf(grid).any():
        raise Unreadable("has heights that are infinite; state what stands for no data, or correct them")
    known = np.isfinite(grid)
    if not known.any():
        raise Unreadable("holds no height at all; export it again")
    low_m, high_m = float(grid[known].min()), float(grid[known].max())
    if low_m < HEIGHT_M[0] or high_m > HEIGHT_M[1]:
        raise Unreadable(
            f"has heights from {low_m:g} to {high_m:g} (expected metres, {HEIGHT_M[0]:g} to {HEIGHT_M[1]:g}); "
            f"state what stands for no data, or correct the unit"
        )
    grid[~known] = np.nan
    rows, columns = grid.shape
    return Terrain(at.c, at.f, at.a, -at.e, rows, columns, grid.tobytes()), crs


def try_terrain(path: str) -> bool:
    """Whether the heights in a file could be read; what is wrong with them is said by who reads them afterwards.

    Run in a child process: a decoder that breaks down does so there.
    """
    with suppress(Unreadable), open(path, "rb") as file:
        parse_terrain(file.read())
        return True
    return False


def _rasterio() -> Any:
    """The library that reads GeoTIFF."""
    import rasterio  # of the extra `terrain`, which need not be installed

    return rasterio


def _quiet() -> ExitStack:
    """rasterio without the outside world and without warnings on the terminal."""
    stack = ExitStack()
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    stack.enter_context(_rasterio().Env(**GDAL))
    return stack


def _problems(tif: Any) -> list[str]:
    """What forbids reading the heights, found before any of them is."""
    found = []
    at = tif.transform
    if tif.width * tif.height > MOST_PIXELS or any(high * wide > MOST_PIXELS for high, wide in tif.block_shapes):
        found.append(
            f"has {tif.width:,} × {tif.height:,} cells or tiles that large (limit {MOST_PIXELS:,}); "
            f"cut it to the ground between masts and site, or take larger cells"
        )
    if min(tif.width, tif.height) < 2:
        found.append("has fewer than 2 × 2 cells; export the ground between masts and site")
    if tif.count != 1:
        found.append(f"has {tif.count} bands (expected 1, heights above the sea); export that one")
    elif tif.dtypes[0] not in NUMBERS:
        found.append(f"holds numbers of the kind {clean(tif.dtypes[0])} (expected {', '.join(NUMBERS)}); convert it")
    compression = tif.profile.get("compress")
    if compression not in COMPRESSIONS:
        known = ", ".join(filter(None, COMPRESSIONS))
        found.append(f"is compressed as {clean(str(compression))} (expected {known} or none); export it so")
    if at.is_identity:
        found.append("has no georeference; export it as GeoTIFF, in the site's coordinates")
    elif at.b or at.d or at.a <= 0 or at.e >= 0:
        found.append("is turned or upside down (expected rows running east, the first in the north); warp it")
    elif not all(STEP_M[0] <= step <= STEP_M[1] for step in (at.a, -at.e)):
        found.append(
            f"has cells of {at.a:g} × {-at.e:g} (expected {STEP_M[0]:g} to {STEP_M[1]:g} m); warp it to metres"
        )
    elif not all(math.isfinite(edge) and abs(edge) <= 1e7 for edge in (at.c, at.f)):
        found.append("lies beyond ten thousand kilometres; warp it to the site's coordinates")
    if (tif.units[0] or "").lower() in FEET:
        found.append("has heights in feet (expected metres); convert it")
    return found


def _crs_name(crs: Any) -> str | None:
    """A CRS as the site names it."""
    if not crs or crs.to_wkt().startswith(("LOCAL_CS", "ENGCRS")):
        return None
    code = crs.to_epsg()
    return f"EPSG:{code}" if code is not None else clean(str(crs), 60)


def terrain_bytes(terrain: Terrain, crs: str) -> bytes:
    """``terrain.tif`` of a terrain; equal content gives equal bytes, and `parse_terrain` an equal terrain.

    Parameters
    ----------
    terrain : Terrain
    crs : str
        The site's: an EPSG code or ``local``.

    Returns
    -------
    bytes
    """
    rasterio = _rasterio()
    shape = {"height": terrain.rows, "width": terrain.columns, "count": 1, "dtype": "float32", "nodata": math.nan}
    at = rasterio.Affine(terrain.step_east_m, 0.0, terrain.west_m, 0.0, -terrain.step_south_m, terrain.north_m)
    named = {} if crs == "local" else {"crs": crs}
    with _quiet(), rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", compress="deflate", transform=at, **shape, **named) as tif:
            tif.write(terrain.grid_m, 1)
        return bytes(memory.read())


def check_terrain(terrain: Terrain, perimeter: Polygon | None, findings: Findings, file: str) -> None:
    """Whether the heights are those round the site."""
    if perimeter is None or terrain.outline.covers(perimeter):
        return
    spans = "x {:g} to {:g}, y {:g} to {:g}".format(*(terrain.outline.bounds[index] for index in (0, 2, 1, 3)))
    findings.problem(
        file, "", f"does not cover the site (it spans {spans}); export the ground between masts and site, in its CRS"
    )
