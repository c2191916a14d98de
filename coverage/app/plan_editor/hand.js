// More than one blocker in the hand, an antenna turned by a handle, a facade treated at once, a distance measured.
// The methods are the editor's; each edit is one step of undo.

const TURN_DEG = 5; // by a key
const TURN_FAR_DEG = 15; // steps of the handle with Shift
const REACHES = { facade: 'façade on this storey', building: 'façade on all storeys' };

// Azimuth of a place seen from another, clockwise from north (y up), in whole degrees.
function azimuthOf(from, to, step = 1) {
  const deg = (Math.atan2(to.x - from.x, to.y - from.y) * 180) / Math.PI;
  return ((Math.round(deg / step) * step) % 360 + 360) % 360;
}

const distance = (one, other) => Math.hypot(other.x - one.x, other.y - one.y);

// Edits that one more makes needless: a look at a blocker under the hand, and where it or its antenna was put before.
function outdated(edit, other) {
  if (edit.op === 'choose') return other.op === 'choose';
  if (other.id !== edit.id || !['move', 'drag', 'shift', 'turn'].includes(edit.op)) return false;
  return other.op === 'drag' || (other.op === edit.op && (edit.op === 'move' || edit.op === 'turn'));
}

Object.assign(Editor.prototype, {
  // --- several blockers -------------------------------------------------------------------------------------------

  setGroup(ids) {
    this.group = new Set(ids.filter((id) => this.devices.has(id)));
    this.gathered = this.gathered && this.group.size > 0;
    for (const [id, known] of this.devices) known.mark.classList.toggle('grouped', this.group.size > 1 && this.group.has(id));
    this.root.classList.toggle('several', this.group.size > 1 && !this.data.still);
  },

  // Into the selection, or out of it.
  toggle(id) {
    const ids = new Set(this.group);
    if (ids.has(id) && ids.size > 1) ids.delete(id); else ids.add(id); // the first is never taken out by itself
    const last = ids.has(id) ? id : [...ids].pop();
    this.keepGroup = true;
    this.select(last);
    this.keepGroup = false;
    this.setGroup([...ids]);
    this.gathered = true; // Tab to the next one leaves them together
    this.devices.get(last).mark.focus({ preventScroll: true });
    this.sayGroup();
  },

  sayGroup() {
    if (this.group.size > 1) {
      this.say(`${this.group.size} blockers selected: drag one or use the arrow keys to move all; align, spread, copy (Ctrl+D), delete`);
    }
  },

  selectAll() {
    if (this.data.still || !this.devices.size) return;
    this.setGroup([...this.devices.keys()]);
    this.sayGroup();
  },

  // Ids of what is selected, the one clicked last first: others line up with it.
  chosenIds() {
    const ids = [...this.group];
    return ids.includes(this.selected) ? [this.selected, ...ids.filter((id) => id !== this.selected)] : ids;
  },

  arrange(how) {
    const ids = this.chosenIds();
    const least = how === 'spread' ? 3 : 2;
    if (ids.length < least) { this.say(`Select ${least} blockers or more first: Shift and click`); return; }
    this.flush();
    this.send({ op: 'arrange', how, ids });
    this.say(how === 'spread' ? 'Spread evenly between the outermost two' : `Lined up with ${ids[0]}`);
  },

  copySelection() {
    if (this.data.still) return;
    const ids = this.group.has(this.selected) || !this.selected ? this.chosenIds() : [this.selected];
    if (!ids.length) { this.say('Select a blocker first: click it, or Tab to it'); return; }
    this.flush();
    this.send({ op: 'copy', ids });
    this.say(`${ids.length === 1 ? ids[0] : `${ids.length} blockers`} copied 1 m to the east`);
  },

  // Where the blockers under the hand are, dx and dy from where they were.
  carry(grip, dx, dy) {
    for (const [id, from] of grip.starts) {
      const known = this.devices.get(id);
      if (!known) continue;
      Object.assign(known, { x: from.x + dx, y: from.y + dy });
      this.put(known);
    }
  },

  startsOf(id) {
    const ids = this.group.size > 1 && this.group.has(id) ? [...this.group] : [id];
    return new Map(ids.map((one) => [one, { x: this.devices.get(one).x, y: this.devices.get(one).y }]));
  },

  // --- the antenna ------------------------------------------------------------------------------------------------

  paintTurn(known) {
    const { azimuth } = known.data;
    known.turn.style.display = azimuth === null || azimuth === undefined ? 'none' : '';
    if (known.turn.style.display === '') known.turn.setAttribute('transform', `rotate(${azimuth})`);
  },

  turnTo(id, azimuth) {
    const known = this.devices.get(id);
    known.data = { ...known.data, azimuth };
    this.paintTurn(known);
    this.readout.textContent = `${id}: ${azimuth}° from north`;
    return azimuth;
  },

  turnBy(id, deg) {
    const { azimuth } = this.devices.get(id).data;
    if (azimuth === null || azimuth === undefined) { this.say(`${id} sends all round: nothing to turn`); return; }
    this.send({ op: 'turn', id, azimuth: this.turnTo(id, (azimuth + deg + 360) % 360) });
    this.say(`${id} turned to ${Math.round((azimuth + deg + 360) % 360)}°`);
  },

  // --- a facade at once -------------------------------------------------------------------------------------------

  treatFacade(window, everyStorey) {
    const treated = window.hasAttribute('data-treated');
    const reach = everyStorey ? 'building' : 'facade';
    this.send({ op: treated ? 'untreat' : 'treat', opening: window.getAttribute('data-window'), reach });
    this.say(`${treated ? 'Treatment taken off the' : 'Treated the'} ${REACHES[reach]}; estimating`);
  },

  // --- a distance -------------------------------------------------------------------------------------------------

  measureAt(place) {
    if (!this.ruler || this.ruler.done) this.ruler = { from: place, to: place, done: false };
    else Object.assign(this.ruler, { to: place, done: true });
    this.drawRuler();
    const { from, to, done } = this.ruler;
    this.say(done ? `${metres(distance(from, to))} apart. Click to measure anew; Escape ends it` : 'Click the other end');
  },

  forgetRuler() {
    this.ruler = null;
    this.drawRuler();
  },

  drawRuler() {
    this.rule.replaceChildren();
    if (!this.perPixel) return;
    if (this.cut) this.drawCutLine();
    if (!this.ruler) return;
    const { from, to } = this.ruler;
    const line = `M${from.x} ${-from.y}L${to.x} ${-to.y}`;
    svgNode('path', { d: line, class: 'rule-case' }, this.rule);
    svgNode('path', { d: line, class: 'rule' }, this.rule);
    for (const end of [from, to]) svgNode('circle', { cx: end.x, cy: -end.y, r: 4 * this.perPixel, class: 'rule-end' }, this.rule);
    if (distance(from, to) < 2 * this.perPixel) return;
    const at = { x: (from.x + to.x) / 2, y: -(from.y + to.y) / 2 - 8 * this.perPixel, 'font-size': 14 * this.perPixel };
    svgNode('text', at, this.rule).textContent = metres(distance(from, to));
  },
});
