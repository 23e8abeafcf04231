// The edited turns as files: the same text that diarkit writes.
const oneWord = (name) => name.trim().split(/\s+/).join("_") || "_";
const whole = (seconds) => Math.round(seconds * 1000);
const three = (ms) => (ms / 1000).toFixed(3);
const two = (number) => String(number).padStart(2, "0");

function clockText(seconds, point) {
  const ms = whole(seconds), rest = Math.floor(ms / 1000);
  return `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}${point}` +
    String(ms % 1000).padStart(3, "0");
}

// 0.9 as Python's json writes it, 12.0 for a whole number.
const pythonFloat = (x) => (Number.isInteger(x) ? `${x}.0` : String(x));

const FORMATS = {
  RTTM: ["rttm", (model, reco) => model.turns.map((t) =>
    `SPEAKER ${reco} 1 ${three(whole(t.start))} ${three(whole(t.end) - whole(t.start))} <NA> <NA> ` +
    `${oneWord(model.name(t.speaker))} ${t.confidence === null ? "<NA>" : t.confidence.toFixed(3)} <NA>\n`).join("")],
  JSON: ["json", (model) => {
    const items = model.turns.map((t) => `  {"speaker": ${JSON.stringify(model.name(t.speaker))}, ` +
      `"start": ${pythonFloat(t.start)}, "end": ${pythonFloat(t.end)}` +
      (t.confidence === null ? "}" : `, "confidence": ${pythonFloat(t.confidence)}}`));
    return `{"diarization": [${items.length ? `\n${items.join(",\n")}\n` : ""}]}\n`;
  }],
  SRT: ["srt", (model) => model.turns.map((t, n) =>
    `${n + 1}\n${clockText(t.start, ",")} --> ${clockText(t.end, ",")}\n${model.name(t.speaker)}\n`).join("\n")],
  CSV: ["csv", (model) => {
    const quote = (name) => (/[",\r\n]/.test(name) ? `"${name.replace(/"/g, '""')}"` : name);
    const sure = model.turns.some((t) => t.confidence !== null);
    return `start,end,duration,speaker${sure ? ",confidence" : ""}\n` + model.turns.map((t) =>
      `${three(whole(t.start))},${three(whole(t.end))},${three(whole(t.end) - whole(t.start))},` +
      quote(model.name(t.speaker)) + (sure ? `,${t.confidence === null ? "" : t.confidence.toFixed(3)}` : "") + "\n").join("");
  }],
  TextGrid: ["TextGrid", textGrid],
};

// Spans of one speaker's turns; a tier cannot overlap itself, so turns that do are joined, those that touch are not.
function withoutOverlap(turns) {
  const found = [];
  for (const { start, end } of turns) {
    const last = found[found.length - 1];
    if (last && start < last[1]) last[1] = Math.max(last[1], end); else found.push([start, end]);
  }
  return found;
}

function textGrid(model) {
  const end = model.turns.reduce((last, t) => Math.max(last, t.end), model.duration) || 0.001;
  const quote = (text) => `"${text.replace(/"/g, '""')}"`;
  const tiers = model.speakers.map((s) => ({ name: s.name, spans: withoutOverlap(model.of.get(s.id)) }));
  if (!tiers.length) tiers.push({ name: "nobody", spans: [] });
  const lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", `xmax = ${end}`,
    "tiers? <exists>", `size = ${tiers.length}`, "item []:"];
  tiers.forEach((tier, n) => {
    const intervals = [];
    let at = 0;
    for (const [a, b] of tier.spans) {
      if (a > at) intervals.push([at, a, ""]);
      intervals.push([a, b, tier.name]);
      at = b;
    }
    if (at < end) intervals.push([at, end, ""]);
    lines.push(`    item [${n + 1}]:`, '        class = "IntervalTier"', `        name = ${quote(tier.name)}`,
      "        xmin = 0", `        xmax = ${end}`, `        intervals: size = ${intervals.length}`);
    intervals.forEach(([a, b, text], m) => lines.push(`        intervals [${m + 1}]:`, `            xmin = ${a}`,
      `            xmax = ${b}`, `            text = ${quote(text)}`));
  });
  return lines.join("\n") + "\n";
}
