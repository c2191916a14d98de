"""Files that are no site are refused in words, and nothing of them is written outside the session's folder."""

import io
import zipfile

import pytest

pytestmark = pytest.mark.slow

LIMIT_MB = 50


def zip_of(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


@pytest.fixture(scope="module")
def uploader(app, open_windows):
    planner = open_windows(app)
    planner.arrive("my-site")
    return planner


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("bomb.zip", lambda: zip_of(**{"site.toml": b"\0" * 64 * 2**20}), "unpacks to over 200 times its size"),
        ("up.zip", zip_of(**{"../../quietwing-escaped.toml": b"name = 1"}), "leads out of the folder"),
        ("text.zip", b"this is no zip", "cannot be unpacked"),
        ("empty.gpkg", b"this is no database", "is no GeoPackage"),
        ("holiday.zip", zip_of(**{"beach.jpg": b"sand"}), "holds no site.toml"),
    ],
)
def test_a_harmful_or_wrong_file_is_refused_and_leaves_nothing(uploader, app, name, content, says):
    before = app.files
    uploader.upload(name, content() if callable(content) else content)
    alert = uploader.page.get_by_test_id("stAlert").filter(has_text="There is a problem")
    alert.get_by_text(says).wait_for()
    assert uploader.exceptions() == 0
    assert app.files - before == set()
    assert not list(app.temp.parent.rglob("quietwing-escaped.toml"))
    assert "Site: houseblock" in uploader.text()


def test_a_file_over_the_limit_is_refused_before_it_is_sent(uploader, app, tmp_path):
    large = tmp_path / "large.zip"
    with large.open("wb") as out:
        out.truncate((LIMIT_MB + 1) * 2**20)
    before, sent = app.files, len(uploader.requests)
    uploader.go("my-site")
    uploader.page.get_by_text("Upload a drawing or site", exact=True).click()
    uploader.rest()
    uploader.page.locator(".st-key-site-upload input[type=file]").set_input_files(large)
    uploader.page.get_by_text(f"File must be {LIMIT_MB}").wait_for()
    assert not [url for url in uploader.requests[sent:] if "upload_file" in url]
    assert app.files - before == set()
