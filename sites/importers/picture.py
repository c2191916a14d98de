"""A picture of a plan, made smaller: runs in a child process, as decoders of pictures meet what anyone sends."""

from __future__ import annotations

import io
import warnings

from PIL import Image, UnidentifiedImageError

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean

__all__ = ["MOST_PIXELS", "smaller_png"]

MOST_PIXELS = 100_000_000


def smaller_png(path: str, name: str, longer_side_px: int) -> tuple[dict[str, int], bytes]:
    """Size of a PNG or JPEG, and a smaller copy of it as PNG.

    Parameters
    ----------
    path, name : str
        Where it lies, and what the messages call it.
    longer_side_px : int
        Of the copy, at most.

    Returns
    -------
    size : dict
        ``width`` and ``height`` of the picture itself. [px]
    png : bytes

    Raises
    ------
    SiteError
        If it is no such picture, or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise SiteError(
                        f"{clean(name)}: has {width:,} × {height:,} pixels (limit {MOST_PIXELS / 1e6:.0f} million); "
                        f"scan at a lower resolution"
                    )
                small = picture.convert("RGB")
                small.thumbnail((longer_side_px, longer_side_px))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, SiteError):
            raise
        raise SiteError(f"{clean(name)}: is no readable PNG or JPEG; export the plan as one of these") from None
    out = io.BytesIO()
    small.save(out, "PNG")
    return {"width": width, "height": height}, out.getvalue()
