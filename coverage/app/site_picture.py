"""A picture of a plan, read and clicked on: our own component, without a file or address from outside.

It hands back one trigger, ``click``, with pixels of the picture's own size. Texts of a user reach the page only as
``textContent``.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import streamlit as st

from quietwing.sites import SiteError, clean, plain_path, run_reader, workshop_in

__all__ = ["Picture", "clicked_picture", "read_picture"]

MOST_PICTURE_BYTES = 50 * 2**20
SHOWN_PIXELS = 1600  # longer side of the picture as the page shows it

_HTML = """<svg role="application"></svg><div class="say" aria-live="polite"></div>"""
_CSS = """
svg { width: 100%; height: auto; max-height: 75vh; display: block; background: #fff; cursor: crosshair;
      border: 1px solid var(--st-border-color); }
.room { fill: #12436D; fill-opacity: .18; stroke: #12436D; vector-effect: non-scaling-stroke; stroke-width: 2; }
.keep { fill: #801650; stroke: #801650; }
.open { fill: none; stroke: #F46A25; stroke-width: 3; vector-effect: non-scaling-stroke; }
.scale { stroke: #000; stroke-width: 2; stroke-dasharray: 6 4; vector-effect: non-scaling-stroke; }
.dot { fill: #fff; stroke: #000; vector-effect: non-scaling-stroke; stroke-width: 1.5; }
.hole { fill: #2A9DF4; stroke: #000; vector-effect: non-scaling-stroke; }
text { font-family: var(--st-font); fill: #000; stroke: #fff; stroke-width: .25em; paint-order: stroke;
       text-anchor: middle; }
.say { font-family: var(--st-font); color: var(--st-text-color); font-size: .9rem; margin-top: .3rem; }
"""
_JS = """
const NS = 'http://www.w3.org/2000/svg';
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const svg = parentElement.querySelector('svg'), say = parentElement.querySelector('.say');
  const W = data.width, H = data.height, unit = Math.max(W, H) / 100;
  const add = (name, attributes, text) => {
    const made = document.createElementNS(NS, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    svg.appendChild(made);
    return made;
  };
  svg.replaceChildren();
  svg.setAttribute('viewBox', `0 0 ${W} ${H}`);
  svg.setAttribute('aria-label', data.label);
  add('image', { href: data.picture, x: 0, y: 0, width: W, height: H, preserveAspectRatio: 'none' });
  const path = (points) => points.map((p) => p[0] + ',' + p[1]).join(' ');
  for (const room of data.rooms) {
    const done = room.corners.length > 2;
    add(done ? 'polygon' : 'polyline',
        { class: done ? 'room ' + (room.role === 'silence' ? '' : 'keep') : 'open', points: path(room.corners) });
    for (const corner of room.corners) add('circle', { class: 'dot', cx: corner[0], cy: corner[1], r: unit * .35 });
    const x = room.corners.reduce((sum, p) => sum + p[0], 0) / room.corners.length;
    const y = room.corners.reduce((sum, p) => sum + p[1], 0) / room.corners.length;
    add('text', { x, y, 'font-size': unit * 1.6 }, room.id);
  }
  for (const hole of data.openings)
    add('circle', { class: 'hole', cx: hole[0], cy: hole[1], r: unit * .5 });
  if (data.scale.length === 2) add('polyline', { class: 'scale', points: path(data.scale), fill: 'none' });
  for (const end of data.scale) add('circle', { class: 'dot', cx: end[0], cy: end[1], r: unit * .6 });
  say.textContent = data.say;
  svg.onclick = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const within = (value, most) => Math.round(Math.min(most, Math.max(0, value)) * 10) / 10;
    setTriggerValue('click', { x: within(at.x, W), y: within(at.y, H) });
  };
  return () => { svg.onclick = null; };
}
"""
_mount = st.components.v2.component("quietwing_clicked_picture", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True)
class Picture:
    """A background plan: its own size, and a smaller copy for the page."""

    width_px: int
    height_px: int
    shown_png: bytes


def read_picture(name: str, content: bytes) -> Picture:
    """A PNG or JPEG as the page shows it.

    Raises
    ------
    SiteError
        If it is no such picture, or too large.
    """
    if len(content) > MOST_PICTURE_BYTES:
        raise SiteError(f"{clean(name)}: has {len(content) / 2**20:.0f} MB (limit 50 MB); scan at a lower resolution")
    with workshop_in(None) as workshop:
        path = workshop / "picture"
        path.write_bytes(content)
        size, png = run_reader(
            "quietwing.sites.importers.picture:smaller_png",
            {"path": plain_path(path), "name": name, "longer_side_px": SHOWN_PIXELS},
            name=name,
        )
    return Picture(size["width"], size["height"], png)


def clicked_picture(
    picture: Picture,
    *,
    rooms: list[dict[str, Any]],
    openings: list[tuple[float, float]],
    scale: list[tuple[float, float]],
    say: str,
    key: str,
) -> tuple[float, float] | None:
    """Show the picture with what is traced; the point just clicked, in its pixels, else None."""
    shown = "data:image/png;base64," + base64.b64encode(picture.shown_png).decode()
    found = _mount(
        key=key,
        on_click_change=lambda: None,
        data={
            "picture": shown,
            "width": picture.width_px,
            "height": picture.height_px,
            "label": "The plan. Click to set points; the tables below do the same by keyboard.",
            "rooms": rooms,
            "openings": openings,
            "scale": scale,
            "say": say,
        },
    )
    point = found.get("click") if found is not None else None
    return (float(point["x"]), float(point["y"])) if point else None
