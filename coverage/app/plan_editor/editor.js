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
const LABEL_PX = 9; // smaller letters are not drawn
const MOST_LABEL_PX = 15; // larger ones would hide the colours
const NAME_LETTER_PX = 6.4; // of a blocker's name, on average
const SITE_LETTER_PX = 5.6; // of the name of a building, home or mast
const NAME_HIGH_PX = 13;
const NAME_UP_PX = 15; // from a mark to the middle of its name
const TOUCH_PX = 6; // words may reach so far into each other's rim
const MARK_PX = 6;
const HELD_MS = 120; // between two looks at a blocker under the hand; a draft that takes longer sets the pace
const CHOSEN_MS = 150; // a selection that is passed on the way to another is not told
const LEGEND_PX = 88; // of the legend of most layers
const RIM_PX = 10; // round a plan that is shown whole
const MOST_BUTTONS = 8; // more storeys are chosen from a list
const WHOLE_SITE = -1;
const NEAR_PX = 14; // from a mark that is read out

class Editor {
  constructor(root) {
    this.root = root;
    this.tool = 'select';
    this.devices = new Map(); // id -> {x, y, mark, label, data}
    this.queue = [];
    this.waiting = null;
    this.counter = 0;
    this.selected = null;
    this.group = new Set(); // ids, with the selected one, where several are
    this.ruler = null;
    this.place = null;
    this.space = false;
    this.slices = [];
    this.build();
    this.listen();
  }

