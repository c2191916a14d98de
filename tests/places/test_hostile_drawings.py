"""Bad drawings through every importer: one line for each problem, in bounded time and memory, nothing written.

300 and more for each importer are made here; a few of each run always, all of them with ``-m long``.
"""

from __future__ import annotations

import json
import os
import random
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quietwing.sites.errors import SiteError
from quietwing.sites.importers import DrawingChoices, child, import_drawing

MOST_S = 60
MOST_BYTES = 2 * 2**30
FUZZED = 270
Made = Callable[[Path], Path]


def cut_and_fuzzed(make: Callable[[Path], Path], ending: str) -> Iterator[tuple[str, Made]]:
    """A good file cut at every tenth, and with bytes, lines and numbers changed."""

    def cut(share: float, path: Path) -> Path:
        content = make(path).read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        return path

    def fuzz(seed: int, path: Path) -> Path:
        draw = random.Random(seed)
        content = bytearray(make(path).read_bytes())
        kind = seed % 4
        for _ in range(1 + seed % 36):
            at = draw.randrange(len(content))
            if kind == 0:
                content[at] = draw.randrange(256)
            elif kind == 1:
                del content[at : at + draw.randrange(1, 40)]
            elif kind == 2:
                content[at:at] = bytes(draw.randrange(256) for _ in range(draw.randrange(1, 20)))
            else:
                words = [b"nan", b"inf", b"-1e308", b"99999999999999999999", b"\0", b"\xff\xfe", b"(((((", b"{", b"$"]
                content[at : at + 3] = draw.choice(words)
        path.write_bytes(bytes(content))
        return path

    for tenth in range(10):
        yield f"cut-{tenth}0", lambda path, share=tenth / 10: cut(share, path)
    for seed in range(FUZZED):
        yield f"fuzzed-{seed}", lambda path, seed=seed: fuzz(seed, path)
    for name, content in {
        "empty": b"", "nul": bytes(1000), "text": b"no drawing at all\n" * 50, "utf-16": "wall".encode("utf-16") * 99,
        "huge-line": b"A" * 5_000_000, "png": b"\x89PNG\r\n\x1a\n" + bytes(200), "zip": b"PK\3\4" + bytes(200),
    }.items():  # fmt: skip
        yield name, lambda path, content=content: _written(path.with_suffix(ending), content)


