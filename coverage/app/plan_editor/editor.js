// The plan editor. Python owns the layout: each finished gesture is one small edit in metres, sent one at a time and
// answered by new data. Coordinates here are metres
// from the storey's origin with y up; SVG units are metres with y down. Texts of the plan
// reach the page through textContent and attributes only.

const DRAG_PX = 4; // below it a press is a click
const NUDGE_M = 0.1;
const NUDGE_FAR_M = 1;
const NUDGE_REST_MS = 250; // keys that follow within it are one gesture
const LOST_MS = 15000; // an edit that is not answered by then is given up
const NEAREST = 40; // largest zoom
const LABEL_PX = 8.5; // smaller letters are not drawn
const NAME_LETTER_PX = 6.4; // of a blocker's name, on average
const NAME_HIGH_PX = 13;
const MARK_PX = 6;
class Editor {
  constructor(root) {
    this.root = root;
    this.tool = 'select';
    this.devices = new Map(); // id -> {x, y, mark, label, data}
    this.queue = [];
    this.waiting = null;
    this.counter = 0;
    this.selected = null;
    this.place = null;
    this.space = false;
    this.build();
    this.listen();
  }

  build() {
    const bar = node('div', { class: 'bar', role: 'toolbar', 'aria-label': 'Plan tools' }, this.root);
    const button = (group, text, label, act) => {
      const made = node('button', { type: 'button', title: label, 'aria-label': label }, group, text);
      made.addEventListener('click', act);
      return made;
    };
    const group = () => node('span', { class: 'group' }, bar);
    const tools = group();
    this.toolButtons = {
      select: button(tools, 'Select and move', 'Select and move: drag a blocker, click a cell to explain it, click a window to treat it (Escape)', () => this.use('select')),
      add: button(tools, 'Add blocker', 'Add a blocker: click where it shall hang (A)', () => this.use('add')),
    };
    this.remove = button(group(), 'Delete', 'Delete the selected blocker (Delete)', () => this.erase());
    this.remove.disabled = true;
    const zoom = group();
    button(zoom, '−', 'Zoom out (-)', () => this.zoom(1 / 1.4));
    button(zoom, '+', 'Zoom in (+)', () => this.zoom(1.4));
    button(zoom, 'Fit', 'Show the whole plan (0)', () => this.fit());
    const pan = group();
    button(pan, '←', 'Move the view left', () => this.pan(-0.2, 0));
    button(pan, '↑', 'Move the view up', () => this.pan(0, -0.2));
    button(pan, '↓', 'Move the view down', () => this.pan(0, 0.2));
    button(pan, '→', 'Move the view right', () => this.pan(0.2, 0));
    this.legend = node('div', { class: 'legend', role: 'list', 'aria-label': 'Legend' }, this.root);
    this.svg = svgNode('svg', { role: 'application', tabindex: 0, class: 'plan' }, this.root);
    patterns(this.svg);
    this.ground = svgNode('g', {}, this.svg);
    this.marks = svgNode('g', {}, this.svg);
    this.frame = svgNode('g', { class: 'scale' }, this.svg);
    const foot = node('div', { class: 'foot' }, this.root);
    this.status = node('span', { 'aria-live': 'polite', class: 'status' }, foot);
    this.readout = node('span', { class: 'readout', 'aria-hidden': 'true' }, foot);
    this.use('select');
  }

  listen() {
    const svg = this.svg;
    svg.addEventListener('pointerdown', (event) => this.press(event));
    svg.addEventListener('pointermove', (event) => this.hover(event));
    svg.addEventListener('pointerup', (event) => this.release(event));
    svg.addEventListener('pointercancel', () => this.cancel());
    svg.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    this.root.addEventListener('keydown', (event) => this.key(event));
    this.root.addEventListener('keyup', (event) => { if (event.key === ' ') this.space = false; });
    this.root.addEventListener('focusin', (event) => {
      const mark = event.target.closest && event.target.closest('[data-device]');
      if (mark) this.select(mark.getAttribute('data-device'));
    });
    new ResizeObserver(() => this.rescale()).observe(svg);
  }

  // --- data from Python -------------------------------------------------------------------------------------------

  update(data) {
    if (data.ack && data.ack === this.waiting) this.answered();
    if (this.grip) { this.later = data; return; } // never pull a plan from under a hand
    this.flush();
    this.data = data;
    const moved = this.place !== data.place;
    this.place = data.place;
    this.svg.setAttribute('aria-label', data.aria);
    drawLegend(this.legend, data.legend);
    this.labels = drawGround(this.ground, data);
    this.paintDevices();
    if (moved) this.fit(); else this.rescale();
    if (data.select && data.ack !== this.shownAck) {
      this.select(data.select);
      const chosen = this.devices.get(data.select);
      if (chosen) chosen.mark.focus({ preventScroll: true });
    }
    if (data.message && (data.ack !== this.shownAck || data.message !== this.shown)) this.say(data.message);
    this.shownAck = data.ack;
    this.shown = data.message;
    this.pump();
  }

