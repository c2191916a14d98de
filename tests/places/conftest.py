"""What the tests of places share."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from by_path import module_at
from shapely.geometry import Point, Polygon

from quietwing.sites import Site, load_site
from quietwing.sites.constructions import Construction, Layer
from quietwing.sites.model import OutsideLevel, Position, Receptor


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rows(only=…, without=…): which rows of the table of bad inputs")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each row of the table of bad inputs, or for those the mark ``rows`` names or leaves out."""
    if "bad" in metafunc.fixturenames:
        module_at("tests/places/bad_builders.py")
        rows = module_at("tests/places/bad_inputs.py").ROWS
        mark = metafunc.definition.get_closest_marker("rows")
        if mark is not None:
            only, without = mark.kwargs.get("only"), mark.kwargs.get("without", ())
            rows = [row for row in rows if (only is None or row.id in only) and row.id not in without]
        metafunc.parametrize("bad", rows, ids=[row.id for row in rows])


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """The module that writes the smallest whole site."""
    return module_at("tests/places/tiny_site.py")


@pytest.fixture(scope="session")
def drawn_plans() -> ModuleType:
    """The module that draws a plan of two rooms in every kind of drawing; skipped without the extra `plans`."""
    for name in ("ezdxf", "ifcopenshell", "pypdfium2"):
        pytest.importorskip(name)
    return module_at("tests/places/drawn_plans.py")


@pytest.fixture
def folder(tiny: ModuleType, tmp_path: Path) -> Path:
    """The smallest whole site, written."""
    return tiny.write(tmp_path / "tiny")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to connect to another computer fails the test."""
    import socket

    connect = socket.socket.connect

    def refuse(*args: object) -> None:
        raise AssertionError(f"reached for the network: {args[1:]}")

    def within(line: socket.socket, *args: object) -> None:
        if line.family != socket.AF_UNIX:  # which a forked reader is reached by
            refuse(line, *args)
        connect(line, *args)

    monkeypatch.setattr(socket.socket, "connect", within)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def edit(tiny: ModuleType) -> Callable[..., None]:
    """Changes the parsed GeoJSON of a layer in place."""
    return tiny.edit


@pytest.fixture
def rich(folder) -> Site:
    """The tiny site with one of everything a site can hold."""
    site = load_site(folder)
    own = (
        Construction(name="own_wall", layers=(Layer("brick", 102.5), Layer("air", 50.0)), sigma_db=3.0, assumed=True),
        Construction(name="own_film", loss_intercept_db=25.4, loss_slope_db_per_ghz=0.11, sigma_db=3.0, source="x"),
        Construction(
            name="own_mesh", mesh_pitch_mm=12.5, mesh_wire_radius_mm=0.5, mesh_bonded=False, sigma_db=3.0, source="y"
        ),
    )
    x, y = site.perimeter.outline.exterior.coords[0]
    atrium = Polygon(
        site.slabs[0].outline.exterior.coords,
        [[(x + 42, y + 42), (x + 44, y + 42), (x + 44, y + 43.3), (x + 42, y + 42)]],
    )
    return dataclasses.replace(
        site,
        own_constructions=own,
        notes=('a note with "quotes", ü and a \\ in it', "another"),
        slabs=(dataclasses.replace(site.slabs[0], outline=atrium), *site.slabs[1:]),
        walls=(dataclasses.replace(site.walls[0], construction="own_wall", base_m=-0.5, top_m=3.25), *site.walls[1:]),
        positions=(
            Position("p1", Point(x + 41, y + 41), 2.4, "b1", 0),
            Position("p2", Point(x + 1 / 3, y + 1), 0.0, None, 0, True),
        ),
        receptors=(*site.receptors, Receptor("road", Point(x - 20, y), "road", 0.5, ())),
        outside_levels=(*site.outside_levels, OutsideLevel("O2/n78/NR", x, y, 1.5, -101.25, dt.date(2026, 9, 30))),
        description="first line\nsecond line",
        window_state="sealed",
        door_state="open",
    )