def _written(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return path


def dxf_text(*entities: str, blocks: str = "", unit: int = 4) -> str:
    """The least DXF: header, blocks, entities, as pairs of code and value."""
    header = f"0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1015\n9\n$INSUNITS\n70\n{unit}\n0\nENDSEC\n"
    body = "0\nSECTION\n2\nENTITIES\n" + "".join(entities) + "0\nENDSEC\n0\nEOF\n"
    return header + (f"0\nSECTION\n2\nBLOCKS\n{blocks}0\nENDSEC\n" if blocks else "") + body


def line(x0, y0, x1, y1, layer="wall") -> str:
    return f"0\nLINE\n8\n{layer}\n10\n{x0}\n20\n{y0}\n11\n{x1}\n21\n{y1}\n"


def block(name: str, *inside: str) -> str:
    return f"0\nBLOCK\n8\n0\n2\n{name}\n70\n0\n10\n0\n20\n0\n{''.join(inside)}0\nENDBLK\n8\n0\n"


def insert(name: str, layer: str = "wall", **more: object) -> str:
    codes = {"sx": 41, "sy": 42, "columns": 70, "rows": 71, "dx": 44, "dy": 45, "turn": 50}
    extra = "".join(f"{codes[key]}\n{value}\n" for key, value in more.items())
    return f"0\nINSERT\n8\n{layer}\n2\n{name}\n10\n0\n20\n0\n{extra}"


def bad_dxf(drawn) -> Iterator[tuple[str, Made]]:
    yield from cut_and_fuzzed(lambda path: drawn.dxf_plan(path), ".dxf")
    bomb = "".join(block(f"B{n}", *[insert(f"B{n + 1}")] * 10) for n in range(9)) + block("B9", line(0, 0, 1, 1))
    plain = line(0, 0, 9000, 0) + line(0, 300, 9000, 300)
    cases = {
        "nan": dxf_text(line("nan", 0, 9000, 0), line(0, "inf", 5, "-inf")),
        "huge-numbers": dxf_text(line("1e300", 0, "-1e300", 0), line(0, 0, "1e30", 9)),
        "no-walls": dxf_text(line(0, 0, 9000, 0, "furniture")),
        "one-line": dxf_text(line(0, 0, 9000, 0)),
        "five-km": dxf_text(line(0, 0, 5_000_000, 0), line(0, 300, 5_000_000, 300)),
        "five-cm": dxf_text(line(0, 0, 50, 0), line(0, 3, 50, 3)),
        "no-unit": dxf_text(line(0, 0, 3e7, 0), line(0, 300, 3e7, 300), unit=0),
        "odd-unit": dxf_text(plain, unit=77),
        "cycle": dxf_text(insert("A"), blocks=block("A", insert("B")) + block("B", insert("A"))),
        "cycle-of-doors": dxf_text(plain, insert("door", "door"), blocks=block("door", insert("door"))),
        "bomb": dxf_text(insert("B0"), blocks=bomb),
        "bomb-of-doors": dxf_text(plain, insert("B0", "door"), blocks=bomb),
        "grid-of-inserts": dxf_text(insert("B9", columns=30000, rows=30000, dx=1, dy=1), blocks=bomb),
        "no-such-block": dxf_text(plain, insert("nowhere")),
        "flat-insert": dxf_text(plain, insert("B9", sx=0, sy=0), blocks=bomb),
        "huge-insert": dxf_text(plain, insert("B9", sx="1e300", sy="1e300"), blocks=bomb),
        "huge-text": dxf_text(plain, f"0\nTEXT\n8\nroom\n10\n0\n20\n0\n40\n1\n1\n{'x' * 3_000_000}\n"),
        "layer-of-a-megabyte": dxf_text(line(0, 0, 9000, 0, "wall" * 250_000)),
        "odd-layer": dxf_text(line(0, 0, 9000, 0, "wall\x1b[31m$\\x$")),
        "endless-polyline": dxf_text("0\nLWPOLYLINE\n8\nwall\n90\n999999999\n70\n1\n10\n0\n20\n0\n"),
        "comb": dxf_text(*(line(n * 100, 0, n * 100 + 40, 9000) for n in range(3000))),
        "all-on-one-place": dxf_text(*[line(0, 0, 9000, 300)] * 20_000),
        "star": dxf_text(*(line(0, 0, 9000 - n, n * 3) for n in range(3000))),
        "million-lines": dxf_text(*[line(0, 0, 9000, 0)] * 1_000_000),
        "spline": dxf_text(plain, "0\nSPLINE\n8\nwall\n70\n8\n71\n3\n72\n0\n73\n0\n74\n0\n"),
        "circle-of-nothing": dxf_text(plain, "0\nCIRCLE\n8\nwall\n10\n0\n20\n0\n40\n-1\n"),
        "binary": b"AutoCAD Binary DXF\r\n\x1a\0" + bytes(range(256)) * 40,
        "dwg": b"AC1027" + bytes(300),
    }  # fmt: skip
    yield (
        "layer-of-no-text",
        lambda path: _written(path, drawn.dxf_plan(path).read_bytes().replace(b"A-WALL", b"A-WALL-\xe9")),
    )
    for name, content in cases.items():
        yield name, lambda path, content=content: _written(path, content)


IFC_HEAD = "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('','',(''),(''),'','','');\n"


PLACED_ON_ITSELF = (
    "#1=IFCLOCALPLACEMENT(#2,#3);",
    "#2=IFCLOCALPLACEMENT(#1,#3);",
    "#3=IFCAXIS2PLACEMENT3D(#4,$,$);",
    "#4=IFCCARTESIANPOINT((0.,0.,0.));",
    "#5=IFCWALL('0000000000000000000001',$,'w',$,$,#1,#6,'t',$);",
    "#6=IFCPRODUCTDEFINITIONSHAPE($,$,());",
)


def ifc_text(*rows: str, schema: str = "IFC4") -> str:
    return (
        f"{IFC_HEAD}FILE_SCHEMA(('{schema}'));\nENDSEC;\nDATA;\n" + "\n".join(rows) + "\nENDSEC;\nEND-ISO-10303-21;\n"
    )


def bad_ifc(drawn) -> Iterator[tuple[str, Made]]:
    yield from cut_and_fuzzed(lambda path: drawn.ifc_plan(path, storeys=1), ".ifc")
    many = [f"#{n}=IFCCARTESIANPOINT((0.,0.,0.));" for n in range(1, 400_000)]
    cases = {
        "no-data": IFC_HEAD,
        "nothing": ifc_text(),
        "other-schema": ifc_text("#1=IFCPERSON($,$,$,$,$,$,$,$);", schema="AP203"),
        "unknown-entity": ifc_text("#1=IFCNOTHING('x');"),
        "cycle-of-placements": ifc_text(*PLACED_ON_ITSELF),
        "refers-to-itself": ifc_text("#1=IFCLOCALPLACEMENT(#1,#1);", "#2=IFCWALL('x',$,$,$,$,#1,#2,$,$);"),
        "missing-reference": ifc_text("#2=IFCWALL('x',$,$,$,$,#77,#78,$,$);"),
        "walls-without-shape": ifc_text(*(f"#{n}=IFCWALL('{n:022d}',$,'w',$,$,$,$,'t',$);" for n in range(1, 5000))),
        "many-points": ifc_text(*many),
        "huge-number": ifc_text("#1=IFCCARTESIANPOINT((1.E999,0.,0.));"),
        "nan": ifc_text("#1=IFCCARTESIANPOINT((NAN,0.,0.));"),
        "deep-list": ifc_text(f"#1=IFCCARTESIANPOINT({'(' * 5000}0.{')' * 5000});"),
        "huge-text": ifc_text(f"#1=IFCPERSON('{'x' * 5_000_000}',$,$,$,$,$,$,$);"),
        "open-text": ifc_text("#1=IFCPERSON('never closed,$,$,$,$,$,$,$);"),
        "same-id": ifc_text(*["#1=IFCCARTESIANPOINT((0.,0.,0.));"] * 1000),
        "id-of-a-million-digits": ifc_text(f"#{'9' * 1_000_000}=IFCCARTESIANPOINT((0.,0.,0.));"),
    }  # fmt: skip
    for name, content in cases.items():
        yield name, lambda path, content=content: _written(path, content)


def indoor_text(*features: object, **more: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)} | more)


