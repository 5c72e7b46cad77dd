// Contrast of every visible text against what lies behind it, and of every bar, by WCAG 2.2 (1.4.3 and 1.4.11).
const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const parse = (text) => {
  const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
  return { rgb: [r, g, b], a };
};
const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
const ratio = (one, two) => {
  const [high, low] = [luminance(one), luminance(two)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};
const behind = (element) => {
  for (let entry = element; entry; entry = entry.parentElement) {
    const colour = getComputedStyle(entry).backgroundColor;
    if (colour.startsWith("rgb") && parse(colour).a === 1) return parse(colour).rgb;
  }
  return [255, 255, 255];
};
const poor = [];
let looked = 0;
const hold = (element, colour, needed) => {
  const found = ratio(parse(colour).rgb, behind(element));
  looked += 1;
  if (found < needed) poor.push(`${found.toFixed(2)} < ${needed}: ${element.outerHTML.slice(0, 90)}`);
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || element.closest("script, title, .skip") || !element.getClientRects().length) continue;
  const style = getComputedStyle(element);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  hold(element, element.closest("svg") ? style.fill : style.color, large ? 3 : 4.5);
}
for (const bar of document.querySelectorAll(".bar:not(.unfinished), .slow rect")) hold(bar, getComputedStyle(bar).fill, 3);
return { looked, poor };
