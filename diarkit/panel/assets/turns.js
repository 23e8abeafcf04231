// The turns and speakers of a recording, and every way to change them. Knows nothing of the page.
class Turns {
  constructor(data) {
    this.duration = data.duration;
    this.spare = data.spare.slice();
    this.speakers = data.speakers.map((s, id) => ({ id, ...s }));
    this.turns = data.turns.map(([start, end, speaker, confidence], id) => ({ id, start, end, speaker, confidence }));
    this.nextId = this.turns.length;
    this.past = [];
    this.future = [];
    this.listeners = [];
    this.edited = false;
    this.version = 0;
    this.index();
  }

  // Turns are never changed in place: a state is two arrays, and undo takes back the old ones.
  change(turns, speakers = this.speakers) {
    this.past.push([this.turns, this.speakers]);
    this.future = [];
    this.turns = turns;
    this.speakers = speakers;
    this.edited = true;
    this.index();
    this.listeners.forEach((tell) => tell());
  }

  step(from, to) {
    if (!from.length) return false;
    to.push([this.turns, this.speakers]);
    [this.turns, this.speakers] = from.pop();
    this.index();
    this.listeners.forEach((tell) => tell());
    return true;
  }

  undo() { return this.step(this.past, this.future); }
  redo() { return this.step(this.future, this.past); }

  index() {
    this.version++;
    this.turns = this.turns.slice().sort((a, b) => a.start - b.start || a.end - b.end || a.id - b.id);
    this.of = new Map(this.speakers.map((s) => [s.id, []]));
    this.byId = new Map();
    for (const turn of this.turns) {
      this.of.get(turn.speaker).push(turn);
      this.byId.set(turn.id, turn);
    }
    this.longest = this.turns.reduce((most, t) => Math.max(most, t.end - t.start), 0);
    this.overlaps = spansWhere(this.turns, 2);
    this.speech = spansWhere(this.turns, 1);
    this.heardOf = new Map();
  }

  // [[start, end]] in which a speaker talks; kept until the turns change.
  spansOf(id) {
    if (!this.heardOf.has(id)) this.heardOf.set(id, spansWhere(this.of.get(id) || [], 1));
    return this.heardOf.get(id);
  }

  name(id) { return this.speakers.find((s) => s.id === id).name; }
  speaker(id) { return this.speakers.find((s) => s.id === id); }

  // Turns that touch [from, to], in time order.
  between(from, to, list = this.turns) {
    const found = [];
    for (let n = firstFrom(list, from - this.longest); n < list.length && list[n].start <= to; n++) {
      if (list[n].end >= from) found.push(list[n]);
    }
    return found;
  }

  at(time) { return this.between(time, time).filter((t) => t.start <= time && time < t.end); }

  seconds(id) { return this.of.get(id).reduce((sum, t) => sum + t.end - t.start, 0); }

  replace(id, values) {
    const old = this.byId.get(id), turn = { ...old, ...values };
    turn.start = milli(Math.max(0, turn.start));
    turn.end = milli(Math.min(this.duration, turn.end));
    if (!(turn.end - turn.start >= 0.001) || !this.of.has(turn.speaker)) return false;
    if (["start", "end", "speaker"].every((key) => turn[key] === old[key])) return false;
    this.change(this.turns.map((t) => (t.id === id ? turn : t)));
    return true;
  }

  split(id, time) {
    const turn = this.byId.get(id);
    time = milli(time);
    if (!turn || time - turn.start < 0.001 || turn.end - time < 0.001) return null;
    const second = { ...turn, id: this.nextId++, start: time };
    this.change(this.turns.map((t) => (t.id === id ? { ...turn, end: time } : t)).concat(second));
    return second.id;
  }

  // Joins a turn with the next one of its speaker; the confidence is that of both by their lengths.
  merge(id) {
    const turn = this.byId.get(id), own = turn && this.of.get(turn.speaker), next = turn && own[own.indexOf(turn) + 1];
    if (!next) return false;
    const [a, b] = [turn.end - turn.start, next.end - next.start];
    const known = turn.confidence !== null && next.confidence !== null;
    const confidence = known ? milli((turn.confidence * a + next.confidence * b) / (a + b)) : null;
    const joined = { ...turn, end: Math.max(turn.end, next.end), confidence };
    this.change(this.turns.filter((t) => t !== next).map((t) => (t === turn ? joined : t)));
    return true;
  }

  remove(id) {
    if (!this.byId.has(id)) return false;
    this.change(this.turns.filter((t) => t.id !== id));
    return true;
  }

  add(start, end, speaker) {
    const turn = { id: this.nextId++, start: milli(Math.max(0, start)), end: milli(Math.min(this.duration, end)),
      speaker, confidence: null };
    if (turn.end - turn.start < 0.001) return null;
    this.change(this.turns.concat(turn));
    return turn.id;
  }

  addSpeaker() {
    const id = Math.max(-1, ...this.speakers.map((s) => s.id)) + 1, taken = new Set(this.speakers.map((s) => s.name));
    let number = id;
    while (taken.has(`SPEAKER_${String(number).padStart(2, "0")}`)) number++;
    const speaker = { id, name: `SPEAKER_${String(number).padStart(2, "0")}`, reference: null,
      colour: this.spare[this.speakers.length % this.spare.length] };
    const used = new Set(this.speakers.map((s) => s.colour));
    speaker.colour = this.spare.find((c) => !used.has(c)) || speaker.colour;
    this.change(this.turns, this.speakers.concat(speaker));
    return id;
  }

  // A name that another speaker has joins the two.
  rename(id, name) {
    name = name.trim();
    const old = this.speaker(id), other = this.speakers.find((s) => s.name === name && s.id !== id);
    if (!name || name === old.name) return "same";
    if (other) {
      this.change(this.turns.map((t) => (t.speaker === id ? { ...t, speaker: other.id } : t)),
        this.speakers.filter((s) => s.id !== id));
      return "joined";
    }
    this.change(this.turns, this.speakers.map((s) => (s.id === id ? { ...s, name } : s)));
    return "renamed";
  }
}

function milli(seconds) { return Math.round(seconds * 1000) / 1000; }

// First place in a list that is sorted by start where start >= time.
function firstFrom(list, time) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].start < time) low = middle + 1; else high = middle;
  }
  return low;
}

// [[start, end]] where at least `least` different speakers talk.
function spansWhere(turns, least) {
  const edges = [], count = new Map(), found = [];
  for (const t of turns) edges.push([t.start, 1, t.speaker], [t.end, -1, t.speaker]);
  edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let talking = 0, since = 0;
  for (const [time, step, speaker] of edges) {
    const before = count.get(speaker) || 0, was = talking;
    count.set(speaker, before + step);
    talking += (before + step > 0) - (before > 0);
    if (was < least && talking >= least) since = time;
    if (was >= least && talking < least && time > since) {
      const last = found[found.length - 1];
      if (last && last[1] >= since) last[1] = time; else found.push([since, time]);
    }
  }
  return found;
}