  paintDevices() {
    const seen = new Set();
    for (const device of this.data.devices) {
      seen.add(device.id);
      let known = this.devices.get(device.id);
      if (!known) {
        const mark = svgNode('g', { class: 'device', tabindex: 0, role: 'button', 'data-device': device.id }, this.marks);
        svgNode('path', { class: 'mark' }, mark);
        svgNode('title', {}, mark);
        svgNode('text', { y: -11 }, mark);
        known = { mark };
        this.devices.set(device.id, known);
      }
      known.data = device;
      if (!this.pendingMove(device.id)) { Object.assign(known, this.inwards(device)); }
      const [shape, title, text] = known.mark.children;
      shape.setAttribute('d', SHAPES[device.shape] || SHAPES.circle);
      shape.style.fill = device.off ? 'transparent' : device.colour;
      title.textContent = device.title;
      text.textContent = device.off ? `${device.name} (off)` : device.name;
    }
    for (const [id, known] of this.devices) {
      if (!seen.has(id)) { known.mark.remove(); this.devices.delete(id); }
    }
    if (this.selected && !this.devices.has(this.selected)) this.select(null);
    this.marks.classList.toggle('many', this.devices.size > 40);
    for (const known of this.devices.values()) this.put(known);
    this.thinNames();
  }

  thinNames() {
    const kept = []; // a name that would cover another is shown while its mark is pointed at or selected
    for (const known of this.devices.values()) {
      const half = (known.mark.lastChild.textContent.length * NAME_LETTER_PX * this.perPixel) / 2;
      const over = kept.some((one) => Math.abs(one.x - known.x) < half + one.half
        && Math.abs(one.y - known.y) < NAME_HIGH_PX * this.perPixel);
      known.mark.classList.toggle('crowded', over);
      if (!over) kept.push({ x: known.x, y: known.y, half });
    }
    // A room's label is left out where its letters would be too small, and under a blocker.
    const most = MARK_PX * (this.perPixel || 0);
    for (const label of this.labels ? this.labels.children : []) {
      const { size, x, y, halfX, halfY } = label.dataset;
      const under = [...this.devices.values()].some((known) => Math.abs(known.x - x) < Number(halfX) + most
        && Math.abs(-known.y - y) < Number(halfY) + most);
      label.style.display = under || Number(size) < LABEL_PX * this.perPixel ? 'none' : '';
    }
  }

  atX(x) { return metres(x + this.data.origin.x); }

  atY(y) { return metres(y + this.data.origin.y); }

  put(known) {
    known.mark.setAttribute('transform', `translate(${known.x} ${-known.y}) scale(${this.perPixel || 0.05})`);
    known.mark.setAttribute('aria-label', `${known.data.title}, at x ${this.atX(known.x)}, y ${this.atY(known.y)}`);
  }

  inwards(place) { return { x: place.x - this.data.origin.x, y: place.y - this.data.origin.y }; }

  outwards(place) {
    return { x: centimetre(place.x + this.data.origin.x), y: centimetre(place.y + this.data.origin.y) };
  }

  // --- edits to Python --------------------------------------------------------------------------------------------

  send(edit) {
    this.queue = this.queue.filter((other) => !(edit.op === 'move' && other.op === 'move' && other.id === edit.id));
    this.queue.push(edit);
    this.pump();
  }

  pump() {
    if (this.waiting || !this.queue.length || !this.trigger) return;
    const edit = this.queue.shift();
    this.counter += 1;
    this.waiting = `${Date.now()}-${this.counter}`;
    this.sent = performance.now();
    this.root.classList.add('busy');
    this.lost = setTimeout(() => this.answered(), LOST_MS);
    this.trigger({ ...edit, n: this.waiting });
  }

  answered() {
    clearTimeout(this.lost);
    this.waiting = null;
    this.root.classList.remove('busy');
    const sent = this.sent;
    requestAnimationFrame(() => { this.root.dataset.redrawMs = String(Math.round(performance.now() - sent)); });
  }

  pendingMove(id) {
    return (this.nudge && this.nudge.id === id) || this.queue.some((edit) => edit.op === 'move' && edit.id === id);
  }

  flush() {
    if (!this.nudge) return;
    clearTimeout(this.nudge.timer);
    const { id } = this.nudge;
    this.nudge = null;
    const known = this.devices.get(id);
    if (known) this.send({ op: 'move', id, ...this.outwards(known) });
  }

