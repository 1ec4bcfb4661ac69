"""The process that inspects compiled files for the strict audit: `python -IS inspector.py < request`.

Fresh for each audit, and the only one that decides anything: it reads the candidate's compiled file as
data (`olean.py`), compares the theorem's type with that of the reference, which was compiled from the
statement alone, follows the proof down to the axioms, and has the kernel check it all once more
(`replay.py`). Candidate and reference are the same module compiled twice, so that equal constants have
equal names. Request and answer are one JSON object each; see `Request` and `Facts` in `audit.py`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # -IS keeps everything but the standard library out of sight
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lean_env.image import OleanError
from lean_env.names import Name, parse, show
from lean_env.olean import ConstantKind, Olean


class Library:
    """The compiled modules that a file imports, directly or not; read when first needed."""

    def __init__(self, directories: Iterable[Path], imports: Iterable[Name]) -> None:
        self._directories = list(directories)
        self._roots = list(imports)
        self._modules: dict[Path, Olean] | None = None
        self._owners: dict[Name, Olean] = {}

    @property
    def modules(self) -> dict[Path, Olean]:
        """All modules, by their files."""
        if self._modules is None:
            self._modules = {}
            todo = list(self._roots)
            seen: set[Name] = set()
            while todo:
                name = todo.pop()
                if name in seen:
                    continue
                seen.add(name)
                path = self._path(name)
                module = Olean.read(path)
                self._modules[path] = module
                self._owners.update(dict.fromkeys(module.index, module))
                todo += module.imports
        return self._modules

    def owner(self, name: Name) -> Olean:
        """The module that declares a constant."""
        if not self.modules or name not in self._owners:
            raise OleanError(f"{show(name)} is declared nowhere")
        return self._owners[name]

    def _path(self, module: Name) -> Path:
        parts = [str(part) for part in module]
        for directory in self._directories:
            path = directory.joinpath(*parts[:-1], f"{parts[-1]}.olean")
            if path.is_file():
                return path
        raise OleanError(f"the compiled module {show(module)} is not to be found")


def axioms(start: Name, module: Olean, library: Library) -> Iterator[tuple[Name, bool]]:
    """The axioms that a constant of `module` rests on, and whether `module` itself declares them."""
    todo, seen = [start], {start}
    while todo:
        name = todo.pop()
        own = name in module.index
        owner = module if own else library.owner(name)
        constant = owner[name]
        if constant.kind is ConstantKind.AXIOM:
            yield name, own
        used = owner.used_by(constant) - seen
        seen |= used
        todo += used


def difference(name: Name, candidate: Olean, reference: Olean) -> str:
    """How the candidate's theorem states something else than the reference's; empty if it does not.

    Equal are: the type, and every constant of this module that the type rests on.
    """
    if candidate.imports != reference.imports:
        return "it imports other modules"
    if candidate.type_digest(candidate[name]) != reference.type_digest(reference[name]):
        return "the compiled theorem has another type than the statement"
    spoken_of = reference.used_in(reference[name].type)
    todo = [other for other in spoken_of if other in reference.index]
    seen = set(todo)
    while todo:
        other = todo.pop()
        if other not in candidate.index:
            return f"the statement speaks of {show(other)}, which the compiled file lacks"
        is_theorem = reference[other].kind is ConstantKind.THEOREM
        ours = candidate.digest(candidate[other], with_value=not is_theorem)
        if ours != reference.digest(reference[other], with_value=not is_theorem):
            return f"the statement speaks of {show(other)}, which the compiled file redefines"
        more = {used for used in reference.used_by(reference[other]) if used in reference.index} - seen
        seen |= more
        todo += more
    return ""


def resolve(text: str, module: str, olean: Olean) -> Name | None:
    """The constant that a name as written in the source stands for, private ones included."""
    plain = parse(text)
    for name in (plain, ("_private", module, 0, *plain)):
        if name in olean.index:
            return name
    return None


def inspect(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request. Raises `OleanError` if a file cannot be read."""
    path = Path(request["candidate"])
    candidate = Olean.read(path)
    reference = Olean.read(Path(request["reference"])) if request["reference"] else None
    library = Library(map(Path, request["libraries"]), candidate.imports)
    rejected: dict[Name, str] = {}
    if request["kernel"]:
        from lean_env.replay import Kernel, ReplayError

        try:
            kernel = Kernel(Path(request["kernel"]))
            kernel.trust(library.modules)
            rejected = kernel.check(path, candidate)
        except ReplayError as error:
            rejected = dict.fromkeys(candidate.index, str(error))
    theorems = {}
    for text in request["names"]:
        facts: dict[str, Any] = {"found": False}
        theorems[text] = facts
        name = resolve(text, request["module"], candidate)
        if name is None or candidate[name].kind is not ConstantKind.THEOREM:
            continue
        facts["found"] = True
        facts["rejected"] = rejected.get(name, "")
        if reference is not None:
            if resolve(text, request["module"], reference) == name:
                facts["difference"] = difference(name, candidate, reference)
            else:
                facts["difference"] = "the compiled theorem is not the one that was stated"
        found = sorted(axioms(name, candidate, library), key=str)
        facts["axioms"] = [show(axiom) for axiom, _ in found]
        facts["own_axioms"] = [show(axiom) for axiom, own in found if own]
    return {"theorems": theorems, "replayed": bool(request["kernel"])}


def main() -> None:
    """Answer the request on standard input; an `error` in the answer means that nothing was decided."""
    request = json.load(sys.stdin)
    try:
        answer = inspect(request)
    except OleanError as error:
        answer = {"error": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
