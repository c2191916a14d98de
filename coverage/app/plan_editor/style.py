"""How the plan editor looks: the report's colours, so that page and print read alike."""

from __future__ import annotations

from quietwing.coverage.report import DEVICE_COLOUR, DOOR_COLOUR, UNKNOWN_COLOUR, WALL_COLOUR, WINDOW_COLOUR

__all__ = ["CSS", "TREATED_COLOUR"]

TREATED_COLOUR = "#801650"  # as in the report's maps

CSS = f"""
.quietwing-plan {{ font-family: var(--st-font); color: var(--st-text-color); font-size: 0.8125rem; display: grid;
  grid-template: "top top" auto "tools stage" minmax(0, 1fr) "tools cut" auto "foot foot" auto / auto minmax(0, 1fr);
  gap: 0.3rem; height: max(26rem, calc(100vh - var(--quietwing-above, 7rem))); position: relative; }}
.top {{ grid-area: top; display: flex; flex-wrap: wrap; gap: 0.3rem 0.6rem; align-items: center; }}
.tools {{ grid-area: tools; display: flex; flex-direction: column; gap: 0.2rem; }}
@media (max-height: 44rem) {{ /* a small window, or a large zoom: one column would reach over what stands below */
  .tools {{ display: grid; grid-template-columns: auto auto; align-content: start; }} }}
.still .tools button.edit, .tools button.group-only {{ display: none; }}
.several .tools button.group-only {{ display: block; }}
.group {{ display: inline-flex; gap: 0.2rem; flex-wrap: wrap; }}
.quietwing-plan button, .quietwing-plan select {{ font: inherit; color: inherit; cursor: pointer;
  background: var(--st-background-color); border: 1px solid #6b7280; border-radius: 0.3rem; padding: 0.15rem 0.5rem;
  min-height: 1.8rem; max-width: 17rem; }}
.storeys {{ flex: 1 1 26rem; min-width: 0; max-width: max-content; flex-wrap: nowrap; }}
@media (max-width: 960px) {{ .storeys {{ flex-wrap: wrap; }} }}
.storeys button {{ flex: none; max-width: 17rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }}
.storeys .long {{ flex: 0 1 auto; min-width: 5.5rem; }} /* a building's name gives way first */
.tools button {{ width: 2rem; padding: 0; font-size: 0.95rem; }}
.quietwing-plan button:hover, .quietwing-plan select:hover {{ background: var(--st-secondary-background-color); }}
.quietwing-plan button[aria-pressed="true"], .quietwing-plan button[aria-checked="true"] {{
  background: var(--st-text-color); color: var(--st-background-color); }}
.quietwing-plan button:disabled {{ opacity: 0.4; cursor: default; }}
.quietwing-plan button:focus-visible, .quietwing-plan select:focus-visible, svg.plan:focus-visible,
.divider:focus-visible {{ outline: 3px solid #0B5FBF; outline-offset: 1px; }}
.stage {{ grid-area: stage; position: relative; background: #fff; border: 1px solid #6b7280; border-radius: 0.25rem;
  overflow: hidden; min-height: 0; }}
.field, svg.plan {{ position: absolute; inset: 0; width: 100%; height: 100%; display: block; }}
svg.plan {{ touch-action: none; cursor: grab; user-select: none; }}
svg.plan.adding {{ cursor: crosshair; }}
svg.plan.panning {{ cursor: grabbing; }}
.busy .stage::before {{ content: ""; position: absolute; z-index: 4; top: 0; left: 0; height: 3px; width: 30%;
  background: #0B5FBF; animation: quietwing-busy 1s linear infinite; }}
@keyframes quietwing-busy {{ from {{ left: -30%; }} to {{ left: 100%; }} }}
@media (prefers-reduced-motion: reduce) {{ .busy .stage::before {{ animation: none; width: 100%; }} }}
.legend {{ position: absolute; left: 0; right: 0; bottom: 0; display: flex; flex-wrap: wrap; align-items: center;
  gap: 0.1rem 0.9rem; padding: 0.25rem 0.6rem; background: #fff; color: #1a1a1a;
  border-top: 1px solid #d0d4da; font-size: 0.75rem; pointer-events: none; }}
.entry {{ display: inline-flex; align-items: center; gap: 0.35rem; }}
.entry svg {{ flex: none; }}
.bar-of {{ flex: 0 0 100%; display: flex; align-items: center; gap: 0.7rem; flex-wrap: wrap; padding-bottom: 1rem;
  position: relative; }}
.bar-of:not(:has(.strip)) {{ padding-bottom: 0; }}
.bar-title {{ font-weight: 600; }}
.strip {{ flex: 1 1 14rem; height: 0.7rem; max-width: 30rem; border: 1px solid #1a1a1a; position: relative; }}
.ticks {{ flex: 0 0 100%; height: 0; }}
.bar-of .strip .ticks {{ position: absolute; inset: 0.75rem 0 auto 0; height: 1rem; }}
.ticks span {{ position: absolute; white-space: nowrap; font-variant-numeric: tabular-nums; }}
.swatch {{ stroke: #000; stroke-width: 0.04; }}
.stack {{ position: absolute; width: clamp(6rem, 18%, 12rem);
  height: clamp(6rem, 24%, 12rem);
  background: rgba(255, 255, 255, 0.82); border-radius: 0.25rem; }}
.storey {{ stroke: #1a1a1a; stroke-width: 1px; vector-effect: non-scaling-stroke; cursor: pointer;
  fill-opacity: 0.92; }}
.storey.chosen {{ stroke: #D0006F; stroke-width: 3px; }}
.storey:hover {{ stroke: #FFDD00; stroke-width: 3px; }}
.tip {{ position: absolute; display: none; z-index: 5; max-width: 22rem; padding: 0.25rem 0.5rem; color: #fff;
  background: rgba(26, 26, 26, 0.92); border-radius: 0.25rem; pointer-events: none; font-size: 0.75rem; }}
.dividers {{ position: absolute; inset: 0; pointer-events: none; }}
.divider {{ position: absolute; top: 0; bottom: 0; width: 14px; margin-left: -7px; cursor: ew-resize;
  touch-action: none; pointer-events: auto; background: linear-gradient(to right,
  transparent 5px, #D0006F 5px 9px, transparent 9px); }}
.slice {{ position: absolute; top: 0.3rem; transform: translateX(-50%); background: rgba(26, 26, 26, 0.88);
  color: #fff; border-radius: 0.25rem; padding: 0.1rem 0.5rem; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }}
.ring {{ fill: none; stroke: #808080; stroke-width: 1px; stroke-dasharray: 5 4; vector-effect: non-scaling-stroke; }}
.building {{ fill: #E5E5E5; stroke: #1a1a1a; stroke-width: 1px; vector-effect: non-scaling-stroke; cursor: pointer; }}
.building:hover {{ fill: #FFF2B3; }}
.fence, .fence-case {{ fill: none; vector-effect: non-scaling-stroke; pointer-events: none; }}
.fence {{ stroke: #1a1a1a; stroke-width: 2.2px; }} .fence-case {{ stroke: #fff; stroke-width: 5px; }}
.fixed {{ pointer-events: none; }}
.within {{ fill: #12436D; }} .over {{ stroke: #801650; stroke-width: 2px; fill: none; }}
.home {{ fill: #fff; stroke: #000; stroke-width: 1.4; }} .mast {{ fill: none; stroke: #000; stroke-width: 1.8; }}
.beam {{ fill: #0B5FBF; fill-opacity: 0.28; stroke: #0B5FBF; stroke-width: 0.7; }}
.site-name {{ font-size: 11px; text-anchor: middle; paint-order: stroke; stroke: #fff; stroke-width: 3px; }}
.f-unknown {{ fill: {UNKNOWN_COLOUR}; }} .f-grey {{ fill: #6b6b6b; }}
.room {{ fill-rule: evenodd; stroke: none; cursor: pointer; }}
.adding .room {{ cursor: crosshair; }}
.room:hover {{ stroke: #FFDD00; stroke-width: 3px; vector-effect: non-scaling-stroke; }}
.r-unknown, .r-o-unknown {{ fill: url(#unknown); }}
.r-o-dead, .r-o-quiet, .r-o-hole, .r-o-near, .r-o-gained, .r-o-lost {{ fill: transparent; }}
.entry .r-o-dead {{ stroke: #fff; }} .entry .r-o-quiet {{ stroke: #6BAED6; stroke-dasharray: 2 3; }}
.entry .r-o-hole, .entry .r-o-lost {{ stroke: #D0006F; stroke-dasharray: 4 3; }}
.entry .r-o-near {{ stroke: #E69F00; stroke-dasharray: 3 2; }} .entry .r-o-gained {{ stroke: #08306B; }}
.entry .room {{ stroke-width: 2px; vector-effect: non-scaling-stroke; }} .entry .r-o-dead {{ fill: #440154; }}
.room.picked {{ stroke: #FFDD00; stroke-width: 4px; stroke-dasharray: none; vector-effect: non-scaling-stroke; }}
.r-other {{ fill: {UNKNOWN_COLOUR}; }} .r-clear {{ fill: transparent; }}
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
.l-clear .plate, [class*="l-o-"] .plate {{ display: none; }}
.l-clear text, [class*="l-o-"] text {{ font-weight: 600; paint-order: stroke; stroke: #fff; stroke-width: 0.22em;
  stroke-linejoin: round; }}
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
.sliced svg.plan :is(.marks, .cable, .cable-case, .treated) {{ clip-path: url(#last-part); }}
.device.grouped .mark {{ stroke: #D0006F; stroke-width: 3.4; }}
.turn path {{ stroke: #FFDD00; stroke-width: 2.5; fill: none; filter: drop-shadow(0 0 1px #000); }}
 .turn circle {{ display: none; }}
.device.selected .turn circle {{ display: inline; fill: #FFDD00; stroke: #1a1a1a; stroke-width: 1.5; cursor: grab; }}
.ruler {{ pointer-events: none; }}
.rule, .rule-case {{ fill: none; vector-effect: non-scaling-stroke; }}
.rule-case {{ stroke: #fff; stroke-width: 6px; }}
.rule {{ stroke: #1a1a1a; stroke-width: 2.4px; stroke-dasharray: 7 4; }}
.rule-end {{ fill: #FFDD00; stroke: #1a1a1a; stroke-width: 1.5px; vector-effect: non-scaling-stroke; }}
.ruler text {{ text-anchor: middle; font-weight: 600; paint-order: stroke; stroke: #fff; stroke-width: 0.3em; }}
.cut {{ grid-area: cut; display: none; background: #fff; border: 1px solid #6b7280; border-radius: 0.25rem;
  color: #1a1a1a; }}
.has-cut .cut {{ display: block; }}
.cut-head {{ display: flex; gap: 0.6rem; align-items: center; padding: 0.2rem 0.4rem 0; }}
.cut-said {{ flex: 1 1 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }}
.cut-stage {{ display: block; width: 100%; height: clamp(7.5rem, 19vh, 13rem); }}
.cut-legend {{ display: flex; flex-wrap: wrap; gap: 0.1rem 0.9rem; align-items: center; font-size: 0.75rem;
  padding: 0 0.6rem 0.2rem; }}
.cut-part {{ stroke: none; }} .cut-floor {{ stroke: {WALL_COLOUR}; stroke-width: 3px; fill: none; }}
rect.cut-wall {{ fill: {WALL_COLOUR}; }} rect.cut-door {{ fill: {DOOR_COLOUR}; }}
rect.cut-window {{ fill: {WINDOW_COLOUR}; }}
path.cut-wall {{ stroke: {WALL_COLOUR}; stroke-width: 4px; vector-effect: non-scaling-stroke; }}
path.cut-door {{ stroke: {DOOR_COLOUR}; stroke-width: 4px; vector-effect: non-scaling-stroke; }}
path.cut-window {{ stroke: {WINDOW_COLOUR}; stroke-width: 4px; vector-effect: non-scaling-stroke; }}
.cut-tick {{ stroke: #1a1a1a; }}
.cut text {{ font-size: 11px; fill: #1a1a1a; }}
.cut-name {{ text-anchor: middle; font-weight: 600; paint-order: stroke; stroke: #fff; stroke-width: 3px;
  stroke-linejoin: round; }}
.cut-level {{ text-anchor: end; }} .cut-along {{ text-anchor: middle; }}
.cut-line {{ fill: none; stroke: #D0006F; stroke-width: 2.4px; stroke-dasharray: 12 4 3 4;
  vector-effect: non-scaling-stroke; }}
.scale {{ pointer-events: none; }}
.scale text {{ fill: #000; paint-order: stroke; stroke: #fff; stroke-width: 0.25em; }}
.foot {{ grid-area: foot; display: flex; justify-content: space-between; gap: 1rem; height: 1.2rem;
  overflow: hidden; }}
.status {{ white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }}
.readout {{ white-space: nowrap; font-variant-numeric: tabular-nums; }}
.busy .status::after {{ content: " …"; }}
"""
