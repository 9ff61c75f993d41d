"use strict";
// Where a model errs: its confusion matrix and its accuracy per class.

function chosenAccuracy() {
  return DATA.accuracies[Number(document.getElementById("confusion-choice").value)];
}

function fillConfusionChoice() {
  const select = document.getElementById("confusion-choice");
  DATA.accuracies.forEach((a, index) => {
    const machine = DATA.runs.length > 1 ? ` · ${a.run}` : "";
    select.append(element("option", { value: index }, `${a.artifact} on ${a.runtime}${machine}`));
  });
  select.addEventListener("change", drawErrors);
}

function drawErrors() {
  const chosen = chosenAccuracy();
  if (!chosen) {
    nothing(document.getElementById("confusion"), "Accuracy was not measured in this run.");
    return nothing(document.getElementById("per-class"), "");
  }
  drawConfusion(chosen);
  drawPerClass(chosen);
}

const LONGEST_NAME = 14;
// Beyond this many classes cells without a picture share one ground: a million would stop the page.
const MANY_CLASSES = 40;
const cutName = (name) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name);

function drawConfusion(chosen) {
  const place = document.getElementById("confusion");
  const names = chosen.classes, count = names.length;
  const longest = Math.min(LONGEST_NAME, Math.max(...names.map((name) => name.length)));
  // Slanted names lean out over the last column: room is kept for them, or they stand upright.
  const left = longest * 6.6 + 10, wide = Math.max(260, place.clientWidth);
  const slanted = (wide - left) / count >= 38, lean = slanted ? longest * 4.6 : 4;
  const top = longest * (slanted ? 5 : 6.6) + 14;
  const cell = Math.max(14, Math.min(44, (wide - left - lean) / count));
  // More classes than fit in this width: the matrix is wider, and its place scrolls.
  const { svg } = canvas(place, top + cell * count + 4, Math.max(260, left + cell * count + lean));
  if (count > MANY_CLASSES) shape(svg, "rect", { x: left, y: top, width: cell * count, height: cell * count, style: "fill:var(--grid)" });
  names.forEach((name, index) => {
    shape(svg, "text", { x: left - 6, y: top + (index + 0.5) * cell + 4, "text-anchor": "end" }, cutName(name));
    const x = left + (index + 0.5) * cell;
    const turn = `rotate(${slanted ? -45 : -90} ${x + 4} ${top - 6})`;
    shape(svg, "text", { x: x + 4, y: top - 6, transform: turn }, cutName(name));
  });
  chosen.confusion.forEach((row, truth) => {
    const total = row.reduce((sum, n) => sum + n, 0) || 1;
    row.forEach((n, answer) => {
      if (!n && count > MANY_CLASSES) return;
      const share = n / total, right = truth === answer;
      // Errors are few: a root lets a cell of one percent be seen. No shade lies where neither
      // dark nor light letters can be read on it.
      const strength = right ? (share < 0.5 ? 0.1 + 0.5 * share : 0.86 + 0.14 * share) : Math.min(0.55, 0.08 + 0.92 * Math.sqrt(share));
      const tone = right ? `rgba(var(--heat), ${strength})` : `color-mix(in srgb, var(--c1) ${strength * 100}%, transparent)`;
      const square = shape(svg, "rect", { x: left + answer * cell + 1, y: top + truth * cell + 1, width: cell - 2, height: cell - 2, rx: 3, style: `fill:${n ? tone : "var(--grid)"}` });
      if (cell >= 24 && n) {
        const bright = right && share >= 0.5;
        shape(svg, "text", { x: left + (answer + 0.5) * cell, y: top + (truth + 0.5) * cell + 4, "text-anchor": "middle", style: `font-size:${cell < 32 ? 9.5 : 11}px;pointer-events:none;fill:${bright ? "var(--card)" : "var(--ink)"}` }, n);
      }
      addTip(square, `${names[truth]} taken for ${names[answer]}`, `${n} of ${total} (${percent(share, 1)} %)`);
    });
  });
}

function drawPerClass(chosen) {
  const rows = chosen.perClass.map(([name, correct, total, low, high]) => ({ name, correct, total, value: total ? correct / total : 0, low, high }));
  const place = document.getElementById("per-class");
  const { svg, width } = canvas(place, rows.length * ROW + 6);
  const scale = linearScale([0, 1], [0, width - 62]);
  rows.forEach((row, index) => {
    const y = index * ROW;
    shape(svg, "text", { x: 0, y: y + 12, class: "strong" }, row.name);
    shape(svg, "rect", { x: 0, y: y + 17, width: scale(1), height: 9, rx: 2, style: "fill:var(--grid)" });
    shape(svg, "rect", { x: 0, y: y + 17, width: scale(row.value), height: 9, rx: 2, style: "fill:var(--accent)" });
    if (row.total) {
      const [x1, x2] = [scale(row.low), scale(row.high)];
      shape(svg, "path", { class: "whisker", d: `M${x1},${y + 21.5}H${x2}M${x1},${y + 18}v7M${x2},${y + 18}v7` });
    }
    shape(svg, "text", { x: scale(1) + 8, y: y + 26 }, row.total ? `${percent(row.value, 1)} %` : "none");
    const area = shape(svg, "rect", { x: 0, y, width, height: ROW, style: "fill:transparent" });
    addTip(area, row.name, row.total ? `${row.correct} of ${row.total}, between ${percent(row.low, 1)} and ${percent(row.high, 1)} % (95 %)` : "no picture of this class");
  });
}
