// A vertical section along a line on the plan: the line is drawn by two clicks, the section stands under the plan.
// The methods are the editor's; what is drawn was cut by the server.

const CUT_RIM = { left: 58, right: 14, top: 8, bottom: 20 }; // pixels: names of storeys, metres along the line
const MOST_STRETCH = 4; // of heights, where a line is long
const CUT_NAME_PX = 6.2; // of a letter of a room's name

// Pixels of a metre along and up, and the heights' stretch: true to scale where the window lets it be.
function cutScale(section, width, height) {
  const [low, high] = section.heights;
  const wide = width - CUT_RIM.left - CUT_RIM.right;
  const tall = height - CUT_RIM.top - CUT_RIM.bottom;
  const along = Math.min(wide / section.length, tall / (high - low));
  const up = Math.min(tall / (high - low), MOST_STRETCH * along);
  return { along, up, stretch: up / along };
}

// Where a place of the section is drawn: at metres from its first end, z metres up.
function cutPlace(section, scale, height, at, z) {
  const bottom = height - CUT_RIM.bottom;
  return [CUT_RIM.left + at * scale.along, bottom - (z - section.heights[0]) * scale.up];
}

// The parts of a wall that are no window or door, from below: [base, top] in metres.
function solidParts(wall) {
  const gaps = wall.gaps.map(([, sill, head]) => [sill, head]).sort((one, other) => one[0] - other[0]);
  const parts = [];
  let from = wall.base;
  for (const [sill, head] of gaps) {
    if (sill > from) parts.push([from, Math.min(sill, wall.top)]);
    from = Math.max(from, head);
  }
  if (from < wall.top) parts.push([from, wall.top]);
  return parts;
}

