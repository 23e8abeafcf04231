// Everything that is drawn: lanes beneath the waveform, colours behind it, and the overview of the whole recording.
const LANE = 38, RULER = 24, THIN = 20, GAP = 8;
const ERRORS = { miss: ["Miss", "M"], alarm: ["False alarm", "F"], confusion: ["Confusion", "C"] };
const STEPS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

function clockShort(seconds, digits = 0) {
  const unit = 10 ** digits, ticks = Math.round(seconds * unit), s = Math.floor(ticks / unit);
  const tail = digits ? `.${String(ticks % unit).padStart(digits, "0")}` : "";
  const head = s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}` : `${Math.floor(s / 60)}`;
  return `${head}:${two(s % 60)}${tail}`;
}

class View {
  constructor(model, reference, surfer, player) {
    Object.assign(this, { model, reference, surfer, player });
    this.selected = null;
    this.lanes = document.getElementById("lanes");
    this.bands = document.getElementById("bands");
    this.overview = document.getElementById("overview");
    this.errors = null;
    this.waiting = false;
    this.still = document.createElement("canvas");   // lanes and overview without the cursor: drawn when they change
    this.stillAll = document.createElement("canvas");
  }

  // Lanes from top to bottom: {kind, id, top, height}.
  layout() {
    let top = RULER;
    const rows = this.model.speakers.map((s) => ({ kind: "speaker", id: s.id, height: LANE }));
    rows.push({ kind: "overlap", height: THIN });
    if (this.reference) {
      rows.push({ kind: "space", height: GAP });
      const height = this.reference.names.length > 6 ? THIN : LANE - 8;
      this.reference.names.forEach((name, id) => rows.push({ kind: "reference", id, height }));
      rows.push({ kind: "errors", height: THIN + 6 });
    }
    for (const row of rows) { row.top = top; top += row.height; }
    this.rows = rows;
    this.height = top;
    return rows;
  }

  get pxPerS() { return this.surfer.getWrapper().clientWidth / this.model.duration; }
  get start() { return this.surfer.getScroll() / this.pxPerS; }
  get end() { return this.start + this.surfer.getWidth() / this.pxPerS; }
  x(time) { return (time - this.start) * this.pxPerS; }
  time(x) { return this.start + x / this.pxPerS; }

  // Once per frame, however often it is asked for.
  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }

  context(canvas, height) {
    const width = this.surfer.getWidth(), scale = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.height = `${height}px`;
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    return pen;
  }

  draw() {
    const style = getComputedStyle(document.documentElement);
    this.ink = Object.fromEntries(["ink", "soft", "line", "paper", "lane", "miss", "alarm", "confusion"].map((name) =>
      [name, style.getPropertyValue(`--${name}`).trim()]));
    this.frame = [this.start, this.end, this.pxPerS];
    this.layout();
    const lit = this.pxPerS < 2 ? [] : this.model.at(this.player.time).map((t) => t.id);  // too small to see
    const key = [this.model.version, this.selected, this.player.only, this.surfer.getWidth(), this.height, this.ink.ink,
      window.devicePixelRatio, ...this.frame, ...lit].join();
    if (key !== this.key) {
      this.key = key;
      this.drawStill(new Set(lit));
      this.drawBands();
      this.drawAll();
    }
    this.copy(this.still, this.context(this.lanes, this.height));
    this.drawCursor(this.lanes.getContext("2d"));
    this.drawOverview();
  }

  copy(from, pen) {
    pen.save();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.drawImage(from, 0, 0);
    pen.restore();
  }

  drawStill(lit) {
    const [from, to] = this.frame, pen = this.context(this.still, this.height), width = this.surfer.getWidth();
    for (const row of this.rows) {
      if (row.kind === "space") continue;
      pen.fillStyle = this.ink.lane;
      pen.fillRect(0, row.top + 1, width, row.height - 2);
    }
    this.drawRuler(pen, width);
    for (const row of this.rows) {
      if (row.kind === "speaker") this.drawSpeaker(pen, row, from, to, lit);
      if (row.kind === "overlap") this.hatch(pen, this.model.overlaps, row, this.ink.ink, 5);
      if (row.kind === "reference") this.drawReference(pen, row, from, to);
      if (row.kind === "errors") this.drawErrors(pen, row);
    }
  }

  drawRuler(pen, width) {
    const [from, to, scale] = this.frame, step = STEPS.find((s) => s * scale >= 80) || 7200;
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    for (let n = Math.ceil(from / step); n * step <= to; n++) {
      const x = Math.round((n * step - from) * scale) + 0.5;
      pen.fillStyle = this.ink.line;
      pen.fillRect(x - 0.5, 14, 1, this.height - 14);
      pen.fillStyle = this.ink.soft;
      pen.fillText(clockShort(n * step, step < 0.1 ? 2 : step < 1 ? 1 : 0), Math.min(x + 4, width - 44), 10);
    }
  }

  drawSpeaker(pen, row, from, to, lit) {
    const speaker = this.model.speaker(row.id);
    for (const turn of this.model.between(from, to, this.model.of.get(row.id))) {
      const x = this.x(turn.start), w = Math.max(1.5, this.x(turn.end) - x), top = row.top + 5, high = row.height - 10;
      const sure = turn.confidence === null ? 1 : turn.confidence;
      pen.globalAlpha = (this.player.only !== null && this.player.only !== row.id ? 0.35 : 1) * (0.4 + 0.6 * sure);
      pen.fillStyle = speaker.colour;
      if (w < 4) pen.fillRect(x, top, w, high); else { box(pen, x, top, w, high, 4); pen.fill(); }
      pen.globalAlpha = 1;
      if (turn.confidence !== null && w > 6) {  // how sure: the filled part of the line along the bottom
        pen.fillStyle = this.ink.paper;
        pen.fillRect(x + 2, top + high - 4, w - 4, 2.5);
        pen.fillStyle = this.ink.ink;
        pen.fillRect(x + 2, top + high - 4, (w - 4) * sure, 2.5);
      }
      if (lit.has(turn.id) || turn.id === this.selected) {
        pen.lineWidth = turn.id === this.selected ? 2.5 : 1.5;
        pen.strokeStyle = this.ink.ink;
        box(pen, x, top, w, high, 4);
        pen.stroke();
      }
      if (turn.id === this.selected && w > 14) {
        pen.fillStyle = this.ink.ink;
        pen.fillRect(x + 3, top + 6, 2, high - 14);
        pen.fillRect(x + w - 5, top + 6, 2, high - 14);
      }
    }
  }

  drawReference(pen, row, from, to) {
    const owner = this.model.speakers.find((s) => this.errors && this.errors.mapping.get(s.id) === row.id);
    pen.fillStyle = owner ? owner.colour : this.ink.soft;
    const turns = this.reference.sorted[row.id];
    for (let n = firstFrom(turns, from - this.reference.longest); n < turns.length && turns[n].start <= to; n++) {
      const { start, end } = turns[n];
      if (end < from) continue;
      pen.globalAlpha = 0.75;
      box(pen, this.x(start), row.top + row.height / 4, Math.max(1.5, this.x(end) - this.x(start)), row.height / 2, 2);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  drawErrors(pen, row) {
    if (!this.errors) return;
    pen.font = "600 11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    for (const kind of Object.keys(ERRORS)) {
      const spans = this.errors.spans.filter((s) => s.kind === kind).map((s) => [s.start, s.end]);
      this.hatch(pen, spans, row, this.ink[kind], { miss: 4, alarm: -4, confusion: 0 }[kind], ERRORS[kind][1]);
    }
  }

  // Spans as boxes: lines rising (spacing > 0), falling (< 0), or full (0); a letter where there is room.
  hatch(pen, spans, row, colour, spacing, letter) {
    const [from, to] = this.frame, top = row.top + 4, high = row.height - 8;
    for (const [start, end] of spans) {
      if (end < from || start > to) continue;
      const x = Math.max(-2, this.x(start)), w = Math.max(1.5, Math.min(this.surfer.getWidth() + 2, this.x(end)) - x);
      if (w < 4) {
        pen.fillStyle = colour;
        pen.fillRect(x, top, w, high);
        continue;
      }
      pen.save();
      pen.beginPath();
      pen.rect(x, top, w, high);
      pen.clip();
      pen.globalAlpha = spacing ? 0.25 : 0.8;
      pen.fillStyle = pen.strokeStyle = colour;
      pen.fillRect(x, top, w, high);
      pen.globalAlpha = 1;
      pen.lineWidth = 1.2;
      pen.beginPath();
      for (let at = x - high; spacing && at < x + w; at += Math.abs(spacing)) {
        pen.moveTo(at, spacing > 0 ? top + high : top);
        pen.lineTo(at + high, spacing > 0 ? top : top + high);
      }
      pen.stroke();
      if (letter && w > 15) {
        pen.fillStyle = this.ink.paper;
        pen.fillRect(x + w / 2 - 6, top + 1, 12, high - 2);
        pen.fillStyle = this.ink.ink;
        pen.textAlign = "center";
        pen.fillText(letter, x + w / 2, top + high / 2 + 0.5);
        pen.textAlign = "start";
      }
      pen.restore();
    }
  }

  drawCursor(pen) {
    const x = this.x(this.player.time);
    pen.fillStyle = this.ink.ink;
    pen.fillRect(x - 0.75, RULER - 6, 1.5, this.height);
  }

  drawBands() {
    const high = this.bands.parentElement.clientHeight, pen = this.context(this.bands, high), [from, to] = this.frame;
    pen.globalAlpha = 0.2;
    for (const turn of this.model.between(from, to)) {
      pen.fillStyle = this.model.speaker(turn.speaker).colour;
      pen.fillRect(this.x(turn.start), 0, Math.max(1, this.x(turn.end) - this.x(turn.start)), high);
    }
  }

  // Every turn of the recording, in as many pixels as the page is wide.
  drawAll() {
    const high = 40, pen = this.context(this.stillAll, high), width = this.surfer.getWidth();
    const scale = width / this.model.duration, each = (high - 8) / Math.max(1, this.model.speakers.length);
    pen.fillStyle = this.ink.lane;
    pen.fillRect(0, 0, width, high);
    this.model.speakers.forEach((speaker, n) => {
      pen.fillStyle = speaker.colour;
      for (const turn of this.model.of.get(speaker.id)) {
        pen.fillRect(turn.start * scale, 4 + n * each, Math.max(0.75, (turn.end - turn.start) * scale), Math.max(1, each - 1));
      }
    });
  }

  drawOverview() {
    const high = 40, pen = this.context(this.overview, high), width = this.surfer.getWidth();
    const scale = width / this.model.duration, [from, to] = this.frame;
    this.copy(this.stillAll, pen);
    pen.globalAlpha = 0.45;
    pen.fillStyle = this.ink.paper;
    pen.fillRect(0, 0, from * scale, high);
    pen.fillRect(to * scale, 0, width, high);
    pen.globalAlpha = 1;
    pen.strokeStyle = this.ink.ink;
    pen.lineWidth = 1.5;
    pen.strokeRect(from * scale + 0.75, 0.75, Math.max(3, (to - from) * scale - 1.5), high - 1.5);
    pen.fillStyle = this.ink.ink;
    pen.fillRect(this.player.time * scale - 0.75, 0, 1.5, high);
  }
}

function box(pen, x, y, w, h, radius) {
  pen.beginPath();
  pen.roundRect(x, y, w, h, Math.min(radius, w / 2));
}
