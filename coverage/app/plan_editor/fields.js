// Fields: values on a grid, or by room, as colours on a canvas. Nothing here knows the page or the server.
// One meaning through all layers: dark is quiet, bright is where the network is heard.

const RAMPS = {
  // viridis, and blue-white-orange of ColorBrewer (PuOr reversed): told apart with any colour vision and in grey
  level: ['#440154', '#482878', '#3E4989', '#31688E', '#26828E', '#1F9E89', '#35B779', '#6ECE58', '#B5DE2B', '#FDE725'],
  change: ['#7F2704', '#D94801', '#FD8D3C', '#FDD0A2', '#F7F7F7', '#C6DBEF', '#6BAED6', '#2171B5', '#08306B'],
};
RAMPS.quiet = [...RAMPS.level].reverse(); // where much is quiet: a margin, a chance that nothing works
const STEPS = 256;
const FINE = 4; // parts of a square's side
const NOTHING = -32768; // of the arrays from Python
const TENTHS = 10;
const MOST_PX_M = 12; // of a field's picture, a metre
const MOST_PICTURES = 6; // of fields, kept for storeys and layers that are looked at in turn: 10 MB each at most
const MOST_PX = 1800; // and on its longer side
const TABLES = {};
const OUTLINE_PX = 5; // from the middle of a wall inwards: the wall's own line hides two of them
const OUTLINES = { // with the styles of the legend
  'o-dead': { colour: '#FFFFFF', dash: [] },
  'o-quiet': { colour: '#6BAED6', dash: [2, 4] },
  'o-hole': { colour: '#D0006F', dash: [6, 5] },
  'o-near': { colour: '#E69F00', dash: [3, 3] },
  'o-gained': { colour: '#08306B', dash: [] },
  'o-lost': { colour: '#D0006F', dash: [6, 5] },
};

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

function rampTable(name) {
  if (!TABLES[name]) {
    const stops = RAMPS[name].map(channels);
    const table = new Uint8Array(STEPS * 3);
    for (let step = 0; step < STEPS; step += 1) {
      const place = (step / (STEPS - 1)) * (stops.length - 1);
      const low = Math.min(Math.floor(place), stops.length - 2);
      for (let part = 0; part < 3; part += 1) {
        table[3 * step + part] = Math.round(stops[low][part] + (place - low) * (stops[low + 1][part] - stops[low][part]));
      }
    }
    TABLES[name] = table;
  }
  return TABLES[name];
}

function rampColour(scale, value) {
  const share = Math.min(1, Math.max(0, (value - scale.low) / (scale.high - scale.low)));
  const at = 3 * Math.round(share * (STEPS - 1));
  const table = rampTable(scale.ramp);
  return [table[at], table[at + 1], table[at + 2]];
}

const cssColour = (scale, value) => `rgb(${rampColour(scale, value).join(',')})`;

function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Int16Array(bytes.buffer);
}

// Value between the grid's points. With `room` only its squares count: a wall is no slope. null: nothing there.
function between(grid, values, i, j, room) {
  const { width, height, rooms } = grid;
  const counts = (at) => values[at] !== NOTHING && (room === null || rooms[at] === room);
  const [lowI, lowJ] = [Math.floor(i), Math.floor(j)];
  let sum = 0;
  let weights = 0;
  for (let atJ = Math.max(0, lowJ); atJ <= Math.min(height - 1, lowJ + 1); atJ += 1) {
    for (let atI = Math.max(0, lowI); atI <= Math.min(width - 1, lowI + 1); atI += 1) {
      const weight = (1 - Math.abs(i - atI)) * (1 - Math.abs(j - atJ));
      const at = atJ * width + atI;
      if (weight > 0 && counts(at)) { sum += weight * values[at]; weights += weight; }
    }
  }
  if (weights > 0) return sum / weights / TENTHS;
  if (room === null) return null;
  let best = null; // beside the last square of the room: as the nearest one
  let nearest = Infinity;
  for (let atJ = Math.max(0, lowJ - 1); atJ <= Math.min(height - 1, lowJ + 2); atJ += 1) {
    for (let atI = Math.max(0, lowI - 1); atI <= Math.min(width - 1, lowI + 2); atI += 1) {
      const far = (i - atI) ** 2 + (j - atJ) ** 2;
      if (far < nearest && counts(atJ * width + atI)) { nearest = far; best = values[atJ * width + atI] / TENTHS; }
    }
  }
  return best;
}

