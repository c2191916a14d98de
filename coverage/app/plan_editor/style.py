"""How the plan editor looks: the report's colours, so that page and print read alike."""

from __future__ import annotations

from quietwing.coverage.report import (
    DEVICE_COLOUR,
    DOOR_COLOUR,
    HOLE_COLOUR,
    QUIET_COLOUR,
    UNKNOWN_COLOUR,
    WALL_COLOUR,
    WINDOW_COLOUR,
)

__all__ = ["CSS", "MARGINAL_COLOUR", "PALE_HOLE_COLOUR", "PALE_QUIET_COLOUR", "TREATED_COLOUR"]

MARGINAL_COLOUR = "#F5D06F"  # assumption A59
TREATED_COLOUR = "#801650"  # as in the report's maps
PALE_QUIET_COLOUR, PALE_HOLE_COLOUR = "#9DB4D6", "#FBD3BC"  # what has not changed

CSS = f"""
.quietwing-plan {{ font-family: var(--st-font); color: var(--st-text-color); font-size: 0.875rem; }}
.bar {{ display: flex; flex-wrap: wrap; gap: 0.35rem 0.75rem; margin-bottom: 0.35rem; }}
.group {{ display: inline-flex; gap: 0.25rem; }}
.bar button {{ font: inherit; color: inherit; background: var(--st-background-color); cursor: pointer;
  border: 1px solid var(--st-text-color); border-radius: 0.3rem; padding: 0.2rem 0.6rem; min-width: 2rem; }}
.bar button:hover {{ background: var(--st-secondary-background-color); }}
.bar button[aria-pressed="true"] {{ background: var(--st-text-color); color: var(--st-background-color); }}
.bar button:disabled {{ opacity: 0.45; cursor: default; }}
.bar button:focus-visible, svg.plan:focus-visible {{ outline: 3px solid #FFBF47; outline-offset: 1px; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 0.15rem 0.9rem; margin-bottom: 0.35rem; min-height: 1.3rem; }}
.entry {{ display: inline-flex; align-items: center; gap: 0.35rem; }}
.entry svg {{ flex: none; }}
.swatch {{ stroke: #000; stroke-width: 0.04; }}
svg.plan {{ display: block; width: 100%; max-height: 72vh; background: #fff; touch-action: none; cursor: grab;
  border: 1px solid #6b7280; user-select: none; }}
svg.plan.adding {{ cursor: crosshair; }}
svg.plan.panning {{ cursor: grabbing; }}
.raster {{ image-rendering: pixelated; }}
.f-dead {{ fill: {QUIET_COLOUR}; }} .f-hole {{ fill: {HOLE_COLOUR}; }} .f-marginal {{ fill: {MARGINAL_COLOUR}; }}
.f-unknown {{ fill: {UNKNOWN_COLOUR}; }} .f-pale-dead {{ fill: {PALE_QUIET_COLOUR}; }}
.f-pale-hole {{ fill: {PALE_HOLE_COLOUR}; }} .f-ink {{ fill: #000; }} .f-paper {{ fill: #fff; }}
.f-grey {{ fill: #6b6b6b; }}
.room {{ fill-rule: evenodd; stroke: none; cursor: pointer; }}
.adding .room {{ cursor: crosshair; }}
.room:hover {{ stroke: #FFDD00; stroke-width: 3px; vector-effect: non-scaling-stroke; }}
.r-dead {{ fill: {QUIET_COLOUR}; }} .r-hole {{ fill: url(#hole); }} .r-marginal {{ fill: url(#marginal); }}
.r-quiet {{ fill: url(#quiet); }} .r-unknown {{ fill: url(#unknown); }} .r-gained {{ fill: url(#gained); }}
.r-lost {{ fill: url(#lost); }} .r-still-dead {{ fill: {PALE_QUIET_COLOUR}; }}
.r-still-hole {{ fill: url(#still-hole); }} .r-other {{ fill: {UNKNOWN_COLOUR}; }} .r-clear {{ fill: transparent; }}
.wall-case, .wall, .door, .window, .hit, .zero, .zero-case, .cable, .cable-case {{
  fill: none; vector-effect: non-scaling-stroke; }}
.wall-case {{ stroke: #fff; stroke-width: 4px; }} .wall {{ stroke: {WALL_COLOUR}; stroke-width: 1.6px; }}
.wall, .wall-case, .door, .zero, .zero-case, .cable, .cable-case, .raster {{ pointer-events: none; }}
.cable-case {{ stroke: #000; stroke-width: 5px; }} .cable {{ stroke: {DEVICE_COLOUR}; stroke-width: 2.6px; }}
.door {{ stroke: {DOOR_COLOUR}; stroke-width: 3px; }}
.window {{ stroke: {WINDOW_COLOUR}; stroke-width: 3.5px; pointer-events: none; }}
.window.treated {{ stroke: {TREATED_COLOUR}; stroke-width: 6px; }}
.hit {{ stroke: transparent; stroke-width: 13px; pointer-events: stroke; cursor: pointer; }}
.hit:hover {{ stroke: rgba(255, 221, 0, 0.7); }}
.adding .hit {{ pointer-events: none; }}
.zero-case {{ stroke: #fff; stroke-width: 4px; }} .zero {{ stroke: #000; stroke-width: 1.8px; }}
.entry .zero, .entry .window {{ stroke-width: 3px; }} .entry .window.treated {{ stroke-width: 5px; }}
.labels {{ pointer-events: none; }} .labels text {{ text-anchor: middle; fill: #000; }}
.plate {{ fill: #fff; opacity: 0.88; }}
.l-dead .plate, .l-quiet .plate, .l-gained .plate {{ fill: {QUIET_COLOUR}; }}
.l-dead text, .l-quiet text, .l-gained text {{ fill: #fff; }}
.mark {{ stroke: #000; stroke-width: 1.6; }}
.device {{ cursor: grab; outline: none; }}
.device text {{ font-size: 11px; font-weight: 600; text-anchor: middle; pointer-events: none; paint-order: stroke;
  stroke: #fff; stroke-width: 3.5px; stroke-linejoin: round; }}
.many .device text, .crowded text {{ display: none; }}
.device:hover text, .device.selected text, .many .device:hover text, .many .device.selected text {{
  display: inline; }}
.device.selected .mark {{ stroke-width: 3.4; }}
.device:focus .mark {{ stroke: #000; stroke-width: 3.4;
  filter: drop-shadow(0 0 2px #fff) drop-shadow(0 0 3px #FFBF47); }}
.scale {{ pointer-events: none; }}
.scale text {{ fill: #000; paint-order: stroke; stroke: #fff; stroke-width: 0.25em; }}
.foot {{ display: flex; justify-content: space-between; gap: 1rem; min-height: 1.4rem; margin-top: 0.2rem; }}
.readout {{ white-space: nowrap; font-variant-numeric: tabular-nums; }}
.busy .status::after {{ content: " …"; }}
"""
