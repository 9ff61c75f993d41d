"use strict";
// Puts the page together and draws again when the filter or the width changes.

function drawVerdicts() {
  document.getElementById("verdicts").replaceChildren(...DATA.runs.map((run) => {
    const word = run.valid ? "valid" : "invalid";
    const text = run.valid ? "VALID" : "INVALID: do not quote these latencies";
    const findings = run.findings.map((f) => element("li", { class: `is-${f.severity}` },
      element("b", {}, f.severity), `${f.message}. `, element("span", {}, `Next: ${f.nextStep}.`)));
    return element("div", { class: `verdict ${word}` },
      element("span", { class: `badge ${word}` }, text),
      element("span", { class: "where" }, `${run.name} · ${run.created.replace("T", " ").replace("+00:00", " UTC")}`),
      findings.length ? element("ul", {}, ...findings) : null);
  }));
}

function drawSummary() {
  const cases = visibleCases().filter((c) => c.p50 !== null);
  const card = (title, value, c, more) => element("div", { class: "card" }, element("p", {}, title), element("strong", {}, value), element("p", {}, shortName(c)), more ? element("p", { class: "more" }, more) : null);
  const least = (key) => cases.filter((c) => c[key] !== null).sort((a, b) => a[key] - b[key])[0];
  const fastest = least("p50"), smallest = least("size"), leanest = least("memory");
  const right = cases.filter((c) => c.accuracy !== null).sort((a, b) => b.accuracy - a.accuracy || a.p50 - b.p50)[0];
  document.getElementById("summary").replaceChildren(...[
    fastest && card("fastest", `${three(fastest.p50)} µs`, fastest),
    right && card("most accurate", `${percent(right.accuracy)} %`, right, tellTies(cases)),
    smallest && card("smallest", `${kib(smallest.size)} KiB`, smallest),
    leanest && card("least memory", `${mib(leanest.memory)} MiB`, leanest),
  ].filter(Boolean));
}

// A lead of a few pictures is luck: what the test cannot tell from the best shares its place.
function tellTies(cases) {
  const known = new Set(cases.filter((c) => c.accuracy !== null).map((c) => `${c.run}|${c.artifact}|${c.runtime}`));
  const tied = new Set(cases.filter((c) => c.tied).map((c) => `${c.run}|${c.artifact}|${c.runtime}`));
  if (DATA.runs.length > 1 || tied.size < 2) return "";
  return tied.size === known.size ? "not told apart from any other here" : `not told apart from ${tied.size - 1} of ${known.size - 1} others`;
}

function drawFilters() {
  const all = element("button", { type: "button", class: "chip", id: "show-all", hidden: "" }, "show all");
  all.addEventListener("click", () => {
    for (const [key] of FILTERS) hidden[key].clear();
    for (const chip of document.querySelectorAll("[data-filter]")) chip.setAttribute("aria-pressed", "true");
    all.hidden = true;
    drawFiltered();
  });
  const groups = FILTERS.map(([key, title]) => {
    const values = [...new Set(DATA.cases.map((c) => String(c[key])))];
    if (values.length < 2) return null;
    const chips = values.map((value) => {
      const dot = key === "runtime" ? element("i", { style: `background:${colourOf(value)}` }) : null;
      const chip = element("button", { type: "button", class: "chip", "aria-pressed": "true", "data-filter": `${key}=${value}` }, dot, value);
      chip.addEventListener("click", () => {
        const shown = hidden[key].delete(value);
        if (!shown) hidden[key].add(value);
        chip.setAttribute("aria-pressed", String(shown));
        drawFiltered();
        all.hidden = FILTERS.every(([name]) => !hidden[name].size);
      });
      return chip;
    });
    return element("div", { class: "group", role: "group", "aria-label": title }, element("span", {}, title), ...chips);
  });
  document.getElementById("filters").replaceChildren(...groups.filter(Boolean), all);
}

function drawMachines() {
  document.getElementById("machines").replaceChildren(...DATA.runs.map((run) =>
    element("div", {}, DATA.runs.length > 1 ? element("h3", {}, run.name) : null,
      element("dl", { class: "facts" }, ...run.facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])))));
}

function drawFiltered() {
  drawSummary();
  drawScatter();
  drawTable();
  drawDistributions();
  const cases = withFewestThreads(measuredByLatency());
  drawStacked("startup", [["python", "Python"], ["import", "import runtime"], ["load", "load"], ["first", "first call"]], "ms", cases);
  drawStacked("stages", [["decode", "decode"], ["preprocess", "preprocess"], ["invoke", "invoke"], ["postprocess", "postprocess"]], "µs", cases);
  drawSizes();
  drawMemory();
}

const costSelect = document.getElementById("scatter-cost");
COSTS.forEach(([key, title]) => costSelect.append(element("option", { value: key }, title)));
costSelect.addEventListener("change", drawScatter);
drawVerdicts();
drawFilters();
drawLegend();
fillConfusionChoice();
drawMachines();
drawFiltered();
drawErrors();

let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;  // A phone's address bar changes only the height.
  width = innerWidth;
  drawFiltered();
  drawErrors();
});
document.documentElement.dataset.ready = "yes";
