"""What all tests of the app share."""

import functools

import pytest
from streamlit.components.v2 import manifest_scanner

from quietwing.coverage.app import blockers_page, shell
from quietwing.coverage.live.drafts_ahead import DraftsAhead


@pytest.fixture(autouse=True, scope="session")
def nothing_is_sent():
    """A page in AppTest goes to no browser: nothing is waited for."""
    before, shell.SENT_S = shell.SENT_S, 0.0
    yield
    shell.SENT_S = before


@pytest.fixture(autouse=True, scope="session")
def packages_are_scanned_once():
    """Each AppTest asks what components all installed packages bring: that stays as it is, and takes 0.1 s."""
    scan = functools.cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(autouse=True, scope="module")
def nobody_looks_upstairs():
    """No storey is drafted ahead beside a test that has gone on long ago."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DraftsAhead, "beside", lambda *_: None)
        patch.setattr(blockers_page, "_warm", lambda *_: None)
        yield