def polygon(ring: object, kind: object = "wall", **more: object) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": {"id": 1, "type": kind} | more,
        "geometry": {"type": "Polygon", "coordinates": ring},
    }


def bad_indoor(drawn) -> Iterator[tuple[str, Made]]:
    def one_level(path: Path) -> Path:
        made = drawn.indoor_plan(path.with_suffix(""), levels=1) / "level-0.geojson"
        return _written(path, made.read_bytes())

    yield from cut_and_fuzzed(one_level, ".geojson")
    square = [[[0, 0], [9, 0], [9, 0.3], [0, 0.3], [0, 0]]]
    cases = {
        "nan": indoor_text(polygon([[[float("nan"), 0], [9, 0], [9, 9]]])),
        "infinite": indoor_text(polygon([[["FAR", 0], [9, 0], [9, 9]]])).replace('"FAR"', "1e999"),
        "deep": "[" * 100_000 + "]" * 100_000,
        "deep-geometry": indoor_text(polygon(json.loads("[" * 400 + "1" + "]" * 400))),
        "no-features": indoor_text(),
        "not-a-collection": json.dumps({"type": "Feature"}),
        "one-wall": indoor_text(polygon(square)),
        "poles": indoor_text(polygon([[[179.9, 89.9], [179.95, 89.9], [179.95, 89.95], [179.9, 89.9]]])),
        "world": indoor_text(polygon([[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]])),
        "five-km": indoor_text(polygon([[[0, 0], [5000, 0], [5000, 0.3], [0, 0.3], [0, 0]]]), polygon(square)),
        "types-of-all-kinds": indoor_text(*(polygon(square, kind) for kind in (None, 7, [], {}, "x" * 99_999, "$"))),
        "bow-tie": indoor_text(polygon([[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]])),
        "levels-without-files": json.dumps({"levels": [{"z_order": 0, "filename": "../../etc/passwd"}]}),
        "levels-of-nothing": json.dumps({"levels": []}),
        "levels-of-text": json.dumps({"levels": "all"}),
        "levels-upside": json.dumps({"levels": [{"z_order": "up", "filename": "x"}, {"z_order": True}]}),
        "thousand-levels": json.dumps({"levels": [{"z_order": n, "filename": "x"} for n in range(1000)]}),
        "hundred-thousand-walls": indoor_text(*[polygon(square)] * 100_000),
        "comb": indoor_text(polygon([[[0, 0], *([n / 100, (n % 2) * 9] for n in range(1900)), [0, 0]]])),
        "stacked": indoor_text(*[polygon(square)] * 3000, *[polygon(square, "door")] * 3000),
    }  # fmt: skip
    for name, content in cases.items():
        yield name, lambda path, content=content: _written(path, content)


