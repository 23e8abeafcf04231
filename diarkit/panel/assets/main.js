// Puts the parts together: buttons, keys, the list of speakers, the words that change.
const data = JSON.parse(document.getElementById("data").textContent);
const get = (id) => document.getElementById(id);
const model = new Turns(data);
const reference = data.reference && {
  ...data.reference,
  sorted: data.reference.names.map((_, who) => data.reference.turns.filter((t) => t[2] === who)
    .map(([start, end]) => ({ start, end })).sort((a, b) => a.start - b.start)),
  longest: data.reference.turns.reduce((most, [a, b]) => Math.max(most, b - a), 0),
};
const player = new Player(model, data);
const view = new View(model, reference, player.surfer, player);
const table = new Table(model, view, player, select);
const pointer = new Pointer(view, model, player, select);
const OVERVIEW = 41, SOUND = 127;  // heights, with the lines beneath them, as panel.css has them
let litIds = "?";

function say(words) { get("status").textContent = words; }

function select(id, fromTable = false) {
  if (view.selected === id) return;
  view.selected = id;
  if (fromTable) table.mark(); else table.reach(id);
  showChosen();
  view.redraw();
}

function chosen() { return model.byId.get(view.selected); }

function showChosen() {
  const turn = chosen();
  get("chosen").textContent = turn ? pointer.words(turn) : "No turn chosen: click one";
  for (const id of ["playturn", "relabel", "split", "merge", "remove"]) get(id).disabled = !turn;
  get("relabel").replaceChildren(...model.speakers.map((s) => new Option(s.name, s.id, false, turn && s.id === turn.speaker)));
}

// After every change of turns or speakers.
function refresh() {
  if (view.selected !== null && !chosen()) view.selected = null;
  if (player.only !== null && !model.of.has(player.only)) player.only = null;
  view.errors = reference && errorsOf(model, reference, data.regions);
  showSide();
  showTalk();
  showScores();
  showChosen();
  table.show();
  get("undo").disabled = !model.past.length;
  get("redo").disabled = !model.future.length;
  const overlap = model.overlaps.reduce((sum, [a, b]) => sum + b - a, 0), speech = model.speech.reduce((sum, [a, b]) => sum + b - a, 0);
  get("about").textContent = `${clockShort(data.duration)}, ${model.speakers.length} speaker${model.speakers.length === 1 ? "" : "s"}, ` +
    `${model.turns.length} turns, speech ${percent(speech, data.duration)}, overlap ${percent(overlap, speech)} of it`;
  litIds = "?";
  follow();
  view.redraw();
}

const percent = (part, all) => `${(all ? 100 * part / all : 0).toFixed(1)} %`;

function showSide() {
  const above = OVERVIEW + SOUND;
  const parts = [label({ top: 0, height: OVERVIEW }, "top", "Overview"), label({ top: OVERVIEW, height: SOUND }, "top", "Sound")];
  for (const row of view.layout()) {
    const place = { top: row.top + above, height: row.height };
    if (row.kind === "speaker") parts.push(speakerLabel(place, model.speaker(row.id)));
    if (row.kind === "overlap") parts.push(label(place, "small", "Overlap"));
    if (row.kind === "errors") parts.push(label(place, "small", "Errors"));
    if (row.kind === "reference") parts.push(label(place, "small", `Reference ${reference.names[row.id]}`));
  }
  get("side").replaceChildren(...parts);
  get("side").style.minHeight = `${above + view.height}px`;
}

function label({ top, height }, kind, words) {
  const part = make("div", { className: `label ${kind}`, title: words });
  part.append(make("span", { className: "name", textContent: words }));
  part.style.cssText = `top:${top}px;height:${height}px`;
  return part;
}

function speakerLabel(place, speaker) {
  const part = make("div", { className: "label" });
  part.style.cssText = `top:${place.top}px;height:${place.height}px;--chip:${speaker.colour}`;
  part.dataset.speaker = speaker.id;
  const swatch = make("i", { className: "swatch", textContent: String(model.speakers.indexOf(speaker) + 1) });
  swatch.style.cssText = `background:${speaker.colour};color:${inkOn(speaker.colour)}`;
  const name = make("input", { value: speaker.name, ariaLabel: `Name of ${speaker.name}`, title: "Click to rename", spellcheck: false });
  name.addEventListener("change", () => {
    const done = model.rename(speaker.id, name.value);
    say({ renamed: `${speaker.name} is now ${name.value}`, joined: `${speaker.name} joined ${name.value}`, same: "" }[done]);
    if (done === "same") name.value = speaker.name;
  });
  const only = make("button", { type: "button", textContent: "Only", ariaLabel: `Play only ${speaker.name}`, title: "Play only this speaker" });
  only.setAttribute("aria-pressed", player.only === speaker.id);
  only.addEventListener("click", () => setOnly(player.only === speaker.id ? null : speaker.id));
  part.append(swatch, name, only);
  return part;
}