// Pixels of squares i0…i1, j0…j1 of a grid, FINE a side of a square; of one room, or of all.
function shaded(grid, field, [i0, j0, i1, j1], room) {
  const across = (i1 - i0 + 1) * FINE;
  const down = (j1 - j0 + 1) * FINE;
  const pixels = new Uint8ClampedArray(4 * across * down);
  const table = field.classes ? null : rampTable(field.ramp);
  const colours = new Map(Object.entries(field.classes || {}).map(([value, hex]) => [Number(value), channels(hex)]));
  const other = [229, 229, 229];
  for (let y = 0; y < down; y += 1) {
    for (let x = 0; x < across; x += 1) {
      let [i, j] = [i0 + (x + 0.5) / FINE - 0.5, j0 + (y + 0.5) / FINE - 0.5];
      if (field.classes) [i, j] = [Math.round(i), Math.round(j)];
      const value = between(grid, field.values, i, j, room);
      if (value === null) continue;
      const to = 4 * (y * across + x);
      const share = Math.min(1, Math.max(0, (value - field.low) / (field.high - field.low)));
      const from = table ? 3 * Math.round(share * (STEPS - 1)) : 0;
      const colour = table || colours.get(value) || other;
      for (let part = 0; part < 3; part += 1) pixels[to + part] = colour[from + part];
      pixels[to + 3] = 255;
    }
  }
  return { pixels, width: across, height: down };
}

// Squares of each room: i0, j0, i1, j1, one more on each side.
function spans(grid) {
  const found = new Map();
  grid.rooms.forEach((room, at) => {
    if (room < 0) return;
    const [i, j] = [at % grid.width, Math.floor(at / grid.width)];
    const span = found.get(room) || [i, j, i, j];
    found.set(room, [Math.min(span[0], i), Math.min(span[1], j), Math.max(span[2], i), Math.max(span[3], j)]);
  });
  for (const [room, [i0, j0, i1, j1]] of found) {
    found.set(room, [Math.max(0, i0 - 1), Math.max(0, j0 - 1),
      Math.min(grid.width - 1, i1 + 1), Math.min(grid.height - 1, j1 + 1)]);
  }
  return found;
}