def pdf_text(content: bytes, box: str = "0 0 595 842") -> bytes:
    """The least PDF with one page."""
    body = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    body += f"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R>>endobj\n".encode()
    body += f"4 0 obj<</Length {len(content)}>>stream\n".encode() + content + b"\nendstream endobj\n"
    return body + b"trailer<</Root 1 0 R>>\n%%EOF"


def bad_pdf(drawn) -> Iterator[tuple[str, Made]]:
    yield from cut_and_fuzzed(lambda path: drawn.pdf_plan(path), ".pdf")
    own = b"/Resources<</XObject<</F 4 0 R>>>>"
    form = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 3 0 R]/Count 9>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]" + own + b"/Contents 5 0 R>>endobj\n"
        b"4 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]" + own + b"/Length 5>>stream\n/F Do\nendstream endobj\n"
        b"5 0 obj<</Length 5>>stream\n/F Do\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )
    wall = b"0 0 300 10 re f\n0 200 300 10 re f\n0 0 10 210 re f\n290 0 10 210 re f\n"
    cases = {
        "nothing-drawn": pdf_text(b""),
        "one-line": pdf_text(b"0 0 m 9 9 l S"),
        "huge-numbers": pdf_text(b"9e99 0 m 1e38 9 l S " * 20),
        "not-numbers": pdf_text(b"nan inf m -inf 9 l S " * 20),
        "million-lines": pdf_text(b"0 0 m 9 9 l S\n" * 1_000_000),
        "one-path-of-a-million": pdf_text(b"0 0 m " + b"9 9 l 0 1 l " * 500_000 + b" S"),
        "form-in-itself": form,
        "deep-states": pdf_text(b"q " * 200_000 + wall),
        "no-box": pdf_text(wall, "0 0 0 0"),
        "endless-box": pdf_text(wall, "-1e30 -1e30 1e30 1e30"),
        "stacked-walls": pdf_text(wall * 5000),
        "white-walls": pdf_text(b"1 1 1 rg " + wall),
        "pages-in-pages": form.replace(b"[2 0 R 3 0 R]", b"[2 0 R 2 0 R]"),
        "curves": pdf_text(b"0 0 m " + b"1 2 3 4 5 6 c " * 50_000 + b" S"),
        "not-scaled": pdf_text(wall * 2, "0 0 1 1"),
    }  # fmt: skip
    for name, content in cases.items():
        yield name, lambda path, content=content: _written(path, content)


