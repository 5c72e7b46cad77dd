"use strict";
// The page reads well without this script: it opens what a link or the printer needs, and filters the list of tasks.
const evidence = (scope) => scope.querySelectorAll("details.evidence");
for (const button of document.querySelectorAll("button[data-open], button[data-close]")) {
  const scope = document.querySelector(button.dataset.open || button.dataset.close);
  button.addEventListener("click", () => {
    for (const entry of evidence(scope)) entry.open = "open" in button.dataset;
  });
}
const reveal = () => {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let entry = target.closest("details"); entry; entry = entry.parentElement.closest("details")) entry.open = true;
  target.scrollIntoView({ block: "center" });
};
addEventListener("hashchange", reveal);
reveal();
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...evidence(document)].filter((entry) => !entry.open);
  for (const entry of closed) entry.open = true;
});
addEventListener("afterprint", () => {
  for (const entry of closed) entry.open = false;
});
const filter = document.getElementById("filter");
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.querySelectorAll("table.tasks tbody tr")) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
});
