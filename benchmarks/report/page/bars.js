"use strict";
// Rows of bars and ridges: distributions, start-up, stages, sizes, memory.

const ROW = 34;

function measuredByLatency() {
  return visibleCases().filter((c) => c.p50 !== null).sort((a, b) => a.p50 - b.p50);
}

// What threads hardly change is shown once for each machine: with the fewest that it was run with.
function withFewestThreads(cases) {
  return cases.filter((c) => !cases.some((other) => other.run === c.run && other.threads < c.threads));
}

function drawDistributions() {
  const place = document.getElementById("distributions");
  const cases = measuredByLatency();
  if (!cases.length) return nothing(place, "Nothing measured is left by the filter.");
  // Names stand beside the ridges, or above them where there is no room.
  const names = cases.map(shortName), wanted = Math.max(...names.map((name) => name.length)) * 6.7 + 18;
  const narrow = place.clientWidth < 2.4 * wanted, rowHeight = narrow ? 50 : ROW, ridge = 26;
  const { svg, width, height } = canvas(place, cases.length * rowHeight + 46);
  const left = narrow ? 8 : wanted, right = width - 12, bottom = height - 30;
  const x = logScale([DATA.axis.low, DATA.axis.high], [left, right]);
  let last = -Infinity;
  for (const tick of logTicks(DATA.axis.low, DATA.axis.high)) {
    shape(svg, "line", { class: "grid", x1: x(tick), x2: x(tick), y1: 4, y2: bottom });
    if (x(tick) - last < 58) continue;
    last = x(tick);
    shape(svg, "text", { x: x(tick), y: bottom + 18, "text-anchor": "middle" }, `${tick.toLocaleString("en")} µs`);
  }
  cases.forEach((c, row) => {
    const base = (row + 1) * rowHeight;
    const high = Math.max(...c.histogram) || 1;
    const step = (right - left) / c.histogram.length;
    const points = c.histogram.map((count, i) => `L${left + (i + 0.5) * step},${base - (count / high) * ridge}`);
    shape(svg, "line", { class: "grid", x1: left, x2: right, y1: base, y2: base });
    shape(svg, "path", { d: `M${left},${base}${points.join("")}L${right},${base}Z`, style: `fill:${colourOf(c.runtime)};fill-opacity:.35;stroke:${colourOf(c.runtime)}` });
    for (const [value, thick, tall] of [[c.p50, 2.5, ridge], [c.p90, 1, 16], [c.p99, 1, 11]]) {
      if (value !== null && value <= DATA.axis.high) shape(svg, "line", { x1: x(value), x2: x(value), y1: base, y2: base - tall, style: `stroke:var(--ink);stroke-width:${thick}` });
    }
    const name = { x: narrow ? left : left - 12, y: narrow ? base - rowHeight + 16 : base - 4, "text-anchor": narrow ? "start" : "end", class: "strong" };
    shape(svg, "text", name, names[row]);
    const area = shape(svg, "rect", { x: 0, y: base - rowHeight, width, height: rowHeight, style: "fill:transparent" });
    addTip(area, c.artifact, describe(c));
  });
}

function drawStacked(id, parts, unit, cases) {
  const place = document.getElementById(id);
  const rows = cases.filter((c) => parts.every(([key]) => c[key] !== null));
  if (!rows.length) return nothing(place, "Not measured in this run.");
  const totals = rows.map((c) => parts.reduce((sum, [key]) => sum + c[key], 0));
  const { svg, width } = canvas(place, rows.length * ROW + 30);
  // One slow model must not squeeze the others into nothing: its bar is cut, and marked.
  const longest = Math.min(Math.max(...totals), 4 * [...totals].sort((a, b) => a - b)[totals.length >> 1]);
  const scale = linearScale([0, longest], [0, width - 72]);
  let offset = 0;
  parts.forEach(([, title], index) => {
    shape(svg, "rect", { x: offset, y: 3, width: 10, height: 10, rx: 2, style: `fill:${PALETTE[index]}` });
    shape(svg, "text", { x: offset + 15, y: 12 }, title);
    offset += 27 + title.length * 7;
  });
  rows.forEach((c, row) => {
    const y = 26 + row * ROW;
    let x = 0;
    shape(svg, "text", { x: 0, y: y + 10, class: "strong" }, shortName(c));
    parts.forEach(([key, title], index) => {
      const wide = Math.min(scale(c[key]), width - 72 - x);
      const bar = shape(svg, "rect", { x, y: y + 14, width: Math.max(wide, 0.5), height: 9, style: `fill:${PALETTE[index]}` });
      addTip(bar, c.artifact, `${c.runtime}: ${title} ${three(c[key])} ${unit}`);
      x += wide;
    });
    shape(svg, "text", { x: x + 6, y: y + 23 }, `${totals[row] > longest ? "⟫ " : ""}${three(totals[row])}`);
  });
}

function drawBars(id, rows, format) {
  const place = document.getElementById(id);
  if (!rows.length) return nothing(place, "Not measured in this run.");
  const { svg, width } = canvas(place, rows.length * ROW + 6);
  const scale = linearScale([0, Math.max(...rows.map((row) => row.value))], [0, width - 70]);
  rows.forEach((row, index) => {
    const y = index * ROW;
    shape(svg, "text", { x: 0, y: y + 12, class: "strong" }, row.name);
    shape(svg, "rect", { x: 0, y: y + 17, width: Math.max(1, scale(row.value)), height: 9, rx: 2, style: `fill:${row.colour}` });
    shape(svg, "text", { x: scale(row.value) + 6, y: y + 26 }, format(row.value));
  });
}

function drawSizes() {
  const files = new Map(visibleCases().map((c) => [c.artifact, c]));
  const rows = [...files.values()].map((c) => ({ name: fileName(c), value: c.size, colour: PALETTE[c.format === "onnx" ? 2 : 0] }));
  drawBars("sizes", rows, (value) => `${kib(value)} KiB`);
}

function drawMemory() {
  const rows = withFewestThreads(measuredByLatency()).filter((c) => c.memory !== null).map((c) => ({ name: shortName(c), value: c.memory, colour: colourOf(c.runtime) }));
  drawBars("memory", rows, (value) => `${mib(value)} MiB`);
}
