"""The embedded library at work: the theorems of `library/*.lean`, each compiled as users write them."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from lean_env.compile import Spoken, parse_messages
from lean_env.names import Name
from lean_env.olean import ConstantKind, Olean
from lean_env.toolchain import Toolchain
from lean_env.values import Severity

LIBRARY = Path(__file__).with_name("library")
SYNTAX = Path(__file__).parents[2] / "lean_env" / "core" / "Init" / "Syntax"
STANDARD_AXIOMS = {"propext", "Quot.sound", "Classical.choice"}
SECONDS = 120.0

NOT_TESTED = {
    "Lean.Parser.Tactic.simpArith": "deprecated: Lean reports an error and names `simp +arith`",
    "Lean.Parser.Tactic.simpArithBang": "deprecated: Lean reports an error",
    "Lean.Parser.Tactic.simpAllArith": "deprecated: Lean reports an error",
    "Lean.Parser.Tactic.simpAllArithBang": "deprecated: Lean reports an error",
    "Lean.Parser.Tactic.rwaAt": "Lean reads `rwa … at h` by the parser rwaAtLegacyLocation",
    "Lean.Parser.Tactic.tacticSorry": "proves nothing",
    "Lean.Parser.Tactic.tacticAdmit": "proves nothing",
    "Lean.Parser.Tactic.tacticStop_": "proves nothing",
    "tacticGet_elem_tactic_trivial": "deprecated: an extension point that Lean no longer calls",
}
"""Tactics that the library binds and no theorem here uses, each with the reason."""


@dataclass(frozen=True)
class Proof:
    """A theorem of a file in `library/`, with the word that its comment says it is about."""

    file: str
    name: str
    text: str
    first: int
    last: int
    """Lines, from 1."""
    word: str

    def __str__(self) -> str:
        return f"{self.file}:{self.name}"


def proofs(path: Path) -> list[Proof]:
    """The theorems of a file in order, each up to the next blank line that ends it."""
    found: list[Proof] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for start, line in enumerate(lines):
        match = re.match(r"(?:theorem) (\S+)", line)
        if match is None:
            continue
        end = next((i for i in range(start, len(lines)) if not lines[i].strip()), len(lines))
        word = re.fullmatch(r"/-- `(.+)` -/", lines[start - 1]) if start else None
        text = "\n".join(lines[start:end])
        found.append(Proof(path.stem, match[1], text, start + 1, end, word[1] if word else ""))
    return found


FILES = sorted(LIBRARY.glob("*.lean"))
PROOFS = [proof for path in FILES for proof in proofs(path)]


@dataclass(frozen=True)
class Outcome:
    """What Lean made of a file: messages, and the syntax kinds of the steps it took."""

    messages: tuple[Spoken, ...]
    kinds: frozenset[str]

    @property
    def complaints(self) -> list[Spoken]:
        """Errors, and warnings that something is not proved."""
        return [
            message
            for message in self.messages
            if message.severity is Severity.ERROR
            or (message.severity is Severity.WARNING and "sorry" in message.text)
        ]


def run_lean(toolchain: Toolchain, path: Path, *options: str) -> tuple[Spoken, ...]:
    """The messages of `lean --json` on a file; fails the test if Lean crashes."""
    command = (*toolchain.command, "--json", "-DmaxErrors=100000", *options, str(path))
    finished = subprocess.run(
        command,
        env={**toolchain.environment, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode in (0, 1), finished.stderr.decode(errors="replace")
    return parse_messages(finished.stdout)


@pytest.fixture(scope="module")
def compiled(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Every file of `library/`, compiled once, with a profile that names the steps."""
    directory = tmp_path_factory.mktemp("profiles")
    outcomes: dict[str, Outcome] = {}
    for path in FILES:
        profile = directory / f"{path.stem}.json"
        messages = run_lean(
            toolchain,
            path,
            "-Dtrace.profiler=true",
            "-Dtrace.profiler.threshold=0",
            f"-Dtrace.profiler.output={profile}",
        )
        kinds: set[str] = set()
        if profile.exists():  # Lean writes it only for a file without errors.
            for thread in json.loads(profile.read_bytes())["threads"]:
                kinds |= {text.removeprefix("Elab.step: ") for text in thread["stringArray"]}
        outcomes[path.stem] = Outcome(messages, frozenset(kind.translate(PLAIN) for kind in kinds))
    return outcomes


PLAIN = str.maketrans("", "", "«»")


