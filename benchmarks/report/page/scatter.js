"use strict";
// Accuracy against latency, size, memory or throughput, with the Pareto front.

const COSTS = [
  ["p50", "p50 latency (joined), µs", 1], ["p90", "p90 latency, µs", 1], ["size", "size on disk, KiB", 1024],
  ["memory", "memory over a bare Python, MiB", 2 ** 20], ["cpu", "processor time of a call, µs", 1],
  ["perImage", "time per picture in batches, µs", 1],
];

function costOf(c, key) {
  return key === "perImage" ? (c.rate ? 1e6 / c.rate : null) : c[key];
}

function findFront(cases, key) {
  const front = [];
  let best = -1;
  const known = cases.filter((c) => costOf(c, key) !== null && c.accuracy !== null);
  for (const c of known.sort((a, b) => costOf(a, key) - costOf(b, key) || b.accuracy - a.accuracy)) {
    if (c.accuracy > best) {
      front.push(c);
      best = c.accuracy;
    }
  }
  return front;
}

// One for each machine: nobody chooses between a model here and a model on another board.
function findFronts(cases, key) {
  const machines = [...new Set(cases.map((c) => c.run))];
  return machines.map((run) => findFront(cases.filter((c) => c.run === run), key)).filter((front) => front.length);
}

function marker(parent, c, x, y, size) {
  // An outline in the ground's colour keeps apart what lies on top of each other.
  const hollow = c.threads > 1, colour = colourOf(c.runtime);
  const style = hollow ? `fill:var(--card);stroke:${colour};stroke-width:2` : `fill:${colour};stroke:var(--card);stroke-width:1.2`;
  return symbol(parent, SHAPES[c.precision] ?? "circle", x, y, size, style);
}

function symbol(parent, kind, x, y, r, style) {
  const at = (...points) => points.map(([dx, dy]) => `${x + dx * r},${y + dy * r}`).join(" ");
  if (kind === "circle") return shape(parent, "circle", { cx: x, cy: y, r: r * 0.9, style });
  if (kind === "square") return shape(parent, "rect", { x: x - r * 0.8, y: y - r * 0.8, width: r * 1.6, height: r * 1.6, style });
  const points = {
    triangle: at([0, -1.05], [1, 0.8], [-1, 0.8]), down: at([0, 1.05], [1, -0.8], [-1, -0.8]),
    diamond: at([0, -1.2], [1.1, 0], [0, 1.2], [-1.1, 0]),
    plus: at([-0.4, -1], [0.4, -1], [0.4, -0.4], [1, -0.4], [1, 0.4], [0.4, 0.4], [0.4, 1], [-0.4, 1], [-0.4, 0.4], [-1, 0.4], [-1, -0.4], [-0.4, -0.4]),
  };
  return shape(parent, "polygon", { points: points[kind], style });
}

function drawScatter() {
  const place = document.getElementById("scatter");
  const [key, title, unit] = COSTS.find(([name]) => name === document.getElementById("scatter-cost").value);
  const cases = visibleCases().filter((c) => costOf(c, key) && c.accuracy !== null);
  document.getElementById("scatter-note").textContent = "";
  if (!cases.length) return nothing(place, "Nothing measured is left by the filter.");
  const { svg, width, height } = canvas(place, Math.min(460, Math.max(300, innerHeight * 0.55)));
  const left = 60, right = width - 16, top = 10, bottom = height - 44;
  const costs = cases.map((c) => costOf(c, key) / unit);
  const range = [Math.min(...costs) / 1.25, Math.max(...costs) * 1.25];
  const lows = cases.map((c) => c.accuracy), spread = Math.max(0.002, (Math.max(...lows) - Math.min(...lows)) * 0.25);
  const share = [Math.max(0, Math.min(...lows) - spread), Math.min(1, Math.max(...lows) + spread)];
  const x = logScale(range, [left, right]), y = linearScale(share, [bottom, top]);
  drawAxes(svg, x, y, range, share, { left, right, top, bottom }, title);
  const fronts = findFronts(cases, key), front = fronts.flat();
  for (const corners of fronts) {
    const path = corners.map((c, i) => (i ? `H${x(costOf(c, key) / unit)}V${y(c.accuracy)}` : `M${x(costOf(c, key) / unit)},${y(c.accuracy)}`));
    shape(svg, "path", { class: "front", d: `${path.join("")}H${right}` });
  }
  drawIntervals(svg, cases, key, unit, x, y, { left, right, top, bottom });
  for (const c of cases) {
    const point = marker(svg, c, x(costOf(c, key) / unit), y(c.accuracy), front.includes(c) ? 8 : 6.5);
    point.classList.add("point");
    point.setAttribute("tabindex", "0");
    point.setAttribute("role", "img");
    point.setAttribute("aria-label", `${c.artifact}: ${describe(c)}`);
    addTip(point, c.artifact, describe(c));
  }
}