  erase() {
    this.flush();
    const known = this.devices.get(this.selected);
    if (!known) { this.say('Select a blocker first: click it, or Tab to it'); return; }
    this.send({ op: 'delete', id: this.selected });
    this.say(`${this.selected} deleted; Ctrl+Z brings it back`);
    this.svg.focus({ preventScroll: true });
  }

  // --- pointer ----------------------------------------------------------------------------------------------------

  at(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return { x: point.x, y: -point.y };
  }

  press(event) {
    if (this.grip || (event.button !== 0 && event.button !== 1)) return;
    event.preventDefault();
    this.flush();
    const closest = (name) => event.target.closest(`[data-${name}]`);
    const mark = event.button === 0 && !this.space ? closest('device') : null;
    const grip = { x: event.clientX, y: event.clientY, view: { ...this.view }, from: this.at(event), moved: false };
    if (mark) {
      const id = mark.getAttribute('data-device');
      const known = this.devices.get(id);
      Object.assign(grip, { id, startX: known.x, startY: known.y });
      mark.focus({ preventScroll: true });
      this.select(id);
    } else {
      grip.onlyPan = event.button === 1 || this.space;
      grip.window = closest('window');
      grip.room = closest('room');
      this.svg.focus({ preventScroll: true });
    }
    this.grip = grip;
    this.svg.setPointerCapture(event.pointerId);
  }

  hover(event) {
    const here = this.at(event);
    this.readout.textContent = `x ${this.atX(here.x)}, y ${this.atY(here.y)}`;
    const grip = this.grip;
    if (!grip) return;
    if (!grip.moved && Math.hypot(event.clientX - grip.x, event.clientY - grip.y) < DRAG_PX) return;
    grip.moved = true;
    if (grip.id) {
      const known = this.devices.get(grip.id);
      if (!known) return;
      known.x = grip.startX + here.x - grip.from.x;
      known.y = grip.startY + here.y - grip.from.y;
      this.put(known);
      this.readout.textContent = `${grip.id}: x ${this.atX(known.x)}, y ${this.atY(known.y)}`;
    } else {
      this.svg.classList.add('panning');
      this.show({
        ...grip.view,
        x: grip.view.x - (event.clientX - grip.x) * this.perPixel,
        y: grip.view.y - (event.clientY - grip.y) * this.perPixel,
      });
    }
  }

  release(event) {
    const grip = this.grip;
    if (!grip) return;
    this.grip = null;
    this.svg.classList.remove('panning');
    const known = grip.id && this.devices.get(grip.id);
    const place = known ? { x: known.x, y: known.y } : this.at(event);
    this.takeLater();
    if (known && grip.moved) {
      const now = this.devices.get(grip.id);
      if (!now) return;
      Object.assign(now, place);
      this.put(now);
      this.send({ op: 'move', id: grip.id, ...this.outwards(place) });
      this.say(`${grip.id} moved; computing the draft`);
    } else if (!grip.id && !grip.moved && !grip.onlyPan) {
      this.click(grip, place);
    }
  }

  click(grip, place) {
    if (this.tool === 'add') {
      this.addAt(place);
    } else if (grip.window) {
      const treated = grip.window.hasAttribute('data-treated');
      this.send({ op: treated ? 'untreat' : 'treat', opening: grip.window.getAttribute('data-window') });
      this.say(treated ? 'Treatment taken off; computing the draft' : 'Window treated; computing the draft');
    } else if (grip.room) {
      this.select(null);
      this.send({ op: 'explain', room: grip.room.getAttribute('data-room') });
      this.say(`${grip.room.getAttribute('data-room')}: its link budget is below the plan`);
    } else {
      this.select(null);
    }
  }

  addAt(place) {
    this.send({ op: 'add', ...this.outwards(place) });
    this.say('Blocker added; computing the draft');
  }

  cancel() {
    const grip = this.grip;
    this.grip = null;
    this.svg.classList.remove('panning');
    const known = grip && grip.id && this.devices.get(grip.id);
    if (known) { known.x = grip.startX; known.y = grip.startY; this.put(known); }
    this.takeLater();
  }

  takeLater() {
    const later = this.later;
    this.later = null;
    if (later) this.update(later);
  }

