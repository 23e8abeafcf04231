// The turns as a table that can be read and edited without seeing or using the lanes; a page of rows at a time.
const ROWS = 50;

class Table {
  constructor(model, view, player, select) {
    Object.assign(this, { model, view, player, select });
    this.page = 0;
    this.body = document.querySelector("#turns tbody");
    document.getElementById("earlier").addEventListener("click", () => this.turnTo(this.page - 1));
    document.getElementById("later").addEventListener("click", () => this.turnTo(this.page + 1));
    this.body.addEventListener("change", (event) => this.edit(event));
    this.body.addEventListener("focusin", (event) => this.select(Number(event.target.closest("tr").dataset.id), true));
    this.body.addEventListener("click", (event) => {
      if (event.target.closest("button")) this.player.playTurn(this.model.byId.get(Number(event.target.closest("tr").dataset.id)));
    });
  }

  get pages() { return Math.max(1, Math.ceil(this.model.turns.length / ROWS)); }

  turnTo(page) {
    this.page = Math.max(0, Math.min(page, this.pages - 1));
    this.show();
  }

  // Brings the page with a turn up.
  reach(id) {
    const place = this.model.turns.findIndex((t) => t.id === id), page = Math.floor(place / ROWS);
    if (place >= 0 && page !== this.page) this.turnTo(page); else this.mark();
  }

  // The scrolling box alone moves, never the page.
  mark() {
    const box = this.body.closest(".scroll");
    for (const row of this.body.rows) {
      const chosen = Number(row.dataset.id) === this.view.selected;
      row.classList.toggle("selected", chosen);
      if (chosen && (row.offsetTop < box.scrollTop + row.offsetHeight || row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight)) {
        box.scrollTop = row.offsetTop - box.clientHeight / 2;
      }
    }
  }

  show() {
    this.page = Math.min(this.page, this.pages - 1);
    const from = this.page * ROWS, rows = this.model.turns.slice(from, from + ROWS), held = document.activeElement;
    const place = held && this.body.contains(held) ? [held.closest("tr").dataset.id, held.name] : null;
    this.body.replaceChildren(...rows.map((turn, n) => this.row(turn, from + n + 1)));
    document.getElementById("where").textContent = this.model.turns.length
      ? `Turns ${from + 1} to ${from + rows.length} of ${this.model.turns.length}` : "Nobody speaks";
    document.getElementById("earlier").disabled = this.page === 0;
    document.getElementById("later").disabled = this.page >= this.pages - 1;
    this.mark();
    const again = place && this.body.querySelector(`tr[data-id="${place[0]}"] [name="${place[1]}"]`);
    if (again) again.focus({ preventScroll: true });
  }

  row(turn, number) {
    const row = document.createElement("tr"), name = this.model.name(turn.speaker);
    row.dataset.id = turn.id;
    const play = make("button", { type: "button", name: "play", className: "small", textContent: "▶",
      ariaLabel: `Play turn ${number}, ${name}` });
    const number_ = (key) => make("input", { type: "text", inputMode: "decimal", name: key, value: clockShort(turn[key], 3),
      ariaLabel: `${key === "start" ? "Start" : "End"} of turn ${number}`, size: 10 });
    const who = make("select", { name: "speaker", ariaLabel: `Speaker of turn ${number}` });
    who.append(...this.model.speakers.map((s) => new Option(s.name, s.id, false, s.id === turn.speaker)));
    const swatch = make("i", { className: "swatch" });
    swatch.style.background = this.model.speaker(turn.speaker).colour;
    const sure = turn.confidence === null ? "–" : turn.confidence.toFixed(2);
    for (const parts of [[play], [String(number)], [number_("start")], [number_("end")],
      [(turn.end - turn.start).toFixed(2)], [swatch, who], [sure]]) {
      const cell = document.createElement("td");
      cell.append(...parts);
      row.append(cell);
    }
    return row;
  }

  edit(event) {
    const id = Number(event.target.closest("tr").dataset.id), key = event.target.name;
    const value = key === "speaker" ? Number(event.target.value) : secondsOf(event.target.value);
    if (!Number.isFinite(value) || !this.model.replace(id, { [key]: value })) {
      say(`${event.target.value} cannot be the ${key}: a turn starts before it ends, within the recording`);
      this.show();
    }
  }
}

// Seconds of 75.3 or 1:15.3 or 1:02:15.3.
function secondsOf(text) {
  if (!/^\s*(\d+:){0,2}\d+([.,]\d+)?\s*$/.test(text)) return NaN;
  return text.replace(",", ".").split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
}

function make(tag, values) { return Object.assign(document.createElement(tag), values); }
