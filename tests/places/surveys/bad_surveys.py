"""Bad files for every reader of surveys, 300 each, and a run of them that watches time, memory, files and network.

``python bad_surveys.py KIND FOLDER`` reads all of a kind and prints a line for each: seconds, name, what was said.
Equal seeds give equal files.
"""
# ruff: noqa: E501 - a table of cases

from __future__ import annotations

import importlib.util
import io
import math
import random
import resource
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from openpyxl import Workbook

from quietwing.sites import (
    import_masts,
    import_walk,
    load_constructions,
    load_site,
    read_calibration,
    read_mapping,
    read_measurements,
    read_waypoints,
    readings_text,
)
from quietwing.sites.errors import QuietwingError
from quietwing.sites.readings import parse_measurements
from quietwing.sites.surveys.mast_rows import read_mast_mapping

CASES = 300
MOST_BYTES = 2 * 2**30
X, Y = 400_000, 300_000

WALK = "time,x,y,storey,MCC,MNC,RAT,EARFCN,RSRP (dBm),IMEI\n" + "".join(
    f"2026-11-20T10:00:{k:02d},{X + 2 + k / 20},{Y + 3},0,234,30,4G,6300,-{80 + k},1\n" for k in range(30)
)
READINGS = "channel,x,y,height_m,rsrp_dbm,date,room,note\n" + "".join(
    f"EE/B20/LTE,{X + 2 + k / 20},{Y + 3},1.5,-{80 + k},2026-11-20,,\n" for k in range(30)
)
WAYPOINTS = "time,x,y,storey\n" + "".join(
    f"2026-11-20T10:00:{k:02d},{X + k / 10},{Y + 3},0\n" for k in range(0, 40, 4)
)
MASTS = "id,radio,mcc,net,area,cell,unit,lon,lat,range,samples,azimuth,height,eirp dbm,earfcn\n" + "".join(
    f"A{k},LTE,234,30,1,{k},0,-1.99{k % 10},52.597,100,3,{k * 10},25,60,6300\n" for k in range(30)
)
MAPPING = (
    '[columns]\ntime = "time"\nx = "x"\ny = "y"\nlevel_dbm = "RSRP (dBm)"\narfcn = "EARFCN"\n\n'
    '[fixed]\ntechnology = "LTE"\nplmn = "234-30"\nstorey = 0\nheight_above_floor_m = 1.2\ndate = 2026-11-20\n\n'
    '[technologies]\n"4G" = "LTE"\n'
)
MAST_MAPPING = '[columns]\nid = "id"\nlat = "lat"\nlon = "lon"\nmcc = "mcc"\nmnc = "net"\ntechnology = "radio"\n'
LAYER = (
    'format = 1\nas_of = 2026-11-20\nreadings = 30\nsource = "walk.csv"\n\n'
    '[[constructions]]\nname = "brick_215"\nshift_db = 2.0\nsigma_db = 1.5\n\n'
    '[[constructions]]\nname = "concrete_200"\nshift_db = -3.0\nsigma_db = 2.5\n\n'
    '[[sectors]]\nid = "m1"\nshift_db = 4.0\nsigma_db = 3.0\nclear = true\nread = true\n'
)
# Of other grids, units, notations and nowhere: put in place of a number.
ODD_NUMBERS = (
    "nan", "inf", "-inf", "1e400", "-1e308", "9" * 400, "0x1F", "1_000", "12 dB", "-80 dBm", "٣", "½", "", "null", "1,5",
    "4000000000", "0.0000001", "true", "--5", "=1+1", "806000000", "52°35'N", "+", "e", "\u202e80", "'", "-0",
)  # fmt: skip
ODD_TOML = (
    "nan", "inf", "-inf", "1e400", '"x"', "[]", "[[1]]", "{}", "true", "2026-11-20", "10:00:00", "9" * 400, "''", '"\\u0000"',
    "2026-11-20T10:00:00Z", '"' + "x" * 100_000 + '"', "-1", "0x1F", "1e-300", '"IMEI"',
)  # fmt: skip


