// The tree as an outline. Only the rows in sight exist, so that its size does not matter.

const ROW = 30, SPARE = 8, INDENT = 14, DEEPEST_INDENT = 22;

class Outline {
  constructor(box, rows, select) {
    Object.assign(this, { box, rows, select });
    this.open = new Set();
    this.found = new Set();
    this.list = [];
    this.selected = 0;
    box.addEventListener("scroll", () => this.draw());
    box.addEventListener("keydown", (event) => this.key(event));
    box.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.draw()).observe(box);
  }

  show(model) {
    this.model = model;
    this.found = new Set();
    this.open = new Set([0]);
    const shown = model.win.length ? model.win : this.busiest();
    shown.forEach((node) => this.open.add(node));
    this.selected = 0;
    this.lay();
    this.box.scrollTop = 0;
  }

  /** The way down on which most samples went. */
  busiest() {
    const way = [0];
    for (let below = this.model.children[0]; below.length && way.length < 4; ) {
      way.push(below[0]);
      below = this.model.children[below[0]];
    }
    return way;
  }

  openAll() {
    this.model.children.forEach((below, node) => below.length && this.open.add(node));
    this.lay();
    this.reveal(this.selected);
  }

  closeAll() {
    this.open.clear();
    this.lay();
    this.select(0);
  }

  /** Make a node visible, and mark it. */
  mark(node) {
    this.selected = node;
    const closed = this.model.ancestors(node).filter((above) => !this.open.has(above));
    closed.forEach((above) => this.open.add(above));
    if (closed.length) this.lay();
    this.reveal(node);
  }

  reveal(node) {
    const top = this.list.indexOf(node) * ROW, { scrollTop, clientHeight } = this.box;
    if (top < scrollTop || top + ROW > scrollTop + clientHeight) {
      this.box.scrollTop = top - clientHeight / 2 + ROW;
    }
    this.draw();
  }

  toggle(node) {
    if (!this.open.delete(node)) this.open.add(node);
    this.lay();
  }

  /** Work out which nodes have a row. */
  lay() {
    const { children } = this.model;
    this.list = [];
    const rest = [0];
    while (rest.length) {
      const node = rest.pop();
      this.list.push(node);
      if (this.open.has(node)) {
        for (let i = children[node].length - 1; i >= 0; i--) rest.push(children[node][i]);
      }
    }
    this.rows.style.height = `${this.list.length * ROW}px`;
    this.draw();
  }

  draw() {
    if (!this.model) return;
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - SPARE);
    const last = Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW) + SPARE;
    this.rows.replaceChildren(...this.list.slice(first, last).map((node, i) => this.row(node, first + i)));
    this.box.setAttribute("aria-activedescendant", `node-${this.selected}`);
  }

  row(node, place) {
    const { model } = this, below = model.children[node], open = this.open.has(node);
    const names = ["row"];
    if (model.onPath.has(node)) names.push("win");
    if (model.isProved.has(node)) names.push("proved");
    if (this.found.has(node)) names.push("found");
    const row = el(
      "div",
      {
        class: names.join(" "),
        id: `node-${node}`,
        role: "treeitem",
        "aria-level": model.level[node] + 1,
        "aria-selected": String(node === this.selected),
        "aria-expanded": below.length ? String(open) : null,
      },
      el("span", { class: "twist" }, below.length ? (open ? "▾" : "▸") : "·"),
      el("span", { class: "tactic" }, model.tactic(node)),
      el("span", { class: "glance" }, model.glance(node)),
      el("span", { class: "visits", title: plural(model.weight[node], "sample") }, this.meter(node)),
    );
    row.style.top = `${place * ROW}px`;
    row.style.paddingLeft = `${8 + INDENT * Math.min(model.level[node], DEEPEST_INDENT)}px`;
    return row;
  }

  meter(node) {
    const bar = el("i", {});
    bar.style.width = `${(40 * this.model.weight[node]) / Math.max(1, this.model.weight[0])}px`;
    return [bar, el("b", {}, String(this.model.weight[node]))];
  }

  /** Rows are made anew whenever something changes, so the box listens for them. */
  click(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    const node = Number(row.id.slice("node-".length)), twist = event.target.closest(".twist");
    if (!twist) this.select(node);
    if ((twist || event.detail === 2) && this.model.children[node].length) this.toggle(node);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { model, list, selected } = this, place = list.indexOf(selected);
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW) - 1);
    const move = (to) => this.select(list[Math.min(list.length - 1, Math.max(0, to))]);
    const actions = {
      ArrowDown: () => move(place + 1),
      ArrowUp: () => move(place - 1),
      PageDown: () => move(place + page),
      PageUp: () => move(place - page),
      Home: () => move(0),
      End: () => move(list.length - 1),
      Enter: () => model.children[selected].length && this.toggle(selected),
      " ": () => model.children[selected].length && this.toggle(selected),
      "*": () => this.openAll(),
      ArrowRight: () => {
        if (!model.children[selected].length) return;
        if (this.open.has(selected)) move(place + 1);
        else this.toggle(selected);
      },
      ArrowLeft: () => {
        if (this.open.has(selected) && model.children[selected].length) this.toggle(selected);
        else if (selected) this.select(model.parent[selected]);
      },
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }
}