@pytest.mark.parametrize("proof", PROOFS, ids=str)
def test_proof_is_accepted(compiled: dict[str, Outcome], proof: Proof) -> None:
    complaints = [
        f"{proof.file}.lean:{message.line}: {message.summary}"
        for message in compiled[proof.file].complaints
        if proof.first <= message.line <= proof.last
    ]
    assert not complaints


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_else_in_the_file_is_wrong(compiled: dict[str, Outcome], path: Path) -> None:
    inside = {line for proof in proofs(path) for line in range(proof.first, proof.last + 1)}
    assert not [
        f"{path.name}:{message.line}: {message.summary}"
        for message in compiled[path.stem].complaints
        if message.line not in inside
    ]


@pytest.mark.parametrize("proof", [proof for proof in PROOFS if proof.word], ids=str)
def test_proof_uses_what_it_is_about(proof: Proof) -> None:
    before, after = (r"(?<![\w.])" if proof.word[0].isalpha() else ""), r"(?![\w'])"
    end = after if proof.word[-1].isalnum() or proof.word[-1] == "'" else ""
    assert re.search(before + re.escape(proof.word) + end, proof.text), proof.text


@pytest.mark.parametrize("file", ["tactics", "conv"])
def test_every_proof_of_a_tactic_names_it(file: str) -> None:
    assert not [str(proof) for proof in PROOFS if proof.file == file and not proof.word]


@functools.cache
def bound_tactics() -> list[str]:
    """The kinds of all tactics, also those of conversion mode, that the library binds."""
    declaration = re.compile(r"@\[(?:tactic|conv)_parser, .*\] opaque (\S+) :")
    texts = [(SYNTAX / name).read_text(encoding="utf-8") for name in ("Tactics.lean", "Conv.lean")]
    return [name.translate(PLAIN) for text in texts for name in declaration.findall(text)]


@pytest.mark.parametrize("kind", bound_tactics())
def test_every_tactic_of_the_library_ran(compiled: dict[str, Outcome], kind: str) -> None:
    """Or the table above says why not; what it excuses must not run, so that it stays true."""
    ran = any(kind in outcome.kinds for outcome in compiled.values())
    assert ran != (kind in NOT_TESTED)


def test_the_excused_tactics_exist() -> None:
    assert set(NOT_TESTED) <= set(bound_tactics())


# ---- axioms -------------------------------------------------------------------------------------


def test_the_library_declares_only_the_standard_axioms(toolchain: Toolchain) -> None:
    """`sorryAx` is the kernel's own name for a gap; the others are unsafe, so no theorem can use them."""
    safe: set[str] = set()
    unsafe: set[str] = set()
    for path in sorted((toolchain.directory / "lib" / "lean").rglob("*.olean")):
        module = Olean.read(path)
        for name in module.index:
            constant = module[name]
            if constant.kind is ConstantKind.AXIOM:
                (unsafe if module.is_unsafe(constant) else safe).add(".".join(map(str, name)))
    assert safe == {*STANDARD_AXIOMS, "sorryAx"}
    assert unsafe == {"lcErased", "lcAny", "lcVoid", "lcProof", "lcCast", "lcUnreachable", "Quot.lcInv"}


def test_no_theorem_of_the_library_has_a_gap(toolchain: Toolchain) -> None:
    using = set()
    for path in sorted((toolchain.directory / "lib" / "lean").rglob("*.olean")):
        module = Olean.read(path)
        for name in module.index:
            constant = module[name]
            if constant.kind is ConstantKind.THEOREM and GAP in module.used_by(constant):
                using.add(".".join(map(str, name)))
    assert not using


GAP: Name = ("sorryAx",)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_proofs_rest_on_the_standard_axioms(toolchain: Toolchain, tmp_path: Path, path: Path) -> None:
    """Asked with `#print axioms`, and of the very last theorems too."""
    text = path.read_text(encoding="utf-8")
    names = [name for name in (proof.name for proof in proofs(path)) if f"theorem {name}" in outermost(text)]
    source = tmp_path / path.name
    source.write_text(text + "".join(f"\n#print axioms {name}" for name in names), encoding="utf-8")
    answers = [message.text for message in run_lean(toolchain, source) if message.text.startswith("'")]
    assert len(answers) == len(names)
    for answer in answers:
        axioms = re.findall(r"[\w.]+", answer.partition("axioms: [")[2])
        assert set(axioms) <= STANDARD_AXIOMS, answer


def outermost(text: str) -> str:
    """The text without what stands in namespaces."""
    return re.sub(r"^namespace (\S+)$.*?^end \1$", "", text, flags=re.MULTILINE | re.DOTALL)
