"""The theorems of a repository that LeanDojo has traced, read by `lean-dojo` itself, an extra.

A traced repository is a folder that `lean_dojo.trace` has written: the sources, and `*.trace.xml` beside what
was built of them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from data.benchmarks.excerpts import before, closing, offset, say, theorem_of
from data.benchmarks.values import Benchmark, Problem
from lean_env.errors import SourceError
from lean_env.source import BadLine, read_text

MISSING = "reading a traced repository needs `pip install 'rmax-prover[lean-dojo]'`"


def is_traced(path: Path) -> bool:
    """Whether a folder looks like a repository that LeanDojo has traced."""
    return path.is_dir() and any(path.glob("**/*.trace.xml"))


def load_traced(path: Path) -> Benchmark:
    """The theorems of a repository that LeanDojo has traced, without those of its dependencies.

    Raises `SourceError`, also if the extra is not installed.
    """
    try:
        from lean_dojo.data_extraction import ast
        from lean_dojo.data_extraction.traced_data import TracedFile
    except ModuleNotFoundError as error:
        raise SourceError(f"{error}; {MISSING}") from None
    root = path.resolve()
    problems: dict[str, Problem] = {}
    bad: list[BadLine] = []
    digest = hashlib.sha256()
    for trace in sorted(one for one in root.glob("**/*.trace.xml") if "packages" not in one.parts):
        try:
            # The files by themselves: `TracedRepo` and `LeanGitRepo` ask GitHub about the repository.
            file = TracedFile.from_xml(root, trace, None)
        except Exception as error:  # Whatever it raises: it asserts, and the trace may be of older sources.
            raise SourceError(f"{trace}: LeanDojo cannot read it: {say(error)}; trace again") from None
        text = read_text(root / file.path)
        digest.update(text.encode())
        nodes: list[Any] = []
        file.traverse_preorder(lambda node, _, nodes=nodes: nodes.append(node), None)
        for node in nodes:
            if not isinstance(node, ast.CommandTheoremNode | ast.LemmaNode | ast.MathlibTacticLemmaNode):
                continue
            (line, column), name = node.start, str(node.full_name)
            try:
                header = before(text, (line, column))
                end = offset(text, tuple(node.get_proof_node().get_closure()[0]))
                code = text[offset(text, (line, column)) : end]
                theorem = theorem_of(code, name, header, closing(header), str(file.path), line)
                if name in problems:
                    raise SourceError(f"the name {name!r} occurs twice")
                problems[name] = Problem(name, theorem, source=f"{file.path} {name}")
            except (SourceError, AssertionError, NotImplementedError) as error:
                bad.append(BadLine(line, f"{file.path}: {say(error)}"))
    if not problems:
        raise SourceError(f"{path}: its trace has no theorem that can be used")
    return Benchmark(path.name, path, digest.hexdigest(), tuple(problems.values()), tuple(bad))
