// Finds, filters and sorts problems, and copies the tables. Without it the page shows everything.

const table = document.getElementById("problems"), body = table.tBodies[0];
const rows = [...body.rows], order = new Map(rows.map((row, index) => [row, index]));
const find = document.getElementById("find"), outcome = document.getElementById("outcome"), shown = document.getElementById("count");

function filter() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean), wanted = outcome.value;
  let count = 0;
  for (const row of rows) {
    const fits = (!wanted || row.dataset.tags.split(" ").includes(wanted)) && words.every((word) => row.dataset.text.includes(word));
    row.hidden = !fits;
    count += fits;
  }
  shown.textContent = `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
}

/** Sort by a column: up, down, and as it was. Numbers as numbers, and what is empty last. */
function sort(head) {
  const next = { ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")] || "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  const column = head.cellIndex, sign = next === "descending" ? -1 : 1;
  const key = (row) => row.cells[column].dataset.key ?? "";
  if (next !== "none") head.setAttribute("aria-sort", next);
  rows.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (next === "none" || x === y) return order.get(a) - order.get(b);
    if (x === "" || y === "") return x === "" ? 1 : -1;
    const numbers = head.dataset.kind === "number";
    return sign * (numbers ? Number(x) - Number(y) || order.get(a) - order.get(b) : x < y ? -1 : 1);
  });
  body.append(...rows);
}

find.addEventListener("input", filter);
outcome.addEventListener("change", filter);
for (const button of table.tHead.querySelectorAll("button")) button.addEventListener("click", () => sort(button.closest("th")));

document.getElementById("copy").addEventListener("click", async (event) => {
  const source = document.getElementById("markdown");
  const range = document.createRange();
  range.selectNodeContents(source);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    document.execCommand("copy"); // A page that was opened as a file may have no clipboard.
  }
  event.target.textContent = "Copied";
});

filter();
document.body.dataset.shown = "report";