// Black or white, whichever is easier to read on a colour.
function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map((n) => (parseInt(colour.slice(n, n + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff";
}

function setOnly(id) {
  player.only = id;
  player.stopAt = null;
  showSide();
  litIds = "?";
  follow();
  view.redraw();
}

function showTalk() {
  const all = model.speakers.map((s) => ({ ...s, seconds: model.seconds(s.id) })).sort((a, b) => b.seconds - a.seconds);
  const total = all.reduce((sum, s) => sum + s.seconds, 0), most = all.length ? all[0].seconds : 1;
  get("talk").replaceChildren(...all.map((s) => {
    const row = make("tr", {}), bar = make("div", { className: "bar" }), part = make("i", {});
    part.style.cssText = `width:${100 * s.seconds / (most || 1)}%;background:${s.colour}`;
    bar.append(part);
    const head = make("th", { scope: "row", textContent: s.name, title: s.name }), share = make("td", { className: "share" });
    share.append(bar);
    row.append(head, share, make("td", { textContent:
      `${clockShort(s.seconds, 1)}, ${percent(s.seconds, total)}, ${model.of.get(s.id).length} turns` }));
    return row;
  }));
}

function showScores() {
  if (!reference) return;
  const { seconds } = view.errors, wrong = seconds.miss + seconds.alarm + seconds.confusion, list = make("dl", {});
  const title = make("h2", { textContent: seconds.total ? `DER ${percent(wrong, seconds.total)}` : "The reference has no speech" });
  for (const [kind, [words, letter]] of Object.entries(ERRORS)) {
    const head = make("dt", {}), key = make("span", { className: "key", textContent: letter });
    key.style.setProperty("--chip", `var(--${kind})`);
    head.append(key, words);
    list.append(head, make("dd", { textContent: `${seconds[kind].toFixed(2)} s` }), make("dd", { textContent: percent(seconds[kind], seconds.total) }));
  }
  get("scores").replaceChildren(title, list, make("p", { className: "about", textContent: "Against the reference as the turns are now; no collar, overlap scored." }));
}

// The clock, the lit speakers, the cursor: at every frame while playing, and after every jump.
function follow() {
  player.follow();
  const now = player.time, talking = [...new Set(model.at(now).map((t) => t.speaker))];
  get("time").textContent = clockShort(now, 1);
  get("seek").value = now;
  get("seek").setAttribute("aria-valuetext", clockShort(now));
  const ids = talking.join();
  if (ids !== litIds) {
    litIds = ids;
    for (const part of get("side").querySelectorAll("[data-speaker]")) {
      part.classList.toggle("lit", talking.includes(Number(part.dataset.speaker)));
    }
    const chips = talking.map((id) => {
      const chip = make("span", { className: "chip" }), swatch = make("i", { className: "swatch" });
      chip.style.setProperty("--chip", model.speaker(id).colour);
      swatch.style.background = model.speaker(id).colour;
      chip.append(swatch, model.name(id));
      return chip;
    });
    get("who").replaceChildren(...(chips.length ? chips : [make("span", { className: "chip none", textContent: "nobody speaks" })]));
    if (get("announce").checked) get("spoken").textContent = talking.map((id) => model.name(id)).join(" and ") || "nobody";
  }
}

function tick() {
  if (!player.playing) return;
  follow();
  view.redraw();
  requestAnimationFrame(tick);
}

const ICONS = { play: "M5 3l12 7-12 7z", pause: "M5 3h4v14H5zM11 3h4v14h-4z" };
function showPlaying() {
  get("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
  get("play").querySelector("path").setAttribute("d", player.playing ? ICONS.pause : ICONS.play);
  tick();
}
for (const kind of ["play", "pause", "ended"]) player.audio.addEventListener(kind, showPlaying);
for (const kind of ["seeking", "seeked", "timeupdate"]) player.audio.addEventListener(kind, () => { follow(); view.redraw(); });
player.audio.addEventListener("error", () => say(data.source ? `The sound ${data.source} cannot be played here` : "This browser cannot play Ogg Opus"));
for (const kind of ["scroll", "zoom", "redraw", "ready", "resize"]) player.surfer.on(kind, () => view.redraw());

const moves = {
  playturn: () => chosen() && player.playTurn(chosen()),
  split: () => {
    const turn = chosen() || model.at(player.time)[0], id = turn && model.split(turn.id, player.time);
    if (id === null || id === undefined) say("The cursor is not inside the chosen turn"); else select(id);
  },
  merge: () => { if (chosen() && !model.merge(view.selected)) say("No later turn of this speaker to merge with"); },
  remove: () => { if (chosen()) model.remove(view.selected); },
  newspeaker: () => { const id = model.addSpeaker(); say(`${model.name(id)} is there: double-click in its lane, or drag turns into it`); },
  undo: () => model.undo(), redo: () => model.redo(),
  play: () => player.toggle(), in: () => player.zoomBy(1.6), out: () => player.zoomBy(1 / 1.6), fit: () => player.zoomTo(0),
};
for (const [id, move] of Object.entries(moves)) get(id).addEventListener("click", move);
get("relabel").addEventListener("change", (event) => model.replace(view.selected, { speaker: Number(event.target.value) }));
get("speed").addEventListener("change", (event) => { player.audio.playbackRate = Number(event.target.value); });
get("skip").addEventListener("change", (event) => { player.skipSilence = event.target.checked; });
get("seek").addEventListener("input", (event) => player.seek(Number(event.target.value)));

function neighbour(step) {
  const at = chosen() ? model.turns.indexOf(chosen()) : firstFrom(model.turns, player.time) - (step > 0 ? 1 : 0);
  const turn = model.turns[at + step];
  if (!turn) return;
  select(turn.id);
  player.seek(turn.start);
}

const KEYS = [
  ["Space", "play or pause", () => player.toggle()], ["ArrowLeft", "back 5 s, with Shift 1 s", (e) => player.seek(player.time - (e.shiftKey ? 1 : 5))],
  ["ArrowRight", "on 5 s, with Shift 1 s", (e) => player.seek(player.time + (e.shiftKey ? 1 : 5))],
  ["+", "zoom in", moves.in], ["-", "zoom out", moves.out], ["0", "see all", moves.fit],
  ["n", "next turn", () => neighbour(1)], ["p", "turn before", () => neighbour(-1)], ["Enter", "play the chosen turn", moves.playturn],
  ["1", "to 9: give the chosen turn to this speaker", null], ["s", "split at the cursor", moves.split],
  ["m", "merge with the next turn of the speaker", moves.merge], ["Delete", "delete the chosen turn", moves.remove],
  ["k", "skip silence, or not", () => get("skip").click()], ["o", "only the chosen turn's speaker, or all", () =>
    setOnly(player.only !== null ? null : chosen() ? chosen().speaker : null)],
];
get("keys").replaceChildren(...KEYS.map(([key, words]) => {
  const row = make("tr", {}), cell = make("td", {});
  cell.append(make("kbd", { textContent: key.length === 1 ? key.toUpperCase() : key }));
  row.append(cell, make("td", { textContent: words }));
  return row;
}));
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select"), button = event.target.closest("button, summary, a, input");
  const letter = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key === "Backspace" ? "Delete" : event.key;
  if (event.ctrlKey || event.metaKey) {
    const way = typing && event.target.type !== "range" ? null : { z: event.shiftKey ? "redo" : "undo", y: "redo" }[letter];
    if (way) { event.preventDefault(); moves[way](); }
    return;
  }
  if (event.altKey || typing || (button && ["Space", "Enter"].includes(letter))) return;
  const number = Number(letter), found = KEYS.find(([key, , act]) => act && (key === letter || (key === "+" && letter === "=")));
  if (number >= 1 && number <= 9) {
    const speaker = model.speakers[number - 1];
    if (chosen() && speaker) model.replace(view.selected, { speaker: speaker.id });
  } else if (found) {
    event.preventDefault();
    found[2](event);
  }
});

for (const [name, [suffix, write]] of Object.entries(FORMATS)) {
  const button = make("button", { type: "button", textContent: name, ariaLabel: `Download ${name}` });
  button.addEventListener("click", () => {
    const link = make("a", { href: URL.createObjectURL(new Blob([write(model, data.reco)], { type: "text/plain" })), download: `${data.reco}.${suffix}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    model.edited = false;
    say(`${link.download} is written`);
  });
  document.querySelector(".downloads").append(button);
}
window.addEventListener("beforeunload", (event) => { if (model.edited) event.preventDefault(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view.redraw());

get("total").textContent = `/ ${clockShort(data.duration)}`;
get("seek").max = data.duration;
model.listeners.push(refresh);
refresh();