  build() {
    const top = node('div', { class: 'top' }, this.root);
    this.storeys = node('div', { class: 'group storeys', role: 'radiogroup', 'aria-label': 'Storey' }, top);
    this.layerBox = node('label', { class: 'choice' }, top, 'Layer ');
    this.layer = node('select', { 'aria-label': 'Layer' }, this.layerBox);
    this.channel = node('select', { 'aria-label': 'Channel' }, top);
    this.layer.addEventListener('change', () => this.send({ op: 'layer', layer: this.layer.value }));
    this.channel.addEventListener('change', () => this.send({ op: 'channel', channel: this.channel.value }));
    const bar = node('div', { class: 'tools', role: 'toolbar', 'aria-label': 'Plan tools' }, this.root);
    const button = (text, label, act) => {
      const name = label.replace(/ \(Ctrl.*/, ''); // a screen reader says keys by itself
      const made = node('button', { type: 'button', title: label, 'aria-label': name }, bar, text);
      made.addEventListener('click', act);
      return made;
    };
    const edits = (made) => { made.classList.add('edit'); return made; };
    const several = (made) => { made.classList.add('group-only'); return made; };
    this.toolButtons = {
      select: edits(button('↖', 'Select and move: drag a blocker, click a cell to explain it, click a window to treat it (Escape)', () => this.use('select'))),
      add: edits(button('✚', 'Add a blocker: click where it shall hang (A)', () => this.use('add'))),
    };
    this.toolButtons.facade = edits(button('▤', 'Treat a whole façade: click one of its windows; with Shift on all storeys (F)', () => this.use('facade')));
    this.remove = edits(button('✕', 'Delete the selected blocker (Delete)', () => this.erase()));
    this.remove.disabled = true;
    this.back = edits(button('↶', 'Undo (Ctrl+Z)', () => { this.flush(); this.send({ op: 'undo' }); }));
    this.forth = edits(button('↷', 'Redo (Ctrl+Y)', () => { this.flush(); this.send({ op: 'redo' }); }));
    edits(button('❐', 'Copy what is selected 1 m to the east (Ctrl+D)', () => this.copySelection()));
    several(button('═', 'Line up: as far north as the one clicked last', () => this.arrange('row')));
    several(button('║', 'Line up: as far east as the one clicked last', () => this.arrange('column')));
    several(button('⋯', 'Spread evenly between the outermost two', () => this.arrange('spread')));
    this.toolButtons.measure = button('⟷', 'Measure a distance: click its two ends (M)', () => this.use('measure'));
    this.toolButtons.section = button('A–B', 'Draw a line and see the building cut along it (S)', () => this.use('section'));
    button('−', 'Zoom out (-)', () => this.zoom(1 / 1.4));
    button('+', 'Zoom in (+)', () => this.zoom(1.4));
    button('Fit', 'Fit: show the whole plan (0)', () => this.fit());
    button('←', 'Move the view left', () => this.pan(-0.2, 0));
    button('↑', 'Move the view up', () => this.pan(0, -0.2));
    button('↓', 'Move the view down', () => this.pan(0, 0.2));
    button('→', 'Move the view right', () => this.pan(0.2, 0));
    this.stage = node('div', { class: 'stage' }, this.root);
    this.field = new FieldCanvas(this.stage);
    this.svg = svgNode('svg', { role: 'application', tabindex: 0, class: 'plan' }, this.stage);
    this.lastPart = patterns(this.svg);
    this.ground = svgNode('g', {}, this.svg);
    this.marks = svgNode('g', { class: 'marks' }, this.svg);
    this.rule = svgNode('g', { class: 'ruler' }, this.svg);
    this.frame = svgNode('g', { class: 'scale' }, this.svg);
    this.dividers = node('div', { class: 'dividers' }, this.stage);
    this.legend = node('div', { class: 'legend', role: 'list', 'aria-label': 'Legend' }, this.stage);
    this.stack = svgNode('svg', { class: 'stack', role: 'img', 'aria-label': 'Storeys one above the other, each by its state' }, this.stage);
    this.tip = node('div', { class: 'tip', 'aria-hidden': 'true' }, this.stage);
    this.buildSection();
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
      if (!mark || mark.getAttribute('data-device') === this.selected) return;
      const kept = this.keepGroup;
      this.keepGroup = kept || this.gathered;
      this.select(mark.getAttribute('data-device'));
      this.keepGroup = kept;
    });
    svg.addEventListener('pointerleave', () => { this.tip.style.display = 'none'; });
    // Its storeys are drawn anew with every answer, also between press and release: the stack itself hears both.
    this.stack.addEventListener('pointerdown', (event) => { this.storeyPressed = event.target.dataset.place; });
    this.stack.addEventListener('pointerup', (event) => {
      const { place } = event.target.dataset;
      if (place !== undefined && place === this.storeyPressed) this.go(Number(place));
    });
    new ResizeObserver(() => { if (this.data) { if (this.whole || !this.view) this.fit(); else this.show(this.view); } }).observe(this.stage);
  }

  // --- data from Python -------------------------------------------------------------------------------------------

  update(data) {
    if (data.ack && data.ack === this.waiting) this.answered();
    const held = this.grip && this.grip.id;
    if (this.grip && !held) { this.later = data; return; } // never pull a plan from under a hand
    if (!held) this.flush();
    this.data = data;
    const moved = this.place !== data.place;
    this.place = data.place;
    this.root.classList.toggle('still', !!data.still);
    this.svg.setAttribute('aria-label', data.aria);
    this.drawChoices();
    this.drawLegend();
    this.labels = drawGround(this.ground, data);
    this.field.set(data);
    this.updateSection();
    if (data.picked) this.pick(data.picked);
    if (moved) { this.drawDividers(); this.ruler = null; }
    if (held) { this.rescale(); this.pump(); return; } // the blocker stays under the hand
    this.paintDevices();
    if (moved || !this.view) this.fit(); else this.rescale();
    drawStack(this.stack, data.stack, data.at);
    this.back.disabled = !data.undo;
    this.forth.disabled = !data.redo;
    if (data.select && data.ack !== this.shownAck) {
      this.select(data.select);
      if ((data.group || []).length > 1) { this.setGroup(data.group); this.sayGroup(); }
      const chosen = this.devices.get(data.select);
      if (chosen) chosen.mark.focus({ preventScroll: true });
    }
    if (data.message && (data.ack !== this.shownAck || data.message !== this.shown)) this.say(data.message);
    this.shownAck = data.ack;
    this.shown = data.message;
    this.pump();
  }

  drawChoices() {
    const { places, at, layers, layer, channel } = this.data;
    const wanted = JSON.stringify([places, layers, (this.data.signals || []).length]);
    if (wanted !== this.choices) {
      this.choices = wanted;
      this.storeys.replaceChildren();
      this.layer.replaceChildren(...layers.map((name) => node('option', { value: name }, null, name)));
      this.channel.replaceChildren(...(this.data.signals || []).map(([id, words]) => node('option', { value: id }, null, words)));
      this.list = null;
      if (places.length > MOST_BUTTONS) {
        this.storeys.removeAttribute('role');
        this.list = node('select', { 'aria-label': 'Storey' }, this.storeys);
        for (const one of places) node('option', { value: one.place }, this.list, one.title);
        this.list.addEventListener('change', () => this.go(Number(this.list.value)));
      } else {
        this.storeys.setAttribute('role', 'radiogroup');
        for (const one of places) {
          const made = node('button', { type: 'button', role: 'radio', 'aria-label': one.title, title: one.title }, this.storeys, one.short);
          made.dataset.place = one.place;
          made.classList.toggle('long', one.short.length > 9);
          made.addEventListener('click', () => this.go(one.place));
        }
      }
    }
    if (this.list) this.list.value = String(at);
    else for (const made of this.storeys.children) made.setAttribute('aria-checked', String(Number(made.dataset.place) === at));
    this.layer.value = layer;
    this.layerBox.style.display = layers.length > 1 ? '' : 'none';
    this.channel.style.display = (this.data.signals || []).length ? '' : 'none';
    this.channel.value = channel || '';
  }

  go(place) {
    if (place === this.data.at) return;
    this.send({ op: 'place', place });
    this.say('Opening the plan');
  }

  drawLegend() {
    drawLegend(this.legend, this.data.legend);
    if (!this.data.field) return;
    drawBar(this.legend, this.data.field);
    this.legend.prepend(this.legend.lastChild);
  }

  // Several layouts on one plan: borders that are drawn aside, and the name of each above its part.
  drawDividers() {
    const parts = this.data.slices || [];
    this.slices = parts.slice(1).map((_, number) => (number + 1) / parts.length);
    this.dividers.replaceChildren();
    this.root.classList.toggle('sliced', parts.length > 1);
    this.names = parts.map((part) => node('span', { class: 'slice' }, this.dividers, part.name));
    this.handles = this.slices.map((_, number) => {
      const between = `Border between ${parts[number].name} and ${parts[number + 1].name}`;
      const handle = node('div', { class: 'divider', role: 'slider', tabindex: 0, 'aria-label': between, 'aria-valuemin': 0, 'aria-valuemax': 100 }, this.dividers);
      const put = (share) => {
        const low = number ? this.slices[number - 1] : 0;
        const high = number + 1 < this.slices.length ? this.slices[number + 1] : 1;
        this.slices[number] = Math.min(high, Math.max(low, share));
        this.rescale();
      };
      handle.addEventListener('pointerdown', (event) => { handle.setPointerCapture(event.pointerId); event.preventDefault(); handle.focus(); });
      handle.addEventListener('pointermove', (event) => {
        if (!handle.hasPointerCapture(event.pointerId)) return;
        const box = this.stage.getBoundingClientRect();
        put((event.clientX - box.left) / box.width);
      });
      handle.addEventListener('keydown', (event) => {
        const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
        if (!step) return;
        put(this.slices[number] + step);
        event.preventDefault();
        event.stopPropagation();
      });
      return handle;
    });
  }

  placeDividers() {
    if (!this.handles) return;
    this.handles.forEach((handle, number) => {
      handle.style.left = `${100 * this.slices[number]}%`;
      handle.setAttribute('aria-valuenow', String(Math.round(100 * this.slices[number])));
    });
    this.names.forEach((name, number) => {
      const from = number ? this.slices[number - 1] : 0;
      const to = number < this.slices.length ? this.slices[number] : 1;
      Object.assign(name.style, { left: `${50 * (from + to)}%`, maxWidth: `${100 * (to - from)}%` });
    });
  }

  pick(name) {
    for (const old of this.ground.querySelectorAll('.picked')) old.classList.remove('picked');
    const room = [...this.ground.querySelectorAll('[data-room]')].find((one) => one.dataset.room === name);
    if (room) room.classList.add('picked');
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
        const turn = svgNode('g', { class: 'turn' }, mark);
        svgNode('path', { d: 'M0 -9V-30' }, turn);
        svgNode('circle', { cy: -34, r: 5, 'data-turn': device.id }, turn);
        svgNode('text', { y: -11 }, mark);
        known = { mark, turn };
        this.devices.set(device.id, known);
      }
      known.data = device;
      if (!this.pendingMove(device.id)) { Object.assign(known, this.inwards(device)); }
      const [shape, title, , text] = known.mark.children;
      this.paintTurn(known);
      shape.setAttribute('d', SHAPES[device.shape] || SHAPES.circle);
      shape.style.fill = device.off ? 'transparent' : device.colour;
      title.textContent = device.title;
      text.textContent = device.off ? `${device.name} (off)` : device.name;
    }
    for (const [id, known] of this.devices) {
      if (!seen.has(id)) { known.mark.remove(); this.devices.delete(id); }
    }
    if (this.selected && !this.devices.has(this.selected)) this.select(null);
    this.setGroup([...this.group]);
    this.marks.classList.toggle('many', this.devices.size > 40);
    for (const known of this.devices.values()) this.put(known);
    this.thinNames();
  }

  thinNames() {
    const pixel = this.perPixel || 0;
    const drawn = [...this.devices.values()].filter((known) => !this.slices.length || known.x > this.border);
    const taken = []; // places of the words that are shown
    // A room's label is left out where its letters would be too small, and under a blocker.
    const most = MARK_PX * pixel;
    for (const label of this.labels ? this.labels.children : []) {
      const [size, x, y, turn, ...halves] = ['size', 'x', 'y', 'turn', 'halfX', 'halfY'].map((name) => Number(label.dataset[name]));
      const scale = pixel ? Math.min(1, (MOST_LABEL_PX * pixel) / size) : 1;
      const [halfX, halfY] = halves.map((half) => half * scale);
      const placed = `translate(${x} ${y}) rotate(${turn}) scale(${scale}) translate(${-x} ${-y})`;
      if (label.getAttribute('transform') !== placed) label.setAttribute('transform', placed);
      const under = drawn.some((known) => Math.abs(known.x - x) < halfX + most
        && Math.abs(-known.y - y) < halfY + most);
      const left = under || size < LABEL_PX * pixel;
      label.style.display = left ? 'none' : '';
      if (!left) taken.push({ x, y, halfX, halfY });
    }
    // A blocker's name that would cover other words or marks is shown while its mark is pointed at or selected.
    for (const known of drawn) {
      const halfX = (known.mark.lastChild.textContent.length * NAME_LETTER_PX * pixel) / 2;
      const name = { x: known.x, y: -known.y - NAME_UP_PX * pixel, halfX, halfY: (NAME_HIGH_PX * pixel) / 2 };
      const marks = drawn.filter((other) => other !== known).map((other) => ({ x: other.x, y: -other.y, halfX: most, halfY: most }));
      const over = [...taken, ...marks].some((one) => Math.abs(one.x - name.x) < one.halfX + halfX - TOUCH_PX * pixel
        && Math.abs(one.y - name.y) < one.halfY + name.halfY - TOUCH_PX * pixel);
      known.mark.classList.toggle('crowded', over);
      if (!over) taken.push(name);
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
    this.queue = this.queue.filter((other) => !outdated(edit, other));
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
    const moves = (edit) => (edit.op === 'move' && edit.id === id) || (edit.op === 'shift' && edit.ids.includes(id));
    return (this.nudge && this.nudge.ids.includes(id)) || this.queue.some(moves);
  }

  flush() {
    if (!this.nudge) return;
    clearTimeout(this.nudge.timer);
    const { id, ids, dx, dy } = this.nudge;
    this.nudge = null;
    const known = this.devices.get(id);
    if (known && ids.length > 1) this.send({ op: 'shift', id, ids, dx: centimetre(dx), dy: centimetre(dy) });
    else if (known) this.send({ op: 'move', id, ...this.outwards(known) });
  }

  erase() {
    this.flush();
    const known = this.devices.get(this.selected);
    if (this.data.still) return;
    if (this.group.size > 1 && this.group.has(this.selected)) {
      this.send({ op: 'remove', ids: this.chosenIds() });
      this.say(`${this.group.size} blockers deleted; Ctrl+Z brings them back`);
      this.svg.focus({ preventScroll: true });
      return;
    }
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
    const measures = this.tool === 'measure' || this.tool === 'section';
    const mark = event.button === 0 && !this.space && !this.data.still && !measures ? closest('device') : null;
    if (mark && event.shiftKey) { this.toggle(mark.getAttribute('data-device')); return; }
    const grip = { x: event.clientX, y: event.clientY, view: { ...this.view }, from: this.at(event), moved: false, shift: event.shiftKey };
    if (mark) {
      const id = mark.getAttribute('data-device');
      const known = this.devices.get(id);
      this.keepGroup = this.group.size > 1 && this.group.has(id);
      mark.focus({ preventScroll: true });
      this.select(id);
      this.keepGroup = false;
      Object.assign(grip, { id, starts: this.startsOf(id), turns: closest('turn') !== null, azimuth: known.data.azimuth });
    } else {
      grip.onlyPan = event.button === 1 || this.space;
      grip.cuts = this.tool === 'section' && !grip.onlyPan; // a line may be drawn in one go too
      grip.window = closest('window');
      grip.room = closest('room');
      grip.building = closest('place');
      this.svg.focus({ preventScroll: true });
    }
    this.grip = grip;
    this.svg.setPointerCapture(event.pointerId);
  }

  hover(event) {
    const here = this.at(event);
    const grip = this.grip;
    if (['measure', 'section'].includes(this.tool) && this.ruler && !this.ruler.done) { this.ruler.to = here; this.drawRuler(); }
    if (!grip) { this.read(event, here); return; }
    if (!grip.moved && Math.hypot(event.clientX - grip.x, event.clientY - grip.y) < DRAG_PX) return;
    grip.moved = true;
    this.tip.style.display = 'none';
    if (grip.id) {
      const known = this.devices.get(grip.id);
      if (!known) return;
      if (grip.turns) {
        this.turnTo(grip.id, azimuthOf(known, here, event.shiftKey ? TURN_FAR_DEG : 1));
      } else {
        this.carry(grip, here.x - grip.from.x, here.y - grip.from.y);
        this.readout.textContent = `${grip.id}: x ${this.atX(known.x)}, y ${this.atY(known.y)}`;
      }
      const now = performance.now();
      if (!this.waiting && !(now - grip.looked < HELD_MS)) {
        grip.looked = now;
        this.send({ ...this.held(grip), op: 'drag' });
      }
    } else if (grip.cuts) {
      this.ruler = { from: grip.from, to: here, done: false };
      this.drawRuler();
    } else {
      this.svg.classList.add('panning');
      this.show({
        ...grip.view,
        x: grip.view.x - (event.clientX - grip.x) * this.perPixel,
        y: grip.view.y - (event.clientY - grip.y) * this.perPixel,
      });
    }
  }

  // The edit that what the hand holds would make, let go here.
  held(grip) {
    const known = this.devices.get(grip.id);
    if (grip.turns) return { op: 'turn', id: grip.id, azimuth: known.data.azimuth };
    if (grip.starts.size === 1) return { op: 'move', id: grip.id, ...this.outwards(known) };
    const from = grip.starts.get(grip.id);
    const [dx, dy] = [centimetre(known.x - from.x), centimetre(known.y - from.y)];
    return { op: 'shift', id: grip.id, ids: [...grip.starts.keys()], dx, dy };
  }

  // What is there, without asking the server: place, room, level, channel, margin.
  read(event, here) {
    const lines = [];
    const box = this.stage.getBoundingClientRect();
    const near = (this.data.marks || []).map((mark) => [Math.hypot(mark.x - here.x, mark.y - here.y) / this.perPixel, mark])
      .sort((one, other) => one[0] - other[0])[0];
    const room = event.target.closest && event.target.closest('[data-room]');
    if (near && near[0] < NEAR_PX) lines.push(near[1].title);
    else if (room) lines.push(room.dataset.title);
    const grid = this.field.grid;
    const square = grid ? squareAt(grid, here.x, here.y) : -1;
    if (square >= 0 && room) {
      const said = (name) => {
        const text = this.data.hover[name];
        if (!text) return null;
        if (!this.hovers || this.hovers.of !== this.data) this.hovers = { of: this.data };
        if (!this.hovers[name]) this.hovers[name] = numbers(text);
        return this.hovers[name][square] === NOTHING ? null : this.hovers[name][square] / TENTHS;
      };
      const [level, channel, margin] = ['level', 'channel', 'margin'].map(said);
      const words = [];
      if (channel !== null) words.push(this.data.channels[Math.round(channel)]);
      if (level !== null) words.push(`${signed(level, false)} dBm`);
      if (margin !== null) words.push(margin >= 100 ? 'no signal' : `margin ${signed(margin, true)} dB${margin < 0 ? ': a phone may work' : ''}`);
      if (words.length) lines.push(`Here: ${words.join(', ')}`); // a room's own number is of its weakest spot
      const { field } = this.field;
      if (field && !field.classes && level === null && field.unit) {
        const value = field.values[square];
        if (value !== NOTHING) lines.push(`${signed(value / TENTHS, field.ramp === 'change')} ${field.unit}`);
      }
    }
    this.readout.textContent = `x ${this.atX(here.x)}, y ${this.atY(here.y)}`;
    this.tip.replaceChildren(...lines.map((line) => node('div', {}, null, line)));
    this.tip.style.display = lines.length ? 'block' : 'none';
    const right = event.clientX - box.left > box.width / 2;
    Object.assign(this.tip.style, {
      left: right ? '' : `${event.clientX - box.left + 16}px`,
      right: right ? `${box.right - event.clientX + 12}px` : '',
      top: `${Math.min(event.clientY - box.top + 14, box.height - 60)}px`,
    });
  }

  release(event) {
    const grip = this.grip;
    if (!grip) return;
    this.grip = null;
    this.svg.classList.remove('panning');
    const known = grip.id && this.devices.get(grip.id);
    const place = this.at(event);
    const edit = known && grip.moved ? this.held(grip) : null;
    this.takeLater();
    if (edit) {
      if (!this.devices.has(grip.id)) return;
      this.send(edit);
      const what = grip.starts.size > 1 ? `${grip.starts.size} blockers` : grip.id;
      this.say(`${what} ${grip.turns ? 'turned' : 'moved'}; estimating`);
    } else if (grip.id) {
      this.setGroup([grip.id]);
      this.choose(grip.id);
    } else if (grip.cuts || (!grip.moved && !grip.onlyPan)) {
      this.click(grip, place);
    }
  }

  click(grip, place) {
    if (this.tool === 'measure') {
      this.measureAt(place);
    } else if (this.tool === 'section') {
      this.sectionAt(place);
    } else if (grip.building !== null) {
      this.go(Number(grip.building.dataset.place));
    } else if (this.data.still) {
      if (grip.room) { this.pick(grip.room.dataset.room); this.send({ op: 'explain', room: grip.room.dataset.room }); }
    } else if (this.tool === 'add') {
      this.addAt(place);
    } else if (grip.window && this.tool === 'facade') {
      this.treatFacade(grip.window, grip.shift);
    } else if (grip.window) {
      const treated = grip.window.hasAttribute('data-treated');
      this.send({ op: treated ? 'untreat' : 'treat', opening: grip.window.getAttribute('data-window') });
      this.say(treated ? 'Treatment taken off; estimating' : 'Window treated; estimating');
    } else if (grip.room) {
      this.select(null);
      const name = grip.room.getAttribute('data-room');
      this.pick(name); // at once; the budget follows
      this.send({ op: 'explain', room: name });
      this.say(`${name}: working out its link budget`);
    } else {
      this.select(null);
    }
  }

  addAt(place) {
    this.send({ op: 'add', ...this.outwards(place) });
    this.say('Blocker added; estimating');
  }

  cancel() {
    const grip = this.grip;
    this.grip = null;
    this.svg.classList.remove('panning');
    const known = grip && grip.id && this.devices.get(grip.id);
    if (known) {
      if (grip.turns) this.turnTo(grip.id, grip.azimuth);
      else this.carry(grip, 0, 0);
      if (grip.looked) this.send({ ...this.held(grip), op: 'drag' }); // the field as it was
    }
    this.takeLater();
  }

  takeLater() {
    const later = this.later;
    this.later = null;
    if (later) this.update(later);
  }

  wheel(event) {
    const page = document.querySelector('[data-testid="stMain"]');
    const scrolls = page && page.scrollHeight > page.clientHeight + 4;
    const within = this.root.getRootNode().activeElement;
    if (scrolls && !event.ctrlKey && !(within && this.root.contains(within))) {
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
    } else if ((event.ctrlKey || event.metaKey) && onPlan && letter === 'a') {
      this.selectAll();
    } else if ((event.ctrlKey || event.metaKey) && onPlan && letter === 'd') {
      this.copySelection();
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      done = false;
    } else if (event.key === 'Escape') {
      this.escape();
    } else if (!onPlan) {
      done = false; // a button of the toolbar has its own keys
    } else if (way && mark && !this.data.still) {
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
    } else if ((letter === 'a' || letter === 'f') && !this.data.still) {
      this.use(letter === 'a' ? 'add' : 'facade');
    } else if (letter === 'm') {
      this.use('measure');
    } else if (letter === 's' && this.data.cuts) {
      this.use('section');
    } else if (mark && !this.data.still && (event.key === '[' || event.key === ']')) {
      this.turnBy(mark.getAttribute('data-device'), event.key === '[' ? -TURN_DEG : TURN_DEG);
    } else if (mark && !this.data.still && event.key === 'Enter' && event.shiftKey) {
      this.toggle(mark.getAttribute('data-device'));
    } else if (event.key === 'Enter' && !mark && ['add', 'measure', 'section'].includes(this.tool)) {
      const middle = { x: this.view.x + this.view.width / 2, y: -(this.view.y + this.view.height / 2) };
      if (this.tool === 'add') this.addAt(middle);
      else if (this.tool === 'section') this.sectionAt(middle);
      else this.measureAt(middle);
    } else if (event.key === ' ') {
      this.space = true;
    } else {
      done = false;
    }
    if (done) { event.preventDefault(); event.stopPropagation(); }
  }

  escape() {
    if (this.grip) { this.cancel(); return; }
    this.forgetRuler();
    this.use('select');
    this.select(null);
    this.svg.focus({ preventScroll: true });
  }

  move(id, dx, dy) {
    if (this.nudge && this.nudge.id !== id) this.flush();
    const known = this.devices.get(id);
    const starts = this.startsOf(id);
    this.carry({ starts }, dx, dy);
    this.readout.textContent = `${id}: x ${this.atX(known.x)}, y ${this.atY(known.y)}`;
    const { dx: farX, dy: farY, timer } = this.nudge || { dx: 0, dy: 0 };
    clearTimeout(timer);
    this.nudge = { id, ids: [...starts.keys()], dx: farX + dx, dy: farY + dy, timer: setTimeout(() => this.flush(), NUDGE_REST_MS) };
  }

  use(tool) {
    if (tool !== this.tool && this.ruler && !this.ruler.done) this.forgetRuler();
    this.tool = tool;
    for (const name in this.toolButtons) {
      this.toolButtons[name].setAttribute('aria-pressed', String(name === tool));
    }
    this.svg.classList.toggle('adding', ['add', 'measure', 'section'].includes(tool));
    this.say({
      add: 'Click the plan to add blockers (Enter adds one in the middle of the view); Escape ends it',
      measure: 'Click the two ends of a distance (Enter takes the middle of the view); Escape ends it',
      section: 'Click the two ends of a line (Enter takes the middle of the view); the building is shown cut along it',
      facade: 'Click a window to treat its whole façade on this storey, with Shift on all storeys; Escape ends it',
    }[tool] || 'Drag a blocker to move it, Shift and click select several; click a cell to explain it, a window to treat it');
  }

  select(id) {
    const before = this.devices.get(this.selected);
    if (before) before.mark.classList.remove('selected');
    this.selected = id;
    if (!this.keepGroup) { this.gathered = false; this.setGroup(id ? [id] : []); }
    const now = this.devices.get(id);
    this.remove.disabled = !now || !!this.data.still;
    if (!now) return;
    if (before !== now) this.choose(id);
    now.mark.classList.add('selected');
    this.say(`${now.data.title}: drag it, arrow keys move it 0.1 m (Shift 1 m), Delete removes it`
      + (now.data.cable ? '; the table shapes its cable' : ''));
  }

  // The panel shows what is selected; what is only passed on the way is not told.
  choose(id) {
    clearTimeout(this.choosing);
    if (this.data.chosen === id || this.data.still) return;
    this.choosing = setTimeout(() => { if (this.selected === id && !this.grip) this.send({ op: 'choose', id }); }, CHOSEN_MS);
  }

  say(text) {
    this.status.textContent = text;
  }

  // --- view -------------------------------------------------------------------------------------------------------

  fit() {
    const box = this.stage.getBoundingClientRect();
    if (!box.width || !box.height || !this.data) return;
    const low = this.inwards({ x: this.data.extents.x0, y: this.data.extents.y0 });
    const high = this.inwards({ x: this.data.extents.x1, y: this.data.extents.y1 });
    const under = Math.max(this.legend.offsetHeight, LEGEND_PX); // it covers no part, and the plan stays when it grows
    const [wide, tall] = [box.width - 2 * RIM_PX, box.height - under - 2 * RIM_PX];
    const perPixel = Math.max((high.x - low.x) / wide, (high.y - low.y) / tall);
    const middle = { x: (low.x + high.x) / 2, y: -(low.y + high.y) / 2 };
    const [width, height] = [box.width * perPixel, box.height * perPixel];
    this.whole = true;
    this.fitWidth = width;
    this.show({ x: middle.x - width / 2, y: middle.y - height / 2 + (under / 2) * perPixel, width, height }, true);
  }

  // The stack stands in the corner where it covers least of the plan.
  placeStack(box) {
    const wide = this.stack.clientWidth || 0.18 * box.width;
    const high = this.stack.clientHeight || 0.24 * box.height;
    const under = this.legend.offsetHeight + 44; // scale and north stand there too
    const spots = [[box.width - wide - 6, 6], [6, 6], [box.width - wide - 6, box.height - high - under], [6, box.height - high - under]];
    const matrix = this.svg.getScreenCTM();
    const corners = this.data.rooms.flatMap((room) => (room.box || []).map(([x, y]) => [
      matrix.a * x + matrix.e - this.stage.getBoundingClientRect().left,
      matrix.a * y + matrix.f - this.stage.getBoundingClientRect().top,
    ]));
    const covers = ([left, top]) => corners.filter(([x, y]) => x > left - 4 && x < left + wide + 4 && y > top - 4 && y < top + high + 4).length;
    const best = spots.reduce((one, other) => (covers(other) < covers(one) ? other : one));
    Object.assign(this.stack.style, { left: `${best[0]}px`, top: `${best[1]}px` });
  }

  zoom(factor, about) {
    const view = this.view;
    const most = this.fitWidth * (this.data.farthest || 1.5);
    const width = Math.min(Math.max(view.width / factor, this.fitWidth / NEAREST), most);
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

  show(view, whole = false) {
    this.whole = whole;
    this.view = view;
    this.svg.setAttribute('viewBox', `${view.x} ${view.y} ${view.width} ${view.height}`);
    this.rescale();
  }

  rescale() {
    const matrix = this.svg.getScreenCTM();
    if (!matrix || !matrix.a || !this.view) return;
    this.perPixel = 1 / matrix.a;
    const box = this.stage.getBoundingClientRect();
    this.field.paint({ a: matrix.a, e: matrix.e - box.left, f: matrix.f - box.top }, box, this.slices.length ? this.slices : null);
    this.placeDividers();
    // Blockers and treated windows are those of the last layout, and drawn in its part alone.
    this.border = (box.left + (this.slices.at(-1) || 0) * box.width - matrix.e) / matrix.a;
    const part = { x: this.border, y: this.view.y, width: 2 * this.view.width, height: this.view.height };
    for (const name in part) this.lastPart.setAttribute(name, part[name]);
    for (const known of this.devices.values()) this.put(known);
    this.drawRuler();
    for (const mark of this.ground.querySelectorAll('.fixed')) {
      mark.setAttribute('transform', `translate(${mark.dataset.x} ${mark.dataset.y}) scale(${this.perPixel})`);
    }
    const names = [...this.ground.querySelectorAll('.site-name')];
    const inPixels = ({ parentNode: { dataset }, textContent, y }) => [dataset.x / this.perPixel, dataset.y / this.perPixel + y.baseVal[0].value, textContent.length];
    besideOthers(names.map(inPixels), SITE_LETTER_PX, NAME_HIGH_PX).forEach((shown, at) => { names[at].style.display = shown ? '' : 'none'; });
    if (this.whole) this.placeStack(box);
    this.thinNames();
    drawScale(this.frame, this.svg, this.view, this.perPixel, (place) => this.at(place), this.legend.offsetHeight);
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