KINDS = {"dxf": bad_dxf, "ifc": bad_ifc, "indoor": bad_indoor, "pdf": bad_pdf}
ENDINGS = {"dxf": ".dxf", "ifc": ".ifc", "indoor": ".geojson", "pdf": ".pdf"}
# Run always: one or two of each class, chosen to be quick.
FEW = {
    "dxf": (
        "cut-50 fuzzed-3 layer-of-no-text nan five-km five-cm cycle cycle-of-doors bomb bomb-of-doors "
        "grid-of-inserts odd-layer"
    ),
    "ifc": "cut-50 fuzzed-3 refers-to-itself walls-without-shape deep-list huge-number",
    "indoor": "cut-50 fuzzed-3 infinite deep five-km levels-without-files types-of-all-kinds",
    "pdf": "cut-50 fuzzed-3 not-numbers form-in-itself nothing-drawn pages-in-pages",
}

# Of these, those that a child of its own reads: its memory is measured.
HUNGRY = ("bomb", "bomb-of-doors", "grid-of-inserts", "deep-list", "deep", "form-in-itself")


def assert_is_answered(kind: str, name: str, make: Made, tmp_path: Path, monkeypatch) -> str:
    """The drawing is read or refused in words, within the limits, and nothing is left behind."""
    plan = make(tmp_path / f"plan{ENDINGS[kind]}")
    before = sorted(tmp_path.rglob("*"))
    workshop = tmp_path / "workshop"
    workshop.mkdir()
    monkeypatch.setenv("TMPDIR", str(workshop))
    monkeypatch.setattr("tempfile.tempdir", None)
    began = time.monotonic()
    try:
        import_drawing([plan], DrawingChoices(scale="1:100" if kind == "pdf" else ""))
        said = "read"
    except SiteError as error:
        said = error.problems[0]
        for problem in error.problems:
            assert str(tmp_path) not in problem, name
            assert "\n" not in problem, name
            assert "Traceback" not in problem, name
            assert problem.isprintable(), name
            assert len(problem) < 700, name
    took_s = time.monotonic() - began
    assert took_s < MOST_S + 5, f"{name}: {took_s:.0f} s"
    assert list(workshop.iterdir()) == [], name
    workshop.rmdir()
    assert sorted(tmp_path.rglob("*")) == before, name
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MOST_BYTES, name
    return f"{took_s:5.1f} s  {said}"


@pytest.mark.parametrize("kind", KINDS)
def test_bad_drawings_are_refused_in_words(kind, drawn_plans, reader_of_forks, tmp_path, monkeypatch):
    made = dict(KINDS[kind](drawn_plans))
    assert len(made) >= 300, "at least three hundred bad files for each importer"
    for name in FEW[kind].split():
        (tmp_path / name).mkdir()
        with monkeypatch.context() as patch:
            if name not in HUNGRY:
                patch.setattr(child, "_run", reader_of_forks)
            assert_is_answered(kind, name, made[name], tmp_path / name, patch)


@pytest.mark.long  # most of an hour; the test above runs a few of each class
@pytest.mark.parametrize("kind", KINDS)
def test_every_bad_drawing_is_refused_in_words(kind, drawn_plans, tmp_path, monkeypatch):
    for name, make in KINDS[kind](drawn_plans):
        (tmp_path / name).mkdir()
        said = assert_is_answered(kind, name, make, tmp_path / name, monkeypatch)
        print(f"{kind} {name}: {said}", flush=True)
        for path in (tmp_path / name).rglob("*"):
            if path.is_file():
                os.truncate(path, 0)  # a million lines each: not all at once on the disk


def test_what_a_drawing_would_write_outside_is_never_written(drawn_plans, tmp_path):
    """A level's file is looked for beside its index alone."""
    folder = drawn_plans.indoor_plan(tmp_path / "plan", levels=1)
    index = json.loads((folder / "main.json").read_text("utf-8"))
    secret = tmp_path / "level-0.geojson"
    (folder / "level-0.geojson").rename(secret)
    index["levels"][0]["filename"] = "../level-0.geojson"
    (folder / "main.json").write_text(json.dumps(index), "utf-8")
    with pytest.raises(SiteError, match="does not lie beside it"):
        import_drawing([folder])
