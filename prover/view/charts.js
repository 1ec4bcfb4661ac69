// Where the samples went: over time, by depth, and by state.

const VERDICTS = ["PROVED", "INCOMPLETE", "FAILED", "TIMEOUT", "OUT_OF_MEMORY", "CHEAT"];
const BINS = 80, DEPTHS = 12, TOP = 8;

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** How many of these samples had each verdict, in the order of `VERDICTS`. */
function mix(model, chosen) {
  const counts = new Map(VERDICTS.map((verdict) => [verdict, 0]));
  for (const sample of chosen) counts.set(model.samples.verdict[sample], counts.get(model.samples.verdict[sample]) + 1);
  return [...counts].filter(([, count]) => count);
}

function chartsView(model, select) {
  const all = model.samples.node.map((_, sample) => sample);
  if (!all.length) return [el("div", { class: "card quiet" }, "No sample has ended yet.")];
  return [
    el("div", { class: "card" }, el("h2", {}, "Over time"), ...timeline(model, all)),
    el("div", { class: "card" }, el("h2", {}, "By depth ", el("small", {}, "of the state where a sample began")), byDepth(model, all)),
    el("div", { class: "card" }, el("h2", {}, "By state ", el("small", {}, "where most samples began")), byState(model, select)),
  ];
}

/** States found so far as a curve, and below it the verdicts, both over the samples in order. */
function timeline(model, all) {
  const width = 400, high = 110, strip = 34, bins = Math.min(BINS, all.length);
  const total = model.samples.added.reduce((a, b) => a + b, 0) || 1;
  let found = 0, next = 0, path = "M0 " + high;
  const every = Math.max(1, Math.floor(all.length / width));
  all.forEach((sample, i) => {
    found += model.samples.added[sample];
    if (i % every === 0 || i === all.length - 1) {
      path += ` L${(((i + 1) / all.length) * width).toFixed(1)} ${(high - (found / total) * (high - 6)).toFixed(1)}`;
    }
  });
  const picture = svg("svg", { viewBox: `0 0 ${width} ${high + strip + 6}`, preserveAspectRatio: "none", role: "img", "aria-label": `${plural(found, "state")} found by ${plural(all.length, "sample")}` });
  picture.append(svg("path", { class: "area", d: `${path} L${width} ${high} Z` }), svg("path", { class: "curve", d: path }));
  for (let bin = 0; bin < bins; bin++) {
    const until = Math.round(((bin + 1) / bins) * all.length);
    let y = high + 6;
    for (const [verdict, count] of mix(model, all.slice(next, until))) {
      const height = (count / (until - next)) * strip;
      picture.append(svg("rect", { class: `v-${verdict}`, x: (bin / bins) * width, y, width: (width / bins) * 0.86, height }));
      y += height;
    }
    next = until;
  }
  const legend = mix(model, all).map(([verdict, count]) =>
    el("span", {}, el("i", { class: `v-${verdict}` }), `${verdict.toLowerCase().replaceAll("_", " ")} ${count.toLocaleString("en")}`),
  );
  return [
    picture,
    el("p", { class: "axis" }, el("span", {}, "first sample"), el("span", {}, `${plural(found, "new state")}`), el("span", {}, `sample ${all.length.toLocaleString("en")}`)),
    el("p", { class: "legend" }, legend),
  ];
}

function stacked(model, chosen, most) {
  const bar = el("span", { class: "stack" });
  for (const [verdict, count] of mix(model, chosen)) {
    const part = el("i", { class: `v-${verdict}`, title: `${verdict} ${count}` });
    part.style.width = `${(100 * count) / most}%`;
    bar.append(part);
  }
  return bar;
}

function byDepth(model, all) {
  const depths = [];
  for (const sample of all) {
    const depth = Math.min(DEPTHS, model.level[model.samples.node[sample]]);
    (depths[depth] ||= []).push(sample);
  }
  const rows = Array.from(depths, (chosen) => chosen || []);
  const most = Math.max(...rows.map((chosen) => chosen.length));
  const line = (chosen, depth) =>
    el("li", {}, el("span", { class: "name" }, depth === DEPTHS ? `${depth}+` : String(depth)), stacked(model, chosen, most), el("b", {}, chosen.length.toLocaleString("en")));
  return el("ol", { class: "bars narrow" }, rows.map(line));
}

function byState(model, select) {
  const order = model.begun.map((_, node) => node).filter((node) => model.begun[node].length);
  order.sort((a, b) => model.begun[b].length - model.begun[a].length || a - b);
  const most = model.begun[order[0]].length;
  const line = (node) =>
    el(
      "li",
      {},
      el("button", { type: "button", class: "link name", onclick: () => select(node), title: model.tactic(node) }, model.tactic(node)),
      stacked(model, model.begun[node], most),
      el("b", {}, model.begun[node].length.toLocaleString("en")),
    );
  return el("ol", { class: "bars" }, order.slice(0, TOP).map(line));
}
