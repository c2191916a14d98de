// What the editor draws with. `editor.js` stands behind it in one script.

const NS = 'http://www.w3.org/2000/svg';
const SHAPES = {
  circle: 'M-7 0A7 7 0 1 0 7 0A7 7 0 1 0 -7 0Z',
  square: 'M-6.2 -6.2H6.2V6.2H-6.2Z',
  triangle: 'M0 -8L7.4 5.6H-7.4Z',
  diamond: 'M0 -8.6L8.6 0L0 8.6L-8.6 0Z',
  pentagon: 'M0 -8L7.6 -2.5L4.7 6.5H-4.7L-7.6 -2.5Z',
  cross: 'M-3 -8H3V-3H8V3H3V8H-3V3H-8V-3H-3Z',
};

const SYMBOLS = { // of the site from above
  over: 'M-3.5 -3.5L3.5 3.5M-3.5 3.5L3.5 -3.5',
  within: 'M-2 0A2 2 0 1 0 2 0A2 2 0 1 0 -2 0Z',
  home: 'M-6 5V-1L0 -7L6 -1V5Z',
  mast: 'M-5 8L0 -9L5 8M-3 2H3',
};

function svgNode(name, attributes, parent) {
  const made = document.createElementNS(NS, name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (parent) parent.appendChild(made);
  return made;
}

function node(name, attributes, parent, text) {
  const made = document.createElement(name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
}

const centimetre = (value) => Math.round(value * 100) / 100;
const metres = (value) => `${(Math.abs(value) < 0.05 ? 0 : value).toFixed(1)} m`; // never −0.0
const signed = (value, plus) => `${value < 0 ? '−' : plus ? '+' : ''}${Math.abs(value).toFixed(Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0)}`;

function patterns(svg) {
  const defs = svgNode('defs', {}, svg);
  const make = (id, size, turn, ground, draw) => {
    const at = { id, patternUnits: 'userSpaceOnUse', width: size, height: size, patternTransform: `rotate(${turn})` };
    const pattern = svgNode('pattern', at, defs);
    svgNode('rect', { width: size, height: size, class: ground }, pattern);
    draw(pattern);
  };
  const dot = (css) => (pattern) => svgNode('circle', { cx: 0.3, cy: 0.3, r: 0.09, class: css }, pattern);
  make('unknown', 0.6, 0, 'f-unknown', dot('f-grey'));
  return svgNode('rect', {}, svgNode('clipPath', { id: 'last-part' }, defs));
}

function drawLegend(legend, entries) {
  legend.replaceChildren();
  for (const entry of entries) {
    const item = node('span', { class: 'entry', role: 'listitem' }, legend);
    const swatch = svgNode('svg', { width: 20, height: 16, viewBox: '0 0 1.25 1', 'aria-hidden': 'true' }, item);
    if (entry.outline) {
      svgNode('rect', { x: 0.08, y: 0.08, width: 1.09, height: 0.84, class: `room r-o-${entry.outline}` }, swatch);
    } else if (entry.symbol) {
      svgNode('path', { d: SYMBOLS[entry.symbol], class: entry.symbol, transform: 'translate(.62 .5) scale(.055)' }, swatch);
    } else if (entry.shape) {
      const mark = svgNode('path', { d: SHAPES[entry.shape], class: 'mark', transform: 'translate(.62 .5) scale(.055)' }, swatch);
      mark.style.fill = entry.colour;
    } else if (entry.colour) {
      svgNode('rect', { width: 1.25, height: 1, class: 'swatch' }, swatch).style.fill = entry.colour;
    } else if (entry.line) {
      svgNode('path', { d: 'M0 .5H1.25', class: entry.line }, swatch);
    } else {
      svgNode('rect', { width: 1.25, height: 1, class: `swatch r-${entry.state}` }, swatch);
    }
    node('span', {}, item, entry.text);
  }
}

function drawGround(ground, data) {
  ground.replaceChildren();
  const layer = (name) => svgNode('g', { class: name }, ground);
  const rooms = layer('rooms');
  for (const room of data.rooms) {
    svgNode('path', { d: room.d, class: `room r-${room.state}`, 'data-room': room.id, 'data-title': room.title }, rooms);
  }
  if (data.site) drawSite(ground, data.site);
  svgNode('path', { d: data.walls, class: 'wall-case' }, ground);
  svgNode('path', { d: data.walls, class: 'wall' }, ground);
  svgNode('path', { d: data.doors, class: 'door' }, ground);
  const windows = layer('windows');
  for (const window of data.windows) {
    if (window.treated && data.slices) svgNode('path', { d: window.d, class: 'window' }, windows); // in the parts before
    const line = svgNode('path', { d: window.d, class: window.treated ? 'window treated' : 'window' }, windows);
    if (!window.room) continue;
    const hit = svgNode('path', { d: window.d, class: 'hit', 'data-window': window.id }, windows);
    if (window.treated) hit.setAttribute('data-treated', '');
    svgNode('title', {}, hit).textContent = window.title;
    line.setAttribute('aria-hidden', 'true');
  }
  if (data.cables) {
    svgNode('path', { d: data.cables, class: 'cable-case' }, ground);
    svgNode('path', { d: data.cables, class: 'cable' }, ground);
  }
  const labels = layer('labels');
  for (const room of data.rooms) {
    if (!room.label) continue;
    const lines = room.label.length;
    const half = { x: 0.31 * room.size * Math.max(0, ...room.label.map((line) => line.length)), y: 0.6 * room.size * lines };
    const label = svgNode('g', { class: `label l-${room.state}` }, labels);
    const [halfX, halfY] = room.upright ? [half.y, half.x] : [half.x, half.y];
    Object.assign(label.dataset, { size: room.size, x: room.x, y: room.y, halfX, halfY, turn: room.upright ? -90 : 0 });
    const plate = { x: room.x - half.x, y: room.y - half.y, width: 2 * half.x, height: 2 * half.y, class: 'plate' };
    svgNode('rect', plate, label); // letters on a hatch are not read
    const text = svgNode('text', { x: room.x, y: room.y + room.size * (0.35 - 0.55 * (lines - 1)), 'font-size': room.size }, label);
    room.label.forEach((line, index) => {
      svgNode('tspan', { x: room.x, dy: index ? '1.1em' : '0' }, text).textContent = line;
    });
  }
  return labels;
}

// The site from above: buildings to go to, fence, rings, homes, masts with their beams, places that are judged.
function drawSite(ground, site) {
  for (const ring of site.rings) svgNode('path', { d: ring.d, class: 'ring' }, ground);
  for (const building of site.buildings) {
    const shape = svgNode('path', { d: building.d, class: 'building', 'data-place': building.place }, ground);
    svgNode('title', {}, shape).textContent = building.title;
  }
  svgNode('path', { d: site.fence, class: 'fence-case' }, ground);
  svgNode('path', { d: site.fence, class: 'fence' }, ground);
  const fixed = (mark) => svgNode('g', { class: 'fixed', 'data-x': mark.x, 'data-y': -mark.y }, ground);
  for (const point of site.points) {
    const mark = fixed(point);
    const state = point.over ? 'over' : 'within';
    svgNode('path', { d: SYMBOLS[state], class: state }, mark);
  }
  for (const home of site.homes) {
    const mark = fixed(home);
    svgNode('path', { d: SYMBOLS.home, class: 'home' }, mark);
    if (home.name) svgNode('text', { y: 17, class: 'site-name' }, mark).textContent = home.name;
  }
  for (const mast of site.masts) {
    const mark = fixed(mast);
    for (const azimuth of mast.beams) svgNode('path', { d: 'M0 0L-9 -34A36 36 0 0 1 9 -34Z', class: 'beam', transform: `rotate(${azimuth})` }, mark);
    svgNode('path', { d: SYMBOLS.mast, class: 'mast' }, mark);
    svgNode('text', { y: 21, class: 'site-name' }, mark).textContent = mast.name;
  }
  for (const name of site.names) svgNode('text', { y: 13, class: 'site-name' }, fixed(name)).textContent = name.text;
}

// Which of some names, each [x, y, letters] in pixels, find room beside those before them: none is written over another.
function besideOthers(names, letterPx, highPx) {
  const taken = [];
  return names.map(([x, y, letters]) => {
    const half = (letters * letterPx) / 2;
    const free = taken.every((one) => Math.abs(one.x - x) > one.half + half || Math.abs(one.y - y) > highPx);
    if (free) taken.push({ x, y, half });
    return free;
  });
}

function drawScale(frame, svg, view, perPixel, at, under) {
  frame.replaceChildren();
  const length = [1, 2, 5, 10, 20, 50, 100, 200, 500].filter((m) => m <= view.width / 5).pop() || 1;
  // The view may be letterboxed: the corner that is seen, not the one asked for.
  const box = svg.getBoundingClientRect();
  const corner = at({ clientX: box.left + 12, clientY: box.bottom - 12 - under });
  svgNode('rect', { x: corner.x, y: -corner.y - 4 * perPixel, width: length, height: 4 * perPixel }, frame);
  const text = svgNode('text', { x: corner.x, y: -corner.y - 8 * perPixel, 'font-size': 12 * perPixel }, frame);
  text.textContent = `${length} m`;
  const north = at({ clientX: box.right - 18, clientY: box.bottom - 36 - under });
  const arrow = svgNode('g', { transform: `translate(${north.x} ${-north.y}) scale(${perPixel})` }, frame);
  svgNode('path', { d: 'M0 -12L6 8L0 4L-6 8Z' }, arrow);
  svgNode('text', { y: 22, 'font-size': 12, 'text-anchor': 'middle' }, arrow).textContent = 'N';
}
