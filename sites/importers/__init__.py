"""Sites from elsewhere: a folder, a GeoPackage, a zip of a folder, a drawing, a picture traced by hand.

Each source has its module. One that reads a file gives a `RawSite`, is named by its ending in `reading.READERS`, and
is checked with all others in `files.assembled_site`.
"""

from typing import TYPE_CHECKING

from quietwing.sites.importers.archive import MOST_ARCHIVE_BYTES
from quietwing.sites.importers.child import plain_path, run_reader
from quietwing.sites.importers.drawings import (
    DRAWING_ENDINGS,
    DrawingChoices,
    ImportedDrawing,
    drawing_kind,
    import_drawing,
)
from quietwing.sites.importers.folder import strangers
from quietwing.sites.importers.geopackage import save_geopackage
from quietwing.sites.importers.reading import (
    Opened,
    check,
    import_site,
    load_site,
    opened,
    read_and_check,
    rechecked,
    site_report,
    workshop_in,
)

if TYPE_CHECKING:
    from quietwing.sites.importers.tracing import (
        ScaleLine,
        TraceChoices,
        TracedOpening,
        TracedRoom,
        import_tracing,
    )

__all__ = [
    "DRAWING_ENDINGS",
    "MOST_ARCHIVE_BYTES",
    "DrawingChoices",
    "ImportedDrawing",
    "Opened",
    "ScaleLine",
    "TraceChoices",
    "TracedOpening",
    "TracedRoom",
    "check",
    "drawing_kind",
    "import_drawing",
    "import_site",
    "import_tracing",
    "load_site",
    "opened",
    "plain_path",
    "read_and_check",
    "rechecked",
    "run_reader",
    "save_geopackage",
    "site_report",
    "strangers",
    "workshop_in",
]


def __getattr__(name: str) -> object:
    """Load tracing when it is first asked for: whoever reads a folder need not wait for it."""
    if name in __all__:
        from quietwing.sites.importers import tracing  # slow to load

        return getattr(tracing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
