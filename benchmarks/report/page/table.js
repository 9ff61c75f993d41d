"use strict";
// The table: every case, sorted by any column.

const COLUMNS = [
  ["artifact", "artifact", (c) => fileName(c), true],
  ["run", "machine", (c) => c.run, true],
  ["runtime", "runtime", (c) => c.runtime, true],
  ["threads", "threads", (c) => c.threads],
  ["accuracy", "accuracy %", (c) => percent(c.accuracy)],
  ["difference", "vs float", (c) => signed(c.difference)],
  ["p50", "p50 µs", (c) => three(c.p50)],
  ["p90", "p90 µs", (c) => three(c.p90)],
  ["p99", "p99 µs", (c) => three(c.p99)],
  ["rate", "images/s", (c) => (c.rate === null ? "n/a" : Math.round(c.rate).toLocaleString("en"))],
  ["cpu", "CPU µs", (c) => three(c.cpu)],
  ["size", "size KiB", (c) => kib(c.size)],
  ["memory", "memory MiB", (c) => mib(c.memory)],
  ["spread", "spread %", (c) => percent(c.spread, 1)],
];
let sortKey = "p50", sortDown = false;

function drawTable() {
  const columns = COLUMNS.filter(([key]) => key !== "run" || DATA.runs.length > 1);
  const cases = visibleCases();
  const front = new Set(findFronts(cases.filter((c) => c.p50 !== null), "p50").flat());
  const head = element("tr", {}, ...columns.map(([key, title, , isName]) => {
    const button = element("button", { type: "button" }, title + (key === sortKey ? (sortDown ? " ↓" : " ↑") : ""));
    button.addEventListener("click", () => {
      sortDown = key === sortKey ? !sortDown : ["accuracy", "rate", "difference"].includes(key);
      sortKey = key;
      drawTable();
    });
    const sorted = key === sortKey ? (sortDown ? "descending" : "ascending") : null;
    return element("th", { class: isName ? "name" : null, "aria-sort": sorted, scope: "col" }, button);
  }));
  const table = document.getElementById("results");
  table.replaceChildren(
    element("thead", {}, head),
    element("tbody", {}, ...cases.sort(bySortKey).map((c) => drawRow(c, columns, front.has(c)))),
  );
  drawRefusals(cases);
}

function bySortKey(a, b) {
  const [x, y] = [a[sortKey], b[sortKey]];
  if (x === null || y === null) return (x === null) - (y === null);
  const order = typeof x === "string" ? x.localeCompare(y) : x - y;
  return sortDown ? -order : order;
}

function drawRow(c, columns, onFront) {
  return element("tr", { class: c.status === "measured" ? null : "refused" }, ...columns.map(([key, , show, isName]) => {
    if (c.status !== "measured" && !["artifact", "run", "runtime", "threads", "size", "p50"].includes(key)) return element("td", {}, "–");
    const cell = element("td", { class: isName ? "name" : null, title: key === "artifact" ? c.artifact : null });
    if (key === "artifact") cell.append(element("span", { class: "dot", style: `background:${colourOf(c.runtime)}` }));
    cell.append(key === "p50" && c.status !== "measured" ? c.status : String(show(c)));
    if (key === "p50" && c.p50Low !== null) cell.append(element("small", {}, tellInterval(c)));
    if (key === "difference" && c.differenceLow !== null) cell.append(element("small", {}, ` ±${percent((c.differenceHigh - c.differenceLow) / 2)}`));
    if (key === "difference" && c.mcnemar !== null && c.mcnemar < 0.05) cell.classList.add("told");
    if (key === "spread" && c.spread > 0.15) cell.classList.add("wide");
    if (key === "artifact" && onFront) cell.append(element("span", { class: "best", title: "on the Pareto front" }, "●"));
    return cell;
  }));
}

function tellInterval(c) {
  const half = (c.p50High - c.p50Low) / 2;
  return half > c.p50 ? ` (${three(c.p50Low)}–${three(c.p50High)})` : ` ±${two(half)}`;
}

function drawRefusals(cases) {
  const reasons = new Map(cases.filter((c) => c.reason).map((c) => [`${c.artifact} on ${c.runtime}`, c.reason]));
  const place = document.getElementById("refusals");
  if (!reasons.size) return place.replaceChildren();
  const items = [...reasons].map(([who, why]) => element("li", {}, element("b", {}, who), `: ${why}`));
  place.replaceChildren(element("ul", {}, ...items));
}