  wheel(event) {
    const within = this.root.getRootNode().activeElement;
    if (!event.ctrlKey && !(within && this.root.contains(within))) {
      this.say('Click the plan first, then the wheel zooms it');
      return; // the page scrolls
    }
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, this.at(event));
  }

  // --- keys -------------------------------------------------------------------------------------------------------

  key(event) {
    const step = event.shiftKey ? NUDGE_FAR_M : NUDGE_M;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const way = ways[event.key];
    const mark = event.target.closest('[data-device]');
    const onPlan = mark || event.target === this.svg;
    const letter = event.key.toLowerCase();
    let done = true;
    if ((event.ctrlKey || event.metaKey) && (letter === 'z' || letter === 'y')) {
      this.flush();
      this.send({ op: letter === 'y' || event.shiftKey ? 'redo' : 'undo' });
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      done = false;
    } else if (event.key === 'Escape') {
      this.escape();
    } else if (!onPlan) {
      done = false; // a button of the toolbar has its own keys
    } else if (way && mark) {
      this.move(mark.getAttribute('data-device'), way[0] * step, way[1] * step);
    } else if (way) {
      this.pan(way[0] * 0.1, -way[1] * 0.1);
    } else if (mark && (event.key === 'Delete' || event.key === 'Backspace')) {
      this.erase();
    } else if (event.key === '+' || event.key === '=') {
      this.zoom(1.4);
    } else if (event.key === '-') {
      this.zoom(1 / 1.4);
    } else if (event.key === '0') {
      this.fit();
    } else if (letter === 'a') {
      this.use('add');
    } else if (event.key === 'Enter' && !mark && this.tool === 'add') {
      this.addAt({ x: this.view.x + this.view.width / 2, y: -(this.view.y + this.view.height / 2) });
    } else if (event.key === ' ') {
      this.space = true;
    } else {
      done = false;
    }
    if (done) { event.preventDefault(); event.stopPropagation(); }
  }

  escape() {
    if (this.grip) { this.cancel(); return; }
    this.use('select');
    this.select(null);
    this.svg.focus({ preventScroll: true });
  }

  move(id, dx, dy) {
    if (this.nudge && this.nudge.id !== id) this.flush();
    const known = this.devices.get(id);
    known.x += dx;
    known.y += dy;
    this.put(known);
    this.readout.textContent = `${id}: x ${this.atX(known.x)}, y ${this.atY(known.y)}`;
    if (this.nudge) clearTimeout(this.nudge.timer);
    this.nudge = { id, timer: setTimeout(() => this.flush(), NUDGE_REST_MS) };
  }

  use(tool) {
    this.tool = tool;
    for (const name in this.toolButtons) {
      this.toolButtons[name].setAttribute('aria-pressed', String(name === tool));
    }
    this.svg.classList.toggle('adding', tool === 'add');
    this.say(tool === 'add'
      ? 'Click the plan to add blockers (Enter adds one in the middle of the view); Escape ends it'
      : 'Drag a blocker to move it; click a cell to explain it, a window to treat it');
  }

  select(id) {
    const before = this.devices.get(this.selected);
    if (before) before.mark.classList.remove('selected');
    this.selected = id;
    const now = this.devices.get(id);
    this.remove.disabled = !now;
    if (!now) return;
    now.mark.classList.add('selected');
    this.say(`${now.data.title}: drag it, arrow keys move it 0.1 m (Shift 1 m), Delete removes it`
      + (now.data.cable ? '; the table shapes its cable' : ''));
  }

  say(text) {
    this.status.textContent = text;
  }

  // --- view -------------------------------------------------------------------------------------------------------

  fit() {
    const low = this.inwards({ x: this.data.extents.x0, y: this.data.extents.y0 });
    const high = this.inwards({ x: this.data.extents.x1, y: this.data.extents.y1 });
    const { x: x0, y: y0 } = low;
    const { x: x1, y: y1 } = high;
    this.svg.style.aspectRatio = `${x1 - x0} / ${y1 - y0}`;
    this.show({ x: x0, y: -y1, width: x1 - x0, height: y1 - y0 });
  }

  zoom(factor, about) {
    const whole = this.data.extents;
    const view = this.view;
    const width = Math.min(Math.max(view.width / factor, (whole.x1 - whole.x0) / NEAREST), (whole.x1 - whole.x0) * 1.5);
    const share = width / view.width;
    const at = about ? { x: about.x, y: -about.y } : { x: view.x + view.width / 2, y: view.y + view.height / 2 };
    this.show({
      x: at.x + (view.x - at.x) * share,
      y: at.y + (view.y - at.y) * share,
      width,
      height: view.height * share,
    });
  }

  pan(dx, dy) {
    this.show({ ...this.view, x: this.view.x + dx * this.view.width, y: this.view.y + dy * this.view.height });
  }

  show(view) {
    this.view = view;
    this.svg.setAttribute('viewBox', `${view.x} ${view.y} ${view.width} ${view.height}`);
    this.rescale();
  }

  rescale() {
    const matrix = this.svg.getScreenCTM();
    if (!matrix || !matrix.a || !this.view) return;
    this.perPixel = 1 / matrix.a;
    for (const known of this.devices.values()) this.put(known);
    this.thinNames();
    drawScale(this.frame, this.svg, this.view, this.perPixel, (place) => this.at(place));
  }
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector('.quietwing-plan');
  if (!root) return;
  if (!root.editor) root.editor = new Editor(root);
  root.editor.trigger = (edit) => setTriggerValue('edit', edit);
  root.editor.update(data);
}
