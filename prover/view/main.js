// Puts the parts together: one theorem at a time, one selected node, and the keys.

const ALGORITHMS = {
  rmaxts: "RMaxTS",
  "best-first": "Best-first search",
  sampling: "Whole-proof sampling",
  "self-correction": "Self-correction",
};
let model = null, matches = [], turns = 0;

const map = new TreeMap($("map"), (node) => choose(node));
const outline = new Outline($("outline"), $("rows"), (node) => choose(node));

/** Select a node, everywhere. */
function choose(node) {
  outline.mark(node);
  map.mark(node);
  $("detail").replaceChildren(...detailView(model, node, choose));
  $("detail").scrollTop = 0;
}

function aboutView() {
  const { samples } = model, proved = model.proof !== null, winner = samples.verdict.indexOf("PROVED");
  const numbers = [
    [samples.node.length, "samples"], [model.count, "states"], [model.depth, "deepest"],
    [duration(model.seconds), "wall time"], [duration(samples.check.reduce((a, b) => a + b, 0)), "in Lean"],
    [model.tokens, "tokens"],
  ];
  const source = model.source ? `${model.source}:${model.line}` : "";
  const proof = proved
    ? el("section", { class: "proof" }, el("h3", {}, `First proof, found by sample ${winner + 1} after ${duration(samples.seconds[winner])}`), el("pre", {}, dedent(model.proof)))
    : el("section", { class: "proof" }, el("h3", {}, "No proof found. The furthest it came"), el("pre", {}, dedent(model.best) || "(no step was accepted)"));
  return [
    el("h1", {}, model.name, " ", el("span", { class: proved ? "badge yes" : "badge" }, proved ? "proved" : model.lost ? "unfinished" : "not proved")),
    el("p", { class: "quiet" }, [ALGORITHMS[model.algorithm], source].filter(Boolean).join(" · ")),
    model.informal && el("p", {}, model.informal),
    el("div", { class: "pair" }, el("section", {}, el("h3", {}, "Theorem"), el("pre", {}, model.statement), model.header.trim() && el("details", {}, el("summary", {}, "What stands before it"), el("pre", {}, model.header))), proof),
    el("dl", { class: "numbers" }, numbers.map(([value, name]) => el("div", {}, el("dt", {}, name), el("dd", {}, value.toLocaleString("en"))))),
  ].filter(Boolean);
}

function settingsView() {
  const settings = Object.entries(model.settings).map(([name, value]) => `${name.replaceAll("_", " ")} ${value === null ? "none" : value}`);
  const notes = [`${plural(model.rewarded, "sample")} rewarded`];
  if (model.abandoned) notes.push(`${model.abandoned.toLocaleString("en")} cancelled or lost to faults (they do not count)`);
  if (model.lost) notes.push(`${model.lost.toLocaleString("en")} under way when the trace ends`);
  return [el("p", {}, `${ALGORITHMS[model.algorithm]}: ${settings.join(", ") || "no settings"}.`), el("p", {}, `${notes.join("; ")}.`), ...model.circumstances.map((line) => el("p", {}, line))];
}

async function open(index) {
  const turn = ++turns, record = await unpack(`record-${index}`);
  if (turn !== turns) return; // Another theorem was asked for meanwhile.
  model = new Model(record);
  document.querySelectorAll("#theorems a").forEach((link, i) => {
    if (i === index) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  document.querySelector("main").hidden = false;
  $("about").replaceChildren(...aboutView());
  $("charts").replaceChildren(...chartsView(model, (node) => {
    choose(node);
    $("outline").scrollIntoView({ block: "center" });
  }));
  $("settings").replaceChildren(...settingsView());
  $("map-hint").textContent = model.win.length ? "deeper states to the right, the way to the proof in green" : "deeper states to the right";
  $("win").hidden = !model.win.length;
  $("search").value = "";
  outline.show(model);
  map.show(model);
  search();
  choose(0);
  document.body.dataset.shown = index;
}

function search() {
  const text = $("search").value.trim();
  outline.found = text ? model.find(text) : new Set();
  matches = [...map.order].reverse().filter((node) => outline.found.has(node));
  $("matches").textContent = text ? (matches.length ? plural(matches.length, "match").replace("hs", "hes") : "no match") : "";
  outline.draw();
}

/** Go to the match after (1) or before (-1) the selected node, in the order of the outline. */
function step(direction) {
  if (!matches.length) return;
  const here = matches.indexOf(outline.selected);
  const to = here < 0 ? (direction > 0 ? 0 : matches.length - 1) : (here + direction + matches.length) % matches.length;
  choose(matches[to]);
  $("matches").textContent = `${to + 1} of ${matches.length}`;
}

$("search").addEventListener("input", search);
$("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") {
    $("search").value = "";
    search();
    $("outline").focus();
  }
});
const toProof = () => model.win.length && choose(model.win[model.win.length - 1]);
$("win").addEventListener("click", toProof);
$("expand").addEventListener("click", () => outline.openAll());
$("collapse").addEventListener("click", () => outline.closeAll());
document.addEventListener("keydown", (event) => {
  if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = { "/": () => $("search").focus(), n: () => step(1), N: () => step(-1), w: toProof }[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

async function start() {
  const index = await unpack("index");
  const wanted = () => Math.min(index.length, Math.max(1, Number(location.hash.slice(1)) || 1)) - 1;
  if (index.length > 1) {
    const proved = index.filter((entry) => entry.proved).length;
    $("theorems").append(
      el("p", {}, `${proved} of ${index.length} proved`),
      el("ol", {}, index.map((entry, i) =>
        el("li", {}, el("a", { href: `#${i + 1}`, class: entry.proved ? "yes" : "" }, el("i", {}, entry.proved ? "✓" : "–"), el("span", {}, entry.name), el("b", {}, plural(entry.samples, "sample")))),
      )),
    );
    $("theorems").hidden = false;
  }
  window.addEventListener("hashchange", () => open(wanted()));
  await open(wanted());
}

start().catch((error) => {
  document.body.prepend(el("p", { class: "failure" }, `This page needs a browser of 2023 or later (${error}).`));
});
