// Miss, false alarm and confusion against the reference, by the definition of the DER, no collar, overlap scored.
function errorsOf(model, reference, regions) {
  const mapping = mappingOf(model, reference), edges = [], spans = [];
  for (const t of model.turns) edges.push([t.start, 1, "hyp", t.speaker], [t.end, -1, "hyp", t.speaker]);
  for (const [a, b, who] of reference.turns) edges.push([a, 1, "ref", who], [b, -1, "ref", who]);
  for (const [a, b] of regions) edges.push([a, 1, "scored", 0], [b, -1, "scored", 0]);
  edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const on = { hyp: new Map(), ref: new Map(), scored: new Map() }, seconds = { miss: 0, alarm: 0, confusion: 0, total: 0 };
  let last = 0;
  for (const [time, step, side, who] of edges) {
    if (time > last && on.scored.size) count(last, time);
    last = Math.max(last, time);
    const left = (on[side].get(who) || 0) + step;
    if (left) on[side].set(who, left); else on[side].delete(who);
  }
  return { spans, seconds, mapping };

  function count(start, end) {
    const refs = on.ref.size, hyps = on.hyp.size;
    let right = 0;
    for (const who of on.hyp.keys()) right += mapping.has(who) && on.ref.has(mapping.get(who));
    const parts = { miss: Math.max(0, refs - hyps), alarm: Math.max(0, hyps - refs), confusion: Math.min(refs, hyps) - right };
    seconds.total += refs * (end - start);
    for (const [kind, many] of Object.entries(parts)) {
      if (!many) continue;
      seconds[kind] += many * (end - start);
      const before = spans.length - 1;
      const same = spans.slice(Math.max(0, before - 2)).find((s) => s.kind === kind && s.end === start);
      if (same) same.end = end; else spans.push({ kind, start, end });
    }
  }
}

// {speaker id: number in the reference}: as the page was made with, and new speakers get who is left and fits best.
function mappingOf(model, reference) {
  const found = new Map(), free = new Set(reference.names.keys());
  for (const s of model.speakers) {
    const number = s.reference === null ? -1 : reference.names.indexOf(s.reference);
    if (free.delete(number)) found.set(s.id, number);
  }
  const pairs = [];
  for (const s of model.speakers.filter((one) => !found.has(one.id) && free.size)) {
    for (const number of free) {
      const shared = reference.turns.filter((t) => t[2] === number).reduce((sum, [a, b]) =>
        sum + model.between(a, b, model.of.get(s.id)).reduce((more, t) =>
          more + Math.max(0, Math.min(b, t.end) - Math.max(a, t.start)), 0), 0);
      if (shared) pairs.push([shared, s.id, number]);
    }
  }
  for (const [, id, number] of pairs.sort((a, b) => b[0] - a[0])) {
    if (!found.has(id) && free.delete(number)) found.set(id, number);
  }
  return found;
}
