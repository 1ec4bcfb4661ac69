"use strict";
// The record of a trace, made by `record.py`, and what is quickly worked out from it.

const $ = (id) => document.getElementById(id);

/** An element. Children that are text become text, never markup; null and false are left out. */
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false));
  return element;
}

async function unpack(id) {
  const bytes = Uint8Array.from(atob($(id).textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** Part of a text by offsets in characters, of which some take two of JavaScript's units. */
function cut(text, begin, end) {
  return /[\ud800-\udfff]/.test(text) ? [...text].slice(begin, end).join("") : text.slice(begin, end);
}

/** A proof without the indentation that all of its lines have. */
function dedent(text) {
  const lines = text.split("\n");
  const widths = lines.filter((line) => line.trim()).map((line) => line.search(/\S/));
  const width = widths.length ? Math.min(...widths) : 0;
  return lines.map((line) => line.slice(width)).join("\n").trimEnd();
}

const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const number = (value, digits = 2) =>
  value === undefined ? "–" : value === null ? "∞" : Number(value).toFixed(digits);
const duration = (seconds) =>
  seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;

/** A search: its tree, what each node says, and which samples began there. */
class Model {
  constructor(record) {
    Object.assign(this, record);
    this.count = this.parent.length;
    this.onPath = new Set(this.win);
    this.isProved = new Set(this.proved);
    const each = (make) => Array.from({ length: this.count }, make);
    this.weight = this.algorithm === "sampling" ? this.reached : this.subtree.map((choice) => choice[2]);
    this.children = each(() => []);
    this.level = each(() => 0);
    for (let node = 1; node < this.count; node++) {
      this.children[this.parent[node]].push(node);
      this.level[node] = this.level[this.parent[node]] + 1;
    }
    for (const found of this.children) found.sort((a, b) => this.weight[b] - this.weight[a] || a - b);
    this.begun = each(() => []);
    this.samples.node.forEach((node, sample) => this.begun[node].push(sample));
    this.labels = new Map();
  }

  prefix(sample, end) {
    return cut(this.samples.proof[sample], 0, end);
  }

  /** What was written on the way from the node before. */
  tactic(node) {
    if (node === 0) return this.name;
    if (!this.labels.has(node)) {
      const [sample, begin, end] = this.step[node];
      const lines = cut(this.samples.proof[sample], begin, end).split("\n");
      this.labels.set(node, lines.map((line) => line.trim()).filter(Boolean).join("; "));
    }
    return this.labels.get(node);
  }

  goalsOf(node) {
    return this.goals[node].map((text) => this.texts[text]);
  }

  /** The state in one line. */
  glance(node) {
    if (this.isProved.has(node)) return "no goals";
    const goals = this.goalsOf(node);
    if (!goals.length) return node === 0 ? "" : "this part is done";
    const target = goals[0].slice(goals[0].lastIndexOf("\n⊢") + 1).replace(/\s+/g, " ");
    return goals.length === 1 ? target : `${target}   +${goals.length - 1}`;
  }

  ancestors(node) {
    const found = [];
    for (let above = this.parent[node]; above >= 0; above = this.parent[above]) found.push(above);
    return found;
  }

  /** Nodes whose state or tactic contains the text, as a set; capitals do not matter. */
  find(text) {
    const wanted = text.toLowerCase();
    const hits = this.texts.map((candidate) => candidate.toLowerCase().includes(wanted));
    const found = new Set();
    for (let node = 0; node < this.count; node++) {
      const hit = this.goals[node].some((goal) => hits[goal]);
      if (hit || this.tactic(node).toLowerCase().includes(wanted)) found.add(node);
    }
    return found;
  }
}
