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

function drawConfusion(chosen) {
  const place = document.getElementById("confusion");
  const names = chosen.classes, count = names.length;
  const longest = Math.min(14, Math.max(...names.map((name) => name.length)));
  const left = longest * 6.6 + 10, top = longest * 5 + 14;
  const cell = Math.max(14, Math.min(44, (Math.max(260, place.clientWidth) - left - 4) / count));
  const { svg } = canvas(place, top + cell * count + 4);
  names.forEach((name, index) => {
    shape(svg, "text", { x: left - 6, y: top + (index + 0.5) * cell + 4, "text-anchor": "end" }, name.slice(0, 14));
    const x = left + (index + 0.5) * cell;
    shape(svg, "text", { x: x + 3, y: top - 6, transform: `rotate(-45 ${x + 3} ${top - 6})` }, name.slice(0, 14));
  });
  chosen.confusion.forEach((row, truth) => {
    const total = row.reduce((sum, n) => sum + n, 0) || 1;
    row.forEach((n, answer) => {
      const share = n / total, right = truth === answer;
      // Errors are few: a root lets a cell of one percent be seen.
      const strength = n ? 0.08 + 0.92 * (right ? share : Math.sqrt(share)) : 0;
      const tone = right ? `rgba(var(--heat), ${strength})` : `color-mix(in srgb, var(--c1) ${strength * 100}%, transparent)`;
      const square = shape(svg, "rect", { x: left + answer * cell + 1, y: top + truth * cell + 1, width: cell - 2, height: cell - 2, rx: 3, style: `fill:${n ? tone : "var(--grid)"}` });
      if (cell >= 24 && n) {
        const bright = strength > 0.6;
        shape(svg, "text", { x: left + (answer + 0.5) * cell, y: top + (truth + 0.5) * cell + 4, "text-anchor": "middle", style: `font-size:${cell < 32 ? 9.5 : 11}px;pointer-events:none;fill:${bright ? "var(--card)" : "var(--ink)"}` }, n);
      }
      addTip(square, `${names[truth]} taken for ${names[answer]}`, `${n} of ${total} (${percent(share, 1)} %)`);
    });
  });
}

function drawPerClass(chosen) {
  const rows = chosen.perClass.map(([name, correct, total]) => ({ name, value: total ? correct / total : 0 }));
  const place = document.getElementById("per-class");
  const { svg, width } = canvas(place, rows.length * ROW + 6);
  const scale = linearScale([0, 1], [0, width - 62]);
  rows.forEach((row, index) => {
    const y = index * ROW;
    shape(svg, "text", { x: 0, y: y + 12, class: "strong" }, row.name);
    shape(svg, "rect", { x: 0, y: y + 17, width: scale(1), height: 9, rx: 2, style: "fill:var(--grid)" });
    shape(svg, "rect", { x: 0, y: y + 17, width: scale(row.value), height: 9, rx: 2, style: "fill:var(--accent)" });
    shape(svg, "text", { x: scale(1) + 8, y: y + 26 }, `${percent(row.value, 1)} %`);
  });
}