Object.assign(Editor.prototype, {
  buildSection() {
    this.cutBox = node('div', { class: 'cut' }, this.root);
    const head = node('div', { class: 'cut-head' }, this.cutBox);
    node('span', { class: 'bar-title' }, head, 'Section A–B');
    this.cutWhat = node('select', { 'aria-label': 'Shown in the section' }, head);
    this.cutWhat.addEventListener('change', () => this.send({ op: 'quantity', quantity: this.cutWhat.value }));
    this.cutSaid = node('span', { class: 'cut-said', 'aria-live': 'polite' }, head);
    const close = node('button', { type: 'button', 'aria-label': 'Close the section', title: 'Close the section' }, head, '✕');
    close.addEventListener('click', () => { this.send({ op: 'section', off: true }); this.svg.focus({ preventScroll: true }); });
    this.cutStage = svgNode('svg', { class: 'cut-stage', role: 'img' }, this.cutBox);
    this.cutLegend = node('div', { class: 'cut-legend', role: 'list', 'aria-label': 'Legend of the section' }, this.cutBox);
    this.cutStage.addEventListener('pointermove', (event) => this.readCut(event));
    this.cutStage.addEventListener('pointerleave', () => this.sayCut());
    new ResizeObserver(() => this.drawCut()).observe(this.cutStage);
  },

  sectionAt(place) {
    if (!this.ruler) {
      this.ruler = { from: place, to: place, done: false };
      this.say('Click the other end of the line');
    } else {
      const [from, to] = [this.outwards(this.ruler.from), this.outwards(place)];
      this.forgetRuler();
      this.send({ op: 'section', x0: from.x, y0: from.y, x1: to.x, y1: to.y });
      this.use('select');
      this.say('Cutting the building along the line');
    }
    this.drawRuler();
  },

  updateSection() {
    const { section, cuts } = this.data;
    this.toolButtons.section.style.display = cuts ? '' : 'none';
    if (!cuts && this.tool === 'section') this.use('select');
    this.root.classList.toggle('has-cut', !!section);
    this.cut = section || null;
    if (!section) { this.drawRuler(); return; }
    if (this.cutWhat.children.length !== section.quantities.length) {
      this.cutWhat.replaceChildren(...section.quantities.map((name) => node('option', { value: name }, null, name)));
    }
    this.cutWhat.value = section.quantity;
    this.cutStage.setAttribute('aria-label', section.aria);
    drawLegend(this.cutLegend, section.legend);
    drawBar(this.cutLegend, section.field);
    this.cutLegend.prepend(this.cutLegend.lastChild);
    this.sayCut();
    this.drawCut();
    this.drawRuler();
  },

  sayCut() {
    if (!this.cut) return;
    const { scale } = this;
    const stretch = scale && scale.stretch > 1.05 ? `; heights drawn ${scale.stretch.toFixed(1)} times` : '';
    this.cutSaid.textContent = this.cut.note || `${metres(this.cut.length)}; levels 1.5 m above each floor${stretch}`;
  },

  drawCut() {
    const svg = this.cutStage;
    const section = this.cut;
    svg.replaceChildren();
    const box = svg.getBoundingClientRect();
    if (!section || !box.width || !box.height) return;
    this.scale = cutScale(section, box.width, box.height);
    const at = (along, z) => cutPlace(section, this.scale, box.height, along, z);
    const rect = (from, to, low, high, css, least = 0) => {
      const [x0, y1] = at(from, low);
      const [x1, y0] = at(to, high);
      const wide = Math.max(x1 - x0, least);
      return svgNode('rect', { x: (x0 + x1 - wide) / 2, y: y0, width: wide, height: y1 - y0, class: css }, svg);
    };
    for (const room of section.rooms) {
      rect(room.from, room.to, room.floor, room.ceiling, room.known ? 'r-other' : 'r-unknown');
      const values = room.values || [];
      const step = (room.to - room.from) / (values.length || 1);
      values.forEach((value, number) => {
        if (value === null) return;
        const part = rect(room.from + number * step, room.from + (number + 1) * step, room.floor, room.ceiling, 'cut-part');
        part.style.fill = cssColour(section.field, value);
        part.setAttribute('width', Number(part.getAttribute('width')) + 0.5); // no seam between two steps
      });
    }
    for (const floor of section.floors) {
      const [x0, y] = at(floor.from, floor.level);
      svgNode('path', { d: `M${x0} ${y}H${at(floor.to, floor.level)[0]}`, class: 'cut-floor' }, svg);
    }
    for (const wall of section.walls) {
      for (const [low, high] of solidParts(wall)) rect(wall.from, wall.to, low, high, 'cut-wall', 3);
      for (const [kind, sill, head] of wall.gaps) {
        rect(wall.from, wall.to, sill, head, kind === 'window' || kind === 'hatch' ? 'cut-window' : 'cut-door', 3);
      }
    }
    for (const room of section.rooms) {
      const [x, y] = at((room.from + room.to) / 2, room.ceiling);
      const wide = (room.to - room.from) * this.scale.along;
      if (wide < CUT_NAME_PX * room.name.length) continue;
      svgNode('text', { x, y: y + 12, class: 'cut-name' }, svg).textContent = room.name;
    }
    for (const device of section.devices) {
      const [x, y] = at(device.at, device.z);
      const mark = svgNode('path', { d: SHAPES.circle, class: 'mark', transform: `translate(${x} ${y}) scale(.75)` }, svg);
      mark.style.fill = device.colour;
      svgNode('title', {}, mark).textContent = device.id;
    }
    for (const [level, words] of section.levels) {
      const [x, y] = at(0, level);
      const text = svgNode('text', { x: x - 8, y: y - 5, class: 'cut-level' }, svg);
      text.textContent = words.replace(/ floor$/, '');
    }
    const metresAt = [0, ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].filter((step) => section.length / step <= 8).slice(0, 1)
      .flatMap((step) => [...Array(Math.floor(section.length / step)).keys()].map((number) => step * (number + 1)))];
    const bottom = box.height - CUT_RIM.bottom;
    for (const along of metresAt) {
      if (along && section.length - along < 24 / this.scale.along) continue; // under B
      const [x] = at(along, 0);
      svgNode('path', { d: `M${x} ${bottom}v4`, class: 'cut-tick' }, svg);
      svgNode('text', { x, y: bottom + 15, class: 'cut-along' }, svg).textContent = along ? `${along}` : 'A 0 m';
    }
    svgNode('text', { x: at(section.length, 0)[0], y: bottom + 15, class: 'cut-along' }, svg).textContent = 'B';
    this.sayCut();
  },

  // The line on the plan, with its ends named.
  drawCutLine() {
    const [from, to] = this.cut.line.map(([x, y]) => this.inwards({ x, y }));
    const line = `M${from.x} ${-from.y}L${to.x} ${-to.y}`;
    svgNode('path', { d: line, class: 'rule-case' }, this.rule);
    svgNode('path', { d: line, class: 'cut-line' }, this.rule);
    const length = distance(from, to) || 1;
    const beyond = 12 * this.perPixel / length;
    for (const [name, end, other] of [['A', from, to], ['B', to, from]]) {
      const place = { x: end.x + (end.x - other.x) * beyond, y: -(end.y + (end.y - other.y) * beyond) + 5 * this.perPixel };
      svgNode('text', { ...place, 'font-size': 14 * this.perPixel }, this.rule).textContent = name;
    }
  },

  // What is there, without asking the server.
  readCut(event) {
    const section = this.cut;
    if (!section || !this.scale) return;
    const box = this.cutStage.getBoundingClientRect();
    const along = (event.clientX - box.left - CUT_RIM.left) / this.scale.along;
    const z = section.heights[0] + (box.height - CUT_RIM.bottom - (event.clientY - box.top)) / this.scale.up;
    const room = section.rooms.find((one) => along >= one.from && along < one.to && z >= one.floor && z < one.ceiling);
    if (!room) { this.sayCut(); return; }
    const values = room.values || [];
    const value = values[Math.floor(((along - room.from) / (room.to - room.from)) * values.length)];
    const unit = section.field.unit;
    const told = !room.known ? 'being worked out' : value === null || value === undefined ? 'not to be blocked'
      : value <= -200 || (unit === 'dB' && value >= 100) ? 'no signal' : `${signed(value, unit === 'dB')} ${unit}`;
    this.cutSaid.textContent = `${room.name}, ${room.storey}: ${told}; ${metres(along)} from A`;
  },
});
