// All that is known of one node: its state, its statistics, how it was reached and what was tried there.

const FEW = 5;

/** A goal as Lean prints it: its case, hypotheses, and the target behind ⊢. */
function goalView(text) {
  const view = el("div", { class: "goal" });
  for (const line of text.split("\n")) {
    const hypothesis = /^([^\s⊢:][^:]*?) (:=?) ([\s\S]*)$/.exec(line);
    if (line.startsWith("case ")) view.append(el("div", { class: "case" }, line));
    else if (line.startsWith("⊢")) view.append(el("div", { class: "target" }, el("em", {}, "⊢"), line.slice(1)));
    else if (hypothesis) {
      const [, names, colon, type] = hypothesis;
      view.append(el("div", {}, el("em", {}, names), ` ${colon} `, type));
    } else view.append(el("div", {}, line));
  }
  return view;
}

/** The first few of many, and a button for more. */
function few(count, make, size = FEW) {
  const list = el("ol", { class: "few" });
  let shown = 0;
  const more = el("button", { type: "button", onclick: () => extend(10 * size) });
  const extend = (by) => {
    const until = Math.min(count, shown + by);
    for (; shown < until; shown++) list.append(el("li", {}, make(shown)));
    more.textContent = `${(count - shown).toLocaleString("en")} more`;
    more.hidden = shown === count;
  };
  extend(size);
  return [list, more];
}

function detailView(model, node, select) {
  const tried = model.begun[node], reached = model.prefixes[node];
  return [
    el("h2", { class: "tactic" }, model.tactic(node)),
    el("p", { class: "facts" }, ...facts(model, node, select)),
    ...state(model, node),
    el("h3", {}, "Statistics"),
    statistics(model, node),
    ...next(model, node, select),
    reached.length > 0 && el("h3", {}, `Reached by ${plural(reached.length, "prefix").replace("xs", "xes")}`),
    ...(reached.length
      ? few(reached.length, (i) => el("pre", {}, dedent(model.prefix(...reached[i]))), 1)
      : []),
    el("h3", {}, tried.length ? `${plural(tried.length, "sample")} began here` : "No sample began here"),
    ...(tried.length ? few(tried.length, (i) => sampleView(model, tried[i], select)) : []),
  ].filter(Boolean);
}

function facts(model, node, select) {
  const link = (to, text) => el("button", { type: "button", class: "link", onclick: () => select(to) }, text);
  if (node === 0) return ["the theorem, before the first step"];
  const sample = model.step[node][0];
  const found = `depth ${model.level[node]}, found by sample ${sample + 1} after ${duration(model.samples.seconds[sample])}; from `;
  const others = (model.others[node] || []).flatMap((parent) => [", also from ", link(parent, model.tactic(parent))]);
  return [found, link(model.parent[node], model.tactic(model.parent[node])), ...others];
}

function state(model, node) {
  const goals = model.goalsOf(node);
  if (model.isProved.has(node)) return [el("p", { class: "closed" }, "No goals: the proof is complete.")];
  if (!goals.length) {
    return [el("p", { class: "quiet" }, node ? "No goals left in focus: this part is done." : "The state was not asked for.")];
  }
  const [main, ...rest] = goals;
  return [
    goalView(main),
    rest.length > 0 &&
      el(
        "details",
        { class: "others" },
        el("summary", {}, `${plural(rest.length, "more goal")}`),
        ...rest.map(goalView),
      ),
  ];
}

/** W_γ, N_γ and the two terms of the upper confidence bound, of going to the node and of staying there. */
function statistics(model, node) {
  const line = (name, [reward, visits, count], score) => {
    const value = visits ? reward / visits : undefined;
    const bonus = typeof score === "number" && visits ? score - value : score;
    const cells = [number(reward), number(visits), number(value), number(bonus), number(score)];
    return el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, String(count)), ...cells.map((cell) => el("td", {}, cell)));
  };
  const heads = [["visits", ""], ["W_γ", "discounted reward"], ["N_γ", "discounted visits"], ["value", "W_γ / N_γ"], ["bonus", "what is added for being seldom tried"], ["score", "value + bonus: the largest is selected"]];
  const score = (name) => (model[name] ? model[name][node] : undefined);
  const finite = model.isProved.has(node) ? () => undefined : score;
  const table = el(
    "table",
    {},
    el("thead", {}, el("tr", {}, el("td", {}), heads.map(([name, title]) => el("th", { scope: "col", title }, name)))),
    el(
      "tbody",
      {},
      node > 0 && line("go here", model.subtree[node], finite("subtree_score")),
      !model.isProved.has(node) && line("⊘ expand it", model.own[node], finite("own_score")),
    ),
  );
  const extra = [`passed by ${plural(model.reached[node], "sample")}`];
  if (model.priority && model.priority[node] !== null) extra.push(`priority ${number(model.priority[node], 3)}`);
  return el("div", {}, table, el("p", { class: "quiet" }, extra.join(", ")));
}

/** The children, those with the largest bound first: where the search would go from here. */
function next(model, node, select) {
  const below = [...model.children[node]];
  if (!below.length) return [];
  const rank = (child) => {
    const score = model.subtree_score ? model.subtree_score[child] : model.weight[child];
    return model.isProved.has(child) ? Infinity : score === null ? 1e9 : score;
  };
  below.sort((a, b) => rank(b) - rank(a));
  const item = (child) => {
    const score = model.isProved.has(child) ? "proof" : model.subtree_score ? number(model.subtree_score[child]) : model.weight[child];
    const names = model.onPath.has(child) ? "child win" : "child";
    return el(
      "button",
      { type: "button", class: names, onclick: () => select(child) },
      el("span", {}, model.tactic(child)),
      el("b", {}, String(score)),
    );
  };
  const title = model.subtree_score ? "Next states, by score" : "Next states, by samples";
  return [el("h3", {}, title), ...few(below.length, (i) => item(below[i]))];
}

/** Which sample was to be corrected, and what Lean said of it. */
function correction({ samples, texts }, earlier) {
  return `Told what became of sample ${earlier + 1}: ${texts[samples.reason[earlier]]}`;
}

function sampleView(model, sample, select) {
  const { samples } = model;
  const cost = [`${duration(samples.check[sample])} in Lean`, plural(samples.tokens[sample], "token")];
  const end = samples.end[sample];
  return el(
    "details",
    { class: "sample" },
    el(
      "summary",
      {},
      el("span", { class: `verdict v-${samples.verdict[sample]}` }, samples.verdict[sample]),
      el("span", {}, String(sample + 1)),
      samples.round[sample] > 0 && el("span", { class: "round" }, `round ${samples.round[sample]}`),
      samples.added[sample] > 0 && el("b", {}, `+${samples.added[sample]}`),
      el("span", { class: "reason" }, model.texts[samples.reason[sample]]),
    ),
    samples.revised[sample] >= 0 && el("p", { class: "quiet" }, correction(model, samples.revised[sample])),
    el("pre", {}, dedent(samples.proof[sample]) || "(nothing was written)"),
    el(
      "p",
      { class: "quiet" },
      `${cost.join(", ")}, ${plural(samples.added[sample], "new state")} `,
      el("button", { type: "button", class: "link", onclick: () => select(end) }, "go to its last state"),
    ),
  );
}