function drawIntervals(svg, cases, key, unit, x, y, { left, right, top, bottom }) {
  const tallest = Math.max(...cases.map((c) => y(c.accuracyLow) - y(c.accuracyHigh)));
  const fit = tallest < (bottom - top) * 0.5;
  for (const c of cases) {
    const px = x(costOf(c, key) / unit), py = y(c.accuracy);
    const style = `stroke:${colourOf(c.runtime)};opacity:.35;stroke-width:2`;
    if (fit) shape(svg, "line", { x1: px, x2: px, y1: Math.min(bottom, y(c.accuracyLow)), y2: Math.max(top, y(c.accuracyHigh)), style });
    if (key === "p50" && c.p50Low !== null) {
      const [x1, x2] = [c.p50Low, c.p50High].map((v) => Math.min(right, Math.max(left, x(v))));
      shape(svg, "line", { x1, x2, y1: py, y2: py, style });
    }
  }
  const half = Math.max(...cases.map((c) => (c.accuracyHigh - c.accuracyLow) / 2));
  const told = fit ? "" : " Intervals of accuracy are taller than this chart: look at the paired column “vs float”.";
  document.getElementById("scatter-note").textContent = `Accuracy is known to ±${percent(half)} points (95 %).${told}`;
}

function drawAxes(svg, x, y, range, share, { left, right, top, bottom }, title) {
  let last = -Infinity;
  for (const tick of logTicks(...range)) {
    shape(svg, "line", { class: "grid", x1: x(tick), x2: x(tick), y1: top, y2: bottom });
    const number = tick.toLocaleString("en"), half = number.length * 3.5;
    if (x(tick) - half < last + 6) continue;
    last = x(tick) + half;
    shape(svg, "text", { x: x(tick), y: bottom + 17, "text-anchor": "middle" }, number);
  }
  for (const tick of linearTicks(share[0] * 100, share[1] * 100, 6)) {
    const py = y(tick / 100);
    shape(svg, "line", { class: "grid", x1: left, x2: right, y1: py, y2: py });
    shape(svg, "text", { x: left - 8, y: py + 4, "text-anchor": "end" }, `${Number(tick.toFixed(2))} %`);
  }
  shape(svg, "line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom });
  shape(svg, "text", { x: right, y: bottom + 36, "text-anchor": "end" }, `${title} (log scale)`);
}

function drawLegend() {
  const place = document.getElementById("scatter-legend");
  const measured = DATA.cases.filter((c) => c.p50 !== null);
  const entry = (text, draw) => {
    const label = element("span");
    const svg = shape(label, "svg", { width: 16, height: 16 });
    draw(svg);
    label.append(text);
    return label;
  };
  const colours = [...new Set(measured.map((c) => c.runtime))].map((name) =>
    entry(name, (svg) => symbol(svg, "circle", 8, 8, 6, `fill:${colourOf(name)}`)));
  const kinds = [...new Set(measured.map((c) => c.precision))].map((name) =>
    entry(name, (svg) => symbol(svg, SHAPES[name] ?? "circle", 8, 8, 5.5, "fill:var(--soft)")));
  const threads = measured.some((c) => c.threads > 1)
    ? [entry("more than one thread", (svg) => symbol(svg, "circle", 8, 8, 6, "fill:none;stroke:var(--soft);stroke-width:2"))] : [];
  place.replaceChildren(...colours, ...kinds, ...threads);
}