// Where a field is `level`: straight lines within each square of four neighbours of one room, in grid places.
function contour(grid, field, level) {
  const { width, height, rooms } = grid;
  const lines = [];
  const value = (at) => field.values[at] / TENTHS - level;
  for (let j = 0; j + 1 < height; j += 1) {
    for (let i = 0; i + 1 < width; i += 1) {
      const corners = [j * width + i, j * width + i + 1, (j + 1) * width + i + 1, (j + 1) * width + i];
      if (corners.some((at) => field.values[at] === NOTHING || (rooms && rooms[at] !== rooms[corners[0]]))) continue;
      const places = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const cuts = [];
      for (let side = 0; side < 4; side += 1) {
        const one = value(corners[side]);
        const other = value(corners[(side + 1) % 4]);
        if ((one < 0) === (other < 0)) continue;
        const share = one / (one - other);
        const [from, to] = [places[side], places[(side + 1) % 4]];
        cuts.push([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
      }
      for (let at = 0; at + 1 < cuts.length; at += 2) lines.push([cuts[at], cuts[at + 1]]);
    }
  }
  return lines;
}

// Index of the square at a place of the plan, x right and y up from its origin; −1: beside the grid.
function squareAt(grid, x, y) {
  const [a, b, c, d, e, f] = grid.matrix;
  const dx = x - e;
  const dy = -y - f;
  const det = a * d - b * c;
  const i = Math.round((d * dx - c * dy) / det - 0.5);
  const j = Math.round((a * dy - b * dx) / det - 0.5);
  return i >= 0 && j >= 0 && i < grid.width && j < grid.height ? j * grid.width + i : -1;
}

// --- drawing --------------------------------------------------------------------------------------------------------

class FieldCanvas {
  constructor(parent) {
    this.canvas = node('canvas', { class: 'field', 'aria-hidden': 'true' }, parent);
    this.picture = null;
    this.drawn = new Map(); // what it was drawn from to the picture, the latest last
  }

  set(data) {
    this.data = data;
    this.picture = null;
    const { grid, field } = data;
    this.grid = grid && { ...grid, rooms: grid.rooms ? numbers(grid.rooms) : null };
    this.field = field && field.values ? { ...field, values: numbers(field.values) } : null;
    this.shapes = data.rooms.map((room) => new Path2D(room.d));
    if (!this.field) return;
    // All of it once, as fine as a screen shows it; a view then draws one picture.
    const { x0, x1, y0, y1 } = data.extents;
    this.scale = Math.min(MOST_PX_M, MOST_PX / Math.max(x1 - x0, y1 - y0));
    this.corner = [x0 - data.origin.x, data.origin.y - y1];
    const { title, low, high, ramp, classes } = field;
    const key = JSON.stringify([data.place, title, low, high, ramp, classes, grid.matrix, field.values]);
    const level = this.field.line;
    this.line = level === undefined || level === null ? null : contour(this.grid, this.field, level);
    this.picture = this.drawn.get(key);
    this.drawn.delete(key);
    if (!this.picture) this.picture = this.pictureOf(data, x0, x1, y0, y1);
    this.drawn.set(key, this.picture);
    if (this.drawn.size > MOST_PICTURES) this.drawn.delete(this.drawn.keys().next().value);
  }

  pictureOf(data, x0, x1, y0, y1) {
    const picture = node('canvas', { width: Math.ceil((x1 - x0) * this.scale), height: Math.ceil((y1 - y0) * this.scale) });
    const pen = picture.getContext('2d');
    const put = (span, room, shape) => {
      const { pixels, width, height } = shaded(this.grid, this.field, span, room);
      const part = node('canvas', { width, height });
      part.getContext('2d').putImageData(new ImageData(pixels, width, height), 0, 0);
      pen.setTransform(this.scale, 0, 0, this.scale, -this.scale * this.corner[0], -this.scale * this.corner[1]);
      pen.save();
      if (shape) pen.clip(shape, 'evenodd');
      pen.transform(...this.grid.matrix);
      pen.imageSmoothingEnabled = !this.field.classes;
      pen.drawImage(part, span[0], span[1], span[2] - span[0] + 1, span[3] - span[1] + 1);
      pen.restore();
    };
    if (this.grid.rooms) {
      const span = spans(this.grid);
      data.rooms.forEach((room, at) => {
        if (span.has(room.index)) put(span.get(room.index), room.index, this.shapes[at]);
      });
    } else {
      put([0, 0, this.grid.width - 1, this.grid.height - 1], null, null);
    }
    return picture;
  }

  // matrix: from metres of the plan to pixels of the box; slices: shares of its width at which layouts change
  paint(matrix, box, slices) {
    const ratio = window.devicePixelRatio || 1;
    const { canvas } = this;
    const [width, height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const pen = canvas.getContext('2d');
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (!this.data) return;
    const place = () => pen.setTransform(ratio * matrix.a, 0, 0, ratio * matrix.a, ratio * matrix.e, ratio * matrix.f);
    if (this.picture) {
      pen.save();
      place();
      pen.imageSmoothingEnabled = true;
      const [wide, high] = [this.picture.width / this.scale, this.picture.height / this.scale];
      pen.drawImage(this.picture, this.corner[0], this.corner[1], wide, high);
      pen.restore();
      if (this.line) this.paintLine(pen, place, matrix);
    }
    const parts = this.data.slices || (this.data.byRoom ? [{ values: this.data.byRoom }] : []);
    parts.forEach((part, number) => {
      pen.save();
      if (slices) {
        const from = number ? slices[number - 1] : 0;
        const to = number < slices.length ? slices[number] : 1;
        pen.beginPath();
        pen.rect(from * width, 0, (to - from) * width, height);
        pen.clip();
      }
      place();
      this.data.rooms.forEach((room, index) => {
        const value = part.values[room.id];
        if (value === undefined || value === null) return;
        pen.fillStyle = cssColour(this.data.field, value);
        pen.fill(this.shapes[index], 'evenodd');
      });
      pen.restore();
    });
    this.paintStates(pen, place, matrix);
  }

  // What a room is called, as a line inside its walls.
  paintStates(pen, place, matrix) {
    this.data.rooms.forEach((room, index) => {
      const line = OUTLINES[room.state];
      if (!line) return;
      pen.save();
      place();
      pen.clip(this.shapes[index], 'evenodd');
      pen.strokeStyle = line.colour;
      pen.lineWidth = (2 * OUTLINE_PX) / matrix.a;
      pen.setLineDash(line.dash.map((part) => part / matrix.a));
      pen.stroke(this.shapes[index]);
      pen.restore();
    });
  }

  paintLine(pen, place, matrix) {
    for (const [colour, pixels] of [['#fff', 3.4], ['#000', 1.5]]) {
      pen.save();
      place();
      const [a, b, c, d, e, f] = this.grid.matrix;
      pen.beginPath();
      for (const ends of this.line) {
        ends.forEach(([i, j], at) => {
          const [x, y] = [a * (i + 0.5) + c * (j + 0.5) + e, b * (i + 0.5) + d * (j + 0.5) + f];
          if (at) pen.lineTo(x, y); else pen.moveTo(x, y);
        });
      }
      pen.strokeStyle = colour;
      pen.lineWidth = pixels / matrix.a;
      pen.stroke();
      pen.restore();
    }
  }
}

// The scale of a field: a bar of its colours with ticks in its unit.
function drawBar(parent, field) {
  const bar = node('div', { class: 'bar-of', role: 'listitem' }, parent);
  node('span', { class: 'bar-title' }, bar, field.title);
  if (field.classes) return;
  const stops = [...Array(11).keys()].map((step) => cssColour(field, field.low + (step / 10) * (field.high - field.low)));
  const strip = node('div', { class: 'strip' }, bar);
  strip.style.background = `linear-gradient(to right, ${stops.join(',')})`;
  const ticks = node('div', { class: 'ticks' }, strip);
  for (const [value, text] of field.ticks) {
    const tick = node('span', {}, ticks, text);
    const share = (value - field.low) / (field.high - field.low);
    tick.style.left = `${100 * share}%`;
    tick.style.transform = `translateX(${-100 * share}%)`;
  }
}

// --- the building from outside --------------------------------------------------------------------------------------

// Outlines of all storeys, one above the other, seen from the south-west.
function drawStack(svg, stack, chosen) {
  svg.replaceChildren();
  if (!stack || stack.storeys.length < 2) { svg.style.display = 'none'; return; }
  svg.style.display = '';
  const turn = Math.PI / 6;
  const flat = ([x, y], level) => [(x - y) * Math.cos(turn), -(x + y) * Math.sin(turn) - level * stack.rise];
  const parts = stack.storeys.map((one) => ({ ...one, corners: one.outline.map((corner) => flat(corner, one.storey)) }));
  const depth = (one) => one.outline.reduce((most, [x, y]) => Math.max(most, x + y), -Infinity);
  parts.sort((one, other) => (one.building === other.building
    ? one.storey - other.storey : depth(other) - depth(one)));
  const every = parts.flatMap((one) => one.corners);
  const [xs, ys] = [every.map((corner) => corner[0]), every.map((corner) => corner[1])];
  const [x0, y0] = [Math.min(...xs), Math.min(...ys)];
  const [wide, high] = [Math.max(...xs) - x0, Math.max(...ys) - y0];
  const rim = 0.04 * Math.max(wide, high);
  svg.setAttribute('viewBox', `${x0 - rim} ${y0 - rim} ${wide + 2 * rim} ${high + 2 * rim}`);
  for (const one of parts) {
    const d = `M${one.corners.map((corner) => corner.join(' ')).join('L')}Z`;
    const shape = svgNode('path', { d, class: one.place === chosen ? 'storey chosen' : 'storey' }, svg);
    shape.style.fill = one.share === null ? '#E5E5E5' : cssColour({ ramp: 'quiet', low: 0, high: 1 }, one.share);
    shape.dataset.place = one.place;
    svgNode('title', {}, shape).textContent = one.title;
  }
}
