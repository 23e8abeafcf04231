// The mouse, pen or finger on the lanes and on the overview.
const GRIP = 6;

class Pointer {
  constructor(view, model, player, select) {
    Object.assign(this, { view, model, player, select });
    const lanes = view.lanes;
    lanes.addEventListener("pointerdown", (event) => this.down(event));
    lanes.addEventListener("pointermove", (event) => this.move(event));
    lanes.addEventListener("pointerup", (event) => this.up(event));
    lanes.addEventListener("pointercancel", () => { this.drag = null; this.view.redraw(); });
    lanes.addEventListener("dblclick", (event) => this.create(event));
    lanes.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    document.getElementById("wave").addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    const jump = (event) => {
      const box = view.overview.getBoundingClientRect(), time = (event.clientX - box.left) / box.width * model.duration;
      player.seek(time);
      view.surfer.setScrollTime(Math.max(0, time - (view.end - view.start) / 2));
    };
    view.overview.addEventListener("pointerdown", (event) => { view.overview.setPointerCapture(event.pointerId); jump(event); });
    view.overview.addEventListener("pointermove", (event) => { if (event.buttons) jump(event); });
  }

  // What lies at a place: {row, turn, part}.
  find(event) {
    const box = this.view.lanes.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const row = this.view.rows.find((r) => y >= r.top && y < r.top + r.height), time = this.view.time(x);
    if (!row || row.kind !== "speaker") return { row, time };
    const near = this.view.pxPerS ? GRIP / this.view.pxPerS : 0, own = this.model.of.get(row.id);
    const close = this.model.between(time - near, time + near, own);
    const turn = close.find((t) => t.id === this.view.selected) || close.find((t) => t.start <= time && time <= t.end) || close[0];
    if (!turn) return { row, time };
    const wide = (turn.end - turn.start) * this.view.pxPerS > 3 * GRIP;
    const part = wide && Math.abs(time - turn.start) < near ? "start" : wide && Math.abs(time - turn.end) < near ? "end" : "all";
    return { row, time, turn, part };
  }

  down(event) {
    if (event.button) return;
    const found = this.find(event);
    this.view.lanes.focus({ preventScroll: true });
    this.view.lanes.setPointerCapture(event.pointerId);
    this.drag = { ...found, x: event.clientX, y: event.clientY, moved: false };
    if (found.turn) this.select(found.turn.id);
  }

  move(event) {
    const drag = this.drag;
    if (!drag) {
      const found = this.find(event), lanes = this.view.lanes;
      lanes.style.cursor = !found.turn ? "pointer" : found.part === "all" ? "grab" : "ew-resize";
      lanes.title = found.turn ? this.words(found.turn) : "";
      return;
    }
    if (!drag.turn) return;
    if (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 4) return;
    drag.moved = true;
    drag.wanted = this.wanted(event, drag);
    this.preview(drag.wanted);
  }

  wanted(event, drag) {
    const { start, end, speaker } = drag.turn, by = (event.clientX - drag.x) / this.view.pxPerS, least = 0.02;
    if (drag.part === "start") return { start: Math.min(start + by, end - least), end, speaker };
    if (drag.part === "end") return { start, end: Math.max(end + by, start + least), speaker };
    const y = event.clientY - this.view.lanes.getBoundingClientRect().top;
    const row = this.view.rows.find((r) => r.kind === "speaker" && y >= r.top && y < r.top + r.height);
    const other = row && row.id !== speaker;  // into another lane: the time stays unless it is pulled far
    const shift = other && Math.abs(event.clientX - drag.x) < 24 ? 0 : Math.max(-start, Math.min(by, this.model.duration - end));
    return { start: start + shift, end: end + shift, speaker: row ? row.id : speaker };
  }

  preview({ start, end, speaker }) {
    this.view.draw();
    const pen = this.view.lanes.getContext("2d"), row = this.view.rows.find((r) => r.kind === "speaker" && r.id === speaker);
    pen.setLineDash([5, 3]);
    pen.lineWidth = 2;
    pen.strokeStyle = this.view.ink.ink;
    pen.strokeRect(this.view.x(start), row.top + 3, (end - start) * this.view.pxPerS, row.height - 6);
    pen.setLineDash([]);
  }

  up() {
    const drag = this.drag;
    this.drag = null;
    if (!drag) return;
    if (drag.moved && drag.wanted) this.model.replace(drag.turn.id, drag.wanted);
    else this.player.seek(drag.time);
    this.view.redraw();
  }

  create(event) {
    const { row, time, turn } = this.find(event);
    if (!row || row.kind !== "speaker" || turn) return;
    const half = 30 / this.view.pxPerS;
    this.select(this.model.add(time - half, time + half, row.id));
  }

  wheel(event) {
    if (event.ctrlKey) {
      event.preventDefault();
      const box = this.view.lanes.getBoundingClientRect();
      this.player.zoomBy(event.deltaY < 0 ? 1.25 : 0.8, this.view.time(event.clientX - box.left), event.clientX - box.left);
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      this.view.surfer.setScroll(this.view.surfer.getScroll() + (event.deltaX || event.deltaY));
    }
  }

  words(turn) {
    const sure = turn.confidence === null ? "" : `, confidence ${turn.confidence.toFixed(2)}`;
    return `${this.model.name(turn.speaker)}  ${clockShort(turn.start, 2)} to ${clockShort(turn.end, 2)}${sure}`;
  }
}
