// The tree as a picture: depth to the right, one line of pixels or more for each leaf.

const MAP = { margin: 14, leaf: 16, low: 96, high: 340, hint: "Point at a state to read it, click to open it below." };

class TreeMap {
  constructor(canvas, select) {
    this.canvas = canvas;
    canvas.addEventListener("click", (event) => {
      const node = this.nearest(event);
      if (node !== null) select(node);
    });
    canvas.addEventListener("mousemove", (event) => this.hover(this.nearest(event)));
    canvas.addEventListener("mouseleave", () => this.hover(null));
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  show(model) {
    this.model = model;
    this.selected = 0;
    this.place();
    const height = Math.min(MAP.high, Math.max(MAP.low, this.leaves * MAP.leaf));
    this.canvas.style.height = `${height}px`;
    this.hover(null);
    this.draw();
  }

  /** Where each node is, as shares of the width and the height. */
  place() {
    const { children, count, level } = this.model;
    const order = [], rest = [0];
    while (rest.length) {
      const node = rest.pop();
      order.push(node);
      for (let i = children[node].length - 1; i >= 0; i--) rest.push(children[node][i]);
    }
    this.leaves = order.filter((node) => !children[node].length).length;
    const row = new Float64Array(count);
    let leaf = 0;
    for (const node of order) if (!children[node].length) row[node] = (leaf++ + 0.5) / this.leaves;
    for (const node of order.reverse()) {
      const below = children[node];
      if (below.length) row[node] = (row[below[0]] + row[below[below.length - 1]]) / 2;
    }
    const deepest = Math.max(1, level.reduce((a, b) => Math.max(a, b), 0));
    this.x = level.map((depth) => depth / deepest);
    this.y = row;
    this.order = order;
  }

  at(node) {
    const width = this.canvas.clientWidth - 2 * MAP.margin, height = this.canvas.clientHeight - 2 * MAP.margin;
    return [MAP.margin + this.x[node] * width, MAP.margin + this.y[node] * height];
  }

  nearest(event) {
    let best = null, least = 18 * 18;
    for (let node = 0; node < this.model.count; node++) {
      const [x, y] = this.at(node);
      const distance = (x - event.offsetX) ** 2 + (y - event.offsetY) ** 2;
      if (distance < least) [best, least] = [node, distance];
    }
    return best;
  }

  hover(node) {
    const model = this.model;
    $("hover").textContent = node === null ? MAP.hint : `${model.tactic(node)}  ⟶  ${model.glance(node)}`;
    this.canvas.style.cursor = node === null ? "default" : "pointer";
  }

  mark(node) {
    this.selected = node;
    this.ring();
  }

  /** The tree as it was painted, and a ring around the selected node. */
  ring() {
    const { canvas, painted } = this;
    if (!painted) return;
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(painted, 0, 0);
    pen.scale(this.scale, this.scale);
    pen.strokeStyle = getComputedStyle(canvas).getPropertyValue("--accent");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(...this.at(this.selected), 8.5, 0, 7);
    pen.stroke();
  }

  /** Paint the tree, once for a size and a colour scheme: with many nodes that takes its time. */
  draw() {
    const { canvas, model } = this;
    if (!model || !canvas.clientWidth) return;
    const scale = (this.scale = window.devicePixelRatio || 1);
    canvas.width = canvas.clientWidth * scale;
    canvas.height = canvas.clientHeight * scale;
    this.painted = el("canvas", { width: canvas.width, height: canvas.height });
    const pen = this.painted.getContext("2d"), style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(name).trim();
    pen.scale(scale, scale);
    const most = Math.log1p(model.weight.reduce((a, b) => Math.max(a, b), 1));
    const share = (node) => Math.log1p(model.weight[node]) / most;
    const link = (node) => {
      const [x, y] = this.at(node), [fromX, fromY] = this.at(model.parent[node]);
      const middle = (x + fromX) / 2;
      pen.beginPath();
      pen.moveTo(fromX, fromY);
      pen.bezierCurveTo(middle, fromY, middle, y, x, y);
      pen.stroke();
    };
    const dot = (node, radius, fill) => {
      pen.beginPath();
      pen.arc(...this.at(node), radius, 0, 7);
      pen.fillStyle = fill;
      pen.fill();
    };
    const crowded = model.count > 2000, faint = Math.min(0.6, Math.max(0.06, 300 / this.leaves));
    pen.strokeStyle = colour("--link");
    for (let node = 1; node < model.count; node++) {
      pen.globalAlpha = faint + (1 - faint) * share(node);
      pen.lineWidth = 0.6 + 2.2 * share(node);
      link(node);
    }
    pen.globalAlpha = 1;
    for (let node = 0; node < model.count; node++) {
      dot(node, (crowded ? 0.8 : 1.8) + 3 * share(node), colour(model.goals[node].length ? "--dot" : "--done"));
    }
    pen.strokeStyle = colour("--win");
    pen.lineWidth = 3;
    for (const node of model.win) if (node) link(node);
    for (const node of model.win) dot(node, 5, colour("--win"));
    this.ring();
  }
}