def text_cases(good: str, odd: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """What may befall any text of rows or keys."""
    content = good.encode()
    for tenth in range(10):
        yield f"cut-{tenth}0", content[: len(content) * tenth // 10]
    rows = good.splitlines(keepends=True)
    yield from {
        "nul": bytes(1000), "utf-16": good.encode("utf-16"), "latin-1": good.replace("4", "\xe4").encode("latin-1"),
        "surrogates": good.encode() + "\ud800".encode("utf-8", "surrogatepass"), "bom-twice": b"\xef\xbb\xbf" * 2 + content,
        "line-of-5-mb": content + b"A" * 5_000_000, "quote-never-closed": content.replace(b"\n", b'\n"', 1) + content * 99,
        "no-line-ends": content.replace(b"\n", b" "), "mac-line-ends": content.replace(b"\n", b"\r"),
        "blank-lines": content.replace(b"\n", b"\n\n\n"), "header-twice": rows[0].encode() + content,
        "zip": b"PK\3\4" + bytes(200), "png": b"\x89PNG\r\n\x1a\n" + bytes(200), "html": b"<html><body>not found</body></html>",
        "escapes": content.replace(b",", b",\x1b[31m"), "only-header": rows[0].encode(), "backwards": content[::-1],
        "billion-laughs": b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>' * 99,
    }.items()  # fmt: skip


def csv_cases(good: str) -> Iterator[tuple[str, bytes]]:
    """A column of odd numbers, columns too few and too many, separators of other countries."""
    yield from text_cases(good, ODD_NUMBERS)
    header, *rows = [line.split(",") for line in good.splitlines()]
    for at, name in enumerate(header):
        for odd in ODD_NUMBERS[at % 4 :: 4]:
            changed = [[*row[:at], odd, *row[at + 1 :]] for row in rows]
            yield f"{name}={odd[:9]}", "\n".join(map(",".join, [header, *changed])).encode()
    for name, sign in (("semicolons", ";"), ("tabs", "\t"), ("pipes", "|"), ("quoted", '","')):
        yield name, good.replace(",", sign).encode()
    yield "short-rows", "\n".join(",".join(row[: k % 5]) for k, row in enumerate([header, *rows])).encode()
    yield "10000-columns", "\n".join(",".join(row * 1000) for row in [header, *rows]).encode()
    yield "same-columns", "\n".join(",".join(row * 2) for row in [header, *rows]).encode()
    yield "swapped-columns", "\n".join(",".join(row[::-1]) for row in [header, *rows[:5]]).encode()
    yield "rows-x-1000000", (",".join(header) + "\n").encode() + (",".join(rows[0]) + "\n").encode() * 1_000_000
    yield "rows-without-a-place-x-1000000", (",".join(header) + "\n").encode() + b"x," * 6 + b"x\n" * 1_000_000


def toml_cases(good: str) -> Iterator[tuple[str, bytes]]:
    """Odd values under every key, depths, repetitions, a quarter of a megabyte."""
    yield from text_cases(good, ODD_TOML)
    lines = good.splitlines()
    for at, line in enumerate(lines):
        if " = " in line:
            key = line.split(" = ")[0]
            for odd in ODD_TOML[at % 3 :: 3]:
                yield f"{key}={odd[:9]}", "\n".join([*lines[:at], f"{key} = {odd}", *lines[at + 1 :]]).encode()
            yield f"{key} twice", "\n".join([*lines[: at + 1], line, *lines[at + 1 :]]).encode()
            yield f"{key} dotted", "\n".join([*lines[:at], f"{key}.a.b = 1", *lines[at + 1 :]]).encode()
            yield f"{key} renamed", "\n".join([*lines[:at], line.replace(key, "x" + key), *lines[at + 1 :]]).encode()
    yield from {
        "deep-array": b"a = " + b"[" * 50_000, "deep-table": b"[" + b"a." * 50_000 + b"a]",
        "deep-inline": b"a = " + b"{a=" * 20_000, "many-tables": b"".join(b"[[sectors]]\n" for _ in range(20_000)),
        "many-keys": good.encode() + b"".join(f"k{k} = 1\n".encode() for k in range(20_000)),
        "larger-than-allowed": good.encode() + b"# " + b"x" * 2**19, "tables-as-values": b"columns = 3\nsectors = 3\n",
        "constructions-of-text": good.encode().replace(b"[[constructions]]", b"[constructions]"),
    }.items()  # fmt: skip


def sheet_bytes(rows: list[list[object]]) -> bytes:
    """A workbook of one sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rezipped(good: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The same workbook with its members changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, change(member, old.read(member)))
    return out.getvalue()


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'">' + b"".join(
    b'<!ENTITY a%d "%s">' % (k, (b"&a%d;" % (k - 1) if k else b"&a;") * 10) for k in range(9)
) + b"]>"  # fmt: skip
OUTSIDE = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY n SYSTEM "http://127.0.0.1:9/x">]>'


def xlsx_cases(good: bytes) -> Iterator[tuple[str, bytes]]:
    """Workbooks: bombs, entities, references to themselves and outside, sheets of a million rows, odd values."""

    def after_prolog(more: bytes, within: bytes) -> Callable[[str, bytes], bytes]:
        def change(member: str, content: bytes) -> bytes:
            if not member.endswith(".xml"):
                return content
            at = content.find(b"?>") + 2 if content.startswith(b"<?xml") else 0
            return content[:at] + more + content[at:].replace(b"</", within + b"</", 3)

        return change

    def in_sheets(change: Callable[[bytes], bytes]) -> Callable[[str, bytes], bytes]:
        return lambda member, content: change(content) if member.startswith("xl/worksheets/sheet") else content

    def links(target: bytes) -> Callable[[str, bytes], bytes]:
        def change(member: str, content: bytes) -> bytes:
            if not member.endswith(".rels"):
                return content
            parts = content.split(b'Target="')
            return parts[0] + b"".join(b'Target="' + target + b'"' + part.split(b'"', 1)[1] for part in parts[1:])

        return change

    for tenth in range(10):
        yield f"cut-{tenth}0", good[: len(good) * tenth // 10]
    row = b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>x</t></is></c></row>'
    million = b"<sheetData>" + b"".join(row % (k, k) for k in range(1, 400_001)) + b"</sheetData>"
    wide = b'<sheetData><row r="1">' + b'<c t="n"><v>1</v></c>' * 100_000 + b"</row></sheetData>"

    def with_rows(rows: bytes) -> Callable[[bytes], bytes]:
        return lambda content: content.split(b"<sheetData")[0] + rows + b"</worksheet>"

    yield from {
        "entities-that-grow": rezipped(good, after_prolog(LAUGHS, b"&a8;")),
        "entities-outside": rezipped(good, after_prolog(OUTSIDE, b"&f;&n;")),
        "relations-to-themselves": rezipped(good, links(b"xl/_rels/workbook.xml.rels")),
        "relations-outside": rezipped(good, links(b"http://127.0.0.1:9/x.xml")),
        "relations-up": rezipped(good, links(b"../../../../../etc/passwd")),
        "workbook-is-its-sheet": rezipped(good, links(b"/xl/workbook.xml")),
        "400000-rows": rezipped(good, in_sheets(with_rows(million))),
        "100000-columns": rezipped(good, in_sheets(with_rows(wide))),
        "claims-all-cells": rezipped(good, in_sheets(lambda c: c.replace(b'ref="A1', b'ref="A1:XFD1048576" x="A1'))),
        "last-row": rezipped(good, in_sheets(with_rows(b"<sheetData>" + row % (1048576, 1048576) + b"</sheetData>"))),
        "rows-backwards": rezipped(good, in_sheets(with_rows(b"<sheetData>" + row % (9, 9) + row % (1, 1) + b"</sheetData>"))),
        "deep": rezipped(good, in_sheets(lambda c: c + b"<a>" * 100_000)),
        "no-sheets": rezipped(good, lambda member, c: b"" if member.startswith("xl/worksheets") else c),
        "no-strings": rezipped(good, lambda member, c: b"<sst/>" if "sharedStrings" in member else c),
        "strings-of-100-mb": rezipped(good, lambda member, c: c + b" " * 100_000_000 if "sharedStrings" in member else c),
        "no-numbers": rezipped(good, in_sheets(lambda c: c.replace(b"<v>", b"<v>nan"))),
        "endless-numbers": rezipped(good, in_sheets(lambda c: c.replace(b"<v>", b"<v>" + b"9" * 5000))),
        "errors": rezipped(good, in_sheets(lambda c: c.replace(b'<c r="B', b'<c t="e" r="B'))),
        "dates": rezipped(good, in_sheets(lambda c: c.replace(b"<v>", b'<v>1e308'))),
        "empty-sheet": sheet_bytes([]), "one-cell": sheet_bytes([["x"]]), "no-zip": b"PK\3\4" + bytes(500),
        "text": b"id;x;y\n" * 50, "old-xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), "nul": bytes(1000),
        "empty": b"", "unpacks-to-400-mb": _bomb(good), "twice": good + good, "zip-in-zip": rezipped(good, lambda _, __: good),
        "utf-16": rezipped(good, lambda _, c: c.decode("utf-8", "replace").encode("utf-16")),
    }.items()  # fmt: skip


def _bomb(good: bytes) -> bytes:
    """A workbook with a member of 400 MB of noughts."""
    out = io.BytesIO(good)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet9.xml", b"0" * 400_000_000)
    return out.getvalue()


def fuzzed(good: bytes, seed: int) -> bytes:
    """Bytes changed, taken out, put in, or words put in their place."""
    draw = random.Random(seed)
    found = bytearray(good)
    for _ in range(1 + seed % 40):
        at, kind = draw.randrange(len(found)), seed % 4
        if kind == 0:
            found[at] = draw.randrange(256)
        elif kind == 1 and len(found) > 100:
            del found[at : at + draw.randrange(1, 40)]
        elif kind == 2:
            found[at:at] = bytes(draw.randrange(256) for _ in range(draw.randrange(1, 20)))
        else:
            words = [
                b"nan",
                b"inf",
                b"-1e308",
                b"9" * 20,
                b"\0",
                b"\xff\xfe",
                b"(((",
                b"{",
                b"$",
                b"\n",
                b",,",
                b'"',
                b"=",
            ]
            found[at : at + 3] = draw.choice(words)
    return bytes(found)


def fuzzed_members(good: bytes, seed: int) -> bytes:
    """The same within the XML of a workbook."""
    return rezipped(good, lambda member, content: fuzzed(content, seed) if seed % 3 or "sheet" in member else content)


def bad_files(kind: str, good: bytes) -> Iterator[tuple[str, bytes]]:
    """300 bad files of a kind, the listed ones first."""
    sheet = kind in ("list.xlsx", "form.xlsx")
    rows = csv_cases if kind.endswith(".csv") else toml_cases
    listed = xlsx_cases(good) if sheet else rows(good.decode())
    count = 0
    for name, content in listed:
        count += 1
        yield name, content
    for seed in range(max(60, CASES - count)):  # as many as are missing, and 60 at least
        yield f"fuzzed-{seed}", (fuzzed_members if sheet and seed % 2 else fuzzed)(good, seed)


HEAVY = ("1000000", "400000", "100000-columns", "-mb", "10000-columns", "last-row", "claims-all")


def few(kind: str, good: bytes, every: int) -> Iterator[tuple[str, bytes]]:
    """Some of the bad files of a kind: every so many, without those of megabytes."""
    for number, (name, content) in enumerate(bad_files(kind, good)):
        if number % every == 3 and not any(word in name for word in HEAVY):
            yield name, content


def mast_workbook() -> bytes:
    """A good list of masts as XLSX."""
    head = ["id", "x", "y", "plmn", "technology", "earfcn"]
    return sheet_bytes([head, *([f"A{k}", X + 500 + 40 * k, Y, "234-30", "LTE", 6300] for k in range(20))])


def tiny_site(folder: Path):
    """The smallest site, with masts of the channels that the files name."""
    spec = importlib.util.spec_from_file_location("tiny_bad", Path(__file__).parents[1] / "tiny_site.py")
    tiny = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tiny)
    return load_site(tiny.write(folder))


def sound_masts(found) -> None:
    """What may become of a list: sectors that a radio could be."""
    for one in (each.sector for each in found.sectors):
        assert math.isfinite(one.x_m + one.y_m + one.tilt_deg), one
        assert 300 <= one.freq_mhz <= 7125, one
        assert 0.5 <= one.height_m <= 400, one
        assert -30 <= one.eirp_dbm <= 90, one


def sound_walk(found, site) -> None:
    """What may become of a log: readings that the next command takes."""
    again = parse_measurements(readings_text(found.readings), site, "readings.csv")
    assert len(again.readings) == len(found.readings)
    assert found.used <= found.rows


def reads(kind: str, site, folder: Path) -> Callable[[Path], None]:
    """Read a file of a kind and look at what comes of it."""
    log, cells = folder / "good-walk.csv", folder / "good-masts.csv"
    log.write_text(WALK, "utf-8")
    cells.write_text(MASTS, "utf-8")
    sectors = [one.id for one in site.sectors]

    def layer(path: Path) -> None:
        found = read_calibration(path, load_constructions(), sectors)
        for one in (*found.constructions, *found.sectors):
            assert abs(one.shift_db) <= 60, one
            assert 0 <= one.sigma_db <= 60, one

    def readings(path: Path) -> None:
        assert all(math.isfinite(one.x_m + one.rsrp_dbm) for one in read_measurements(path, site).readings)

    return {
        "walk.csv": lambda path: sound_walk(import_walk(path, site), site),
        "readings.csv": readings,
        "waypoints.csv": lambda path: sound_walk(import_walk(log, site, None, read_waypoints(path)), site),
        "mapping.toml": lambda path: sound_walk(import_walk(log, site, read_mapping(path)), site),
        "masts.csv": lambda path: sound_masts(import_masts(path, site)),
        "list.xlsx": lambda path: sound_masts(import_masts(path, site)),
        "masts-mapping.toml": lambda path: sound_masts(import_masts(cells, site, read_mast_mapping(path))),
        "calibration.toml": layer,
    }[kind]


GOOD = {
    "walk.csv": WALK.encode(),
    "readings.csv": READINGS.encode(),
    "waypoints.csv": WAYPOINTS.encode(),
    "mapping.toml": MAPPING.encode(),
    "masts.csv": MASTS.encode(),
    "list.xlsx": mast_workbook(),
    "masts-mapping.toml": MAST_MAPPING.encode(),
    "calibration.toml": LAYER.encode(),
}


def said_of(read: Callable[[Path], None], path: Path, content: bytes) -> str:
    """``read``, or the problems that were named; anything else is raised."""
    path.write_bytes(content)
    try:
        read(path)
    except QuietwingError as error:
        problems = getattr(error, "problems", (str(error),))
        for problem in problems:
            assert problem.isprintable(), problem
            assert len(problem) < 700, problem
            assert str(path.parent) not in problem, problem
        assert problems
        return problems[0]
    return "read"


def watch(folder: Path) -> list[str]:
    """From now on: what is written outside a folder, and what asks for the network."""
    seen: list[str] = []

    def hook(event: str, arguments: tuple) -> None:
        if event == "open":
            path, mode, flags = (*arguments, None, None)[:3]
            writes = isinstance(mode, str) and any(letter in mode for letter in "wax+")
            writes = writes or (isinstance(flags, int) and flags & 0o1103)
            known = isinstance(path, str | bytes) and Path(str(path)).is_absolute()
            if writes and known and not Path(str(path)).is_relative_to(folder) and str(path) != "/dev/null":
                seen.append(f"{event} {path}")
        elif event.startswith(("socket.connect", "socket.getaddrinfo", "socket.sendto", "os.system", "os.exec")):
            seen.append(f"{event} {arguments}")

    sys.addaudithook(hook)
    return seen


def cpu_s() -> float:
    """Time on the processor, that of ended child processes counted in: what others do on the machine says nothing."""
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def run_all(kind: str, folder: Path, good: bytes, read: Callable[[Path], None]) -> None:
    """Read all bad files of a kind, a line for each."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    seen = watch(folder)
    for name, content in bad_files(kind, good):
        began = cpu_s()
        try:
            said = said_of(read, folder / kind, content)
        except BaseException as error:
            said = f"FAULT {type(error).__name__}: {str(error)[:200]!r}"
        if seen:
            said, seen[:] = f"FAULT {seen[0]}", []
        print(f"{cpu_s() - began:.1f}\t{name!a}\t{said!a}", flush=True)


if __name__ == "__main__":
    here = Path(sys.argv[2])
    run_all(sys.argv[1], here, GOOD[sys.argv[1]], reads(sys.argv[1], tiny_site(here / "tiny"), here))
