"""A made-up LeanDojo export in the layout of `leandojo_benchmark_4`."""

from __future__ import annotations

import json
from pathlib import Path

COMMIT = "29dcec074de168ac2bf835a77ef68bbe069194c5"
SOURCE = """\
open Nat

namespace Demo

/-- Twice a number. -/
def double (n : Nat) : Nat := n + n

variable (n : Nat)

/-- Half of it is the number. -/
theorem double_eq : double n = 2 * n := by
  unfold double; omega

section Inner

end Inner

theorem Deep.pos (h : 0 < n) : 0 < double n := by
  have := double_eq n
  omega

end Demo
"""


def place(text: str) -> list[int]:
    """Line and column, from 1, of what stands there, as LeanDojo counts."""
    before = SOURCE[: SOURCE.index(text)]
    return [before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1]


def export(folder: Path, **changes: object) -> Path:
    """An export of one file with a definition and two theorems, split in both ways, and its sources."""
    premises = [
        ("Demo.double", "def double (n : Nat) : Nat := n + n", "commanddeclaration", "def double"),
        ("Demo.double_eq", "theorem double_eq : double n = 2 * n", "commanddeclaration", "theorem double_eq"),
        (
            "Demo.Deep.pos",
            "theorem Deep.pos (h : 0 < n) : 0 < double n := by",
            "commanddeclaration",
            "theorem Deep",
        ),
    ]
    file = {
        "path": "Demo/Basic.lean",
        "imports": [".lake/packages/lean4/src/lean/Init.lean"],
        "premises": [
            {"full_name": name, "code": code, "kind": kind, "start": place(at), "end": place(at)}
            for name, code, kind, at in premises
        ],
    }
    entries = [
        {
            "url": "https://example.org/demo",
            "commit": COMMIT,
            "file_path": "Demo/Basic.lean",
            "full_name": name,
            "start": place(at),
            "end": place(at),
            "traced_tactics": [
                {
                    "tactic": "have := double_eq n",
                    "annotated_tactic": [
                        "have := <a>double_eq</a> n",
                        [{"full_name": "Demo.double_eq", "def_path": "Demo/Basic.lean", "def_pos": [11, 9]}],
                    ],
                    "state_before": "n : Nat",
                    "state_after": "n : Nat",
                }
            ],
        }
        for name, _, _, at in premises[1:]
    ]
    splits = {
        "random/train": entries[:1],
        "random/val": [],
        "random/test": [*entries[1:], *changes.values()],
        "novel_premises/train": entries[1:],
        "novel_premises/val": [],
        "novel_premises/test": entries[:1],
    }
    for name, members in splits.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(members), encoding="utf-8")
    init = {"path": ".lake/packages/lean4/src/lean/Init.lean", "imports": [], "premises": []}
    (folder / "corpus.jsonl").write_text(f"{json.dumps(init)}\n{json.dumps(file)}\n", encoding="utf-8")
    (folder / "metadata.json").write_text(
        json.dumps(
            {
                "creation_time": "2024-03-25 16:51:36.478284",
                "from_repo": {"url": "https://example.org/demo", "commit": COMMIT},
                "leandojo_version": "1.7.1",
            }
        )
    )
    (folder / "sources" / "Demo").mkdir(parents=True)
    (folder / "sources" / "Demo" / "Basic.lean").write_text(SOURCE, encoding="utf-8")
    return folder
