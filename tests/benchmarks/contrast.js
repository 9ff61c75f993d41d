// Texts of the page with less contrast to their ground than the arguments[0] : 1 that is asked for.
const numbers = (text) => text.match(/[\d.]+/g).map(Number);
const parse = (text) => {
  if (!/^(rgb|color)/.test(text)) return null;
  const [r, g, b, a = 1] = numbers(text.replace("color(srgb", ""));
  return text.startsWith("color") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
};
const over = (top, ground) => [0, 1, 2].map((i) => top[i] * top[3] + ground[i] * (1 - top[3]));
const luminance = (colour) => {
  const [r, g, b] = colour.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const groundOf = (node) => {
  const layers = [];
  for (let at = node; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour && colour[3] > 0) layers.unshift(colour);
  }
  return layers.reduce((ground, layer) => over(layer, ground), [255, 255, 255]);
};
const found = [];
for (const node of document.querySelectorAll("body *:not(script)")) {
  const speaks = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
  if (!speaks || !node.getClientRects().length) continue;
  const drawn = node.closest("svg"), style = getComputedStyle(node);
  const colour = parse(drawn ? style.fill : style.color);
  let ground = groundOf(node);
  const cell = node.previousElementSibling;
  if (node.closest("#confusion") && cell && cell.tagName === "rect") ground = over(parse(getComputedStyle(cell).fill), ground);
  const [a, b] = [luminance(over(colour, ground)), luminance(ground)];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < arguments[0]) found.push(`${node.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
}
return found;
