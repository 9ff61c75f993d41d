"use strict";
// Shared by every chart: the data, small builders, scales, the tooltip and the filter's state.

const DATA = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const PALETTE = ["var(--c0)", "var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)", "var(--c6)", "var(--c7)"];
const RUNTIMES = [...new Set(DATA.cases.map((c) => c.runtime))];
const KNOWN_COLOURS = { litert: 0, tflite: 1, onnx: 2, openvino: 3, keras: 4, fake: 5 };
const SHAPES = { fp32: "circle", fp16: "square", dynamic_int8: "triangle", static_int8: "diamond", int16x8: "down", qat_int8: "plus" };

// The parts of a case that can be filtered by, with a title for people.
const FILTERS = [["run", "machine"], ["model", "model"], ["runtime", "runtime"], ["precision", "precision"], ["threads", "threads"]];
const hidden = Object.fromEntries(FILTERS.map(([key]) => [key, new Set()]));

function colourOf(runtime) {
  const known = KNOWN_COLOURS[runtime];
  return PALETTE[known === undefined ? (5 + RUNTIMES.indexOf(runtime)) % PALETTE.length : known];
}

function visibleCases() {
  return DATA.cases.filter((c) => FILTERS.every(([key]) => !hidden[key].has(String(c[key]))));
}

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "style") node.style.cssText = value;
    else if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function shape(parent, name, attributes = {}, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "style") node.style.cssText = value;
    else node.setAttribute(key, value);
  }
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

// A drawing as wide as its place, so that letters keep their size on a phone, or as `least`.
function canvas(place, height, least = 260) {
  const width = Math.max(least, place.clientWidth);
  place.replaceChildren();
  const svg = shape(place, "svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": place.dataset.about });
  return { svg, width, height };
}

function nothing(place, why) {
  place.replaceChildren(element("p", { class: "empty" }, why));
}

function three(value) {
  if (value === null || value === undefined) return "n/a";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 10 ? 1 : 2);
}

// Half of an interval needs no more than two digits.
const two = (value) => (value >= 10 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 1 ? 1 : 2));
const percent = (share, digits = 2) => (share === null ? "n/a" : `${(share * 100).toFixed(digits)}`);
const signed = (share) => (share === null ? "–" : `${share >= 0 ? "+" : "−"}${Math.abs(share * 100).toFixed(2)}`);
const kib = (bytes) => (bytes === null ? "n/a" : three(bytes / 1024));
const mib = (bytes) => (bytes === null ? "n/a" : (bytes / 2 ** 20).toFixed(1));

function logScale([low, high], [from, to]) {
  const a = Math.log(low), b = Math.log(high);
  return (value) => from + ((Math.log(value) - a) / (b - a || 1)) * (to - from);
}

function linearScale([low, high], [from, to]) {
  return (value) => from + ((value - low) / (high - low || 1)) * (to - from);
}

function logTicks(low, high) {
  const all = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const digit of [1, 2, 5]) {
      const tick = digit * 10 ** power;
      if (tick >= low && tick <= high) all.push(tick);
    }
  }
  // A single case spans so little that none or one of these lies within it.
  return all.length > 1 ? all : linearTicks(low, high, 4);
}

function linearTicks(low, high, count) {
  const rough = (high - low) / count || 1;
  const base = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * base).find((s) => s >= rough);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) ticks.push(Number(tick.toPrecision(10)));
  return ticks;
}

const tip = document.getElementById("tip");
let tipOf = null;  // what it tells about; another node's farewell must not hide it

function addTip(node, title, text) {
  const show = (x, y) => {
    tip.replaceChildren(element("b", {}, title), text);
    tip.hidden = false;
    tipOf = node;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(6, Math.min(x + 14, innerWidth - box.width - 6))}px`;
    tip.style.top = `${y + 14 + box.height > innerHeight ? Math.max(6, y - box.height - 12) : y + 14}px`;
  };
  node.addEventListener("pointermove", (event) => show(event.clientX, event.clientY));
  const hide = () => {
    if (tipOf === node) tip.hidden = true;
  };
  node.addEventListener("pointerleave", hide);
  node.addEventListener("focus", () => {
    const box = node.getBoundingClientRect();
    show(box.right, box.bottom);
  });
  node.addEventListener("blur", hide);
}

addEventListener("keydown", (event) => {
  if (event.key === "Escape") tip.hidden = true;
});

// One model: its name stands in the title, so the rest of the file name is enough.
function fileName(c) {
  const models = new Set(DATA.cases.map((one) => one.model));
  return models.size > 1 ? c.artifact : c.artifact.replace(`${c.model}_`, "");
}

function shortName(c) {
  const machine = DATA.runs.length > 1 ? ` · ${c.run.length > 15 ? `${c.run.slice(0, 14)}…` : c.run}` : "";
  return `${fileName(c)} · ${c.runtime}${c.threads > 1 ? ` ×${c.threads}` : ""}${machine}`;
}

function describe(c) {
  const lines = [`${c.runtime} ${c.version ?? ""} · ${c.threads} thread${c.threads > 1 ? "s" : ""}`];
  if (DATA.runs.length > 1) lines.push(c.run);
  if (c.accuracy !== null) lines.push(`accuracy ${percent(c.accuracy)} % (${percent(c.accuracyLow)}–${percent(c.accuracyHigh)})`);
  if (c.difference !== null) lines.push(`against float ${signed(c.difference)} points (${signed(c.differenceLow)} to ${signed(c.differenceHigh)}), McNemar p ${c.mcnemar < 0.001 ? "< 0.001" : `= ${c.mcnemar.toFixed(3)}`}`);
  if (c.agreement !== null) lines.push(`same answer as float on ${percent(c.agreement)} %`);
  lines.push(`p50 ${three(c.p50)} µs` + (c.p50Low === null ? "" : ` (${three(c.p50Low)}–${three(c.p50High)})`));
  lines.push(`p90 ${three(c.p90)} · p99 ${three(c.p99)} µs, ${c.samples.toLocaleString("en")} samples`);
  lines.push(`${kib(c.size)} KiB on disk, ${mib(c.memory)} MiB memory`);
  return lines.join("\n");
}
