"""The parsers of Lean's library, and the macros and unexpanders that belong to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from syntax_binding.choices import (
    ABSENT_CONSTANTS,
    CATEGORIES,
    DECLARED_CATEGORIES,
    EXCLUDED,
    MODULES,
    NAMED_CATEGORIES,
    NAMED_UNEXPANDERS,
    SCOPED,
)
from syntax_binding.library import SharedLibrary, fields, read_name, tag
from syntax_binding.names import demangle, mangle, quoted

# Constructor numbers of Lean.ParserDescr, in the order of its declaration.
CONST, UNARY, BINARY, NODE, TRAILING, SYMBOL, NON_RESERVED, CATEGORY, PARSER, ABBREVIATION = range(10)
SEP_BY, SEP_BY1, UNICODE_SYMBOL = 10, 11, 12


@dataclass
class Parser:
    """One `syntax` declaration of Lean's library."""

    symbol: str
    name: tuple[str, ...]
    constructor: int
    references: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)

    @property
    def text(self) -> str:
        return ".".join(self.name)

    @property
    def category(self) -> str | None:
        """The category it belongs to; None for an abbreviation such as `syntax rwRule := …`."""
        if self.constructor == ABBREVIATION:
            return None
        last = self.name[-1]
        if self.text in CATEGORIES:
            return CATEGORIES[self.text]
        if self.name[:3] == ("Lean", "Parser", "Attr"):
            return "attr"
        for part in self.name:
            if part in ("rcasesPat", "rintroPat"):
                return part
        if last.startswith("binderPred"):
            return "binderPred"
        if self.name[:4] == ("Lean", "Parser", "Tactic", "Conv"):
            return "tactic" if last == "conv" else "conv"
        for category in NAMED_CATEGORIES:
            if last.startswith(category):
                return category
        if self.name[:3] in (("Lean", "Parser", "Tactic"), ("Lean", "Elab", "Tactic")):
            return "tactic"
        return None

    def declaration(self) -> str:
        kind = "Lean.TrailingParserDescr" if self.constructor == TRAILING else "Lean.ParserDescr"
        if self.category is None:
            return f'@[extern "{self.symbol}"] opaque {quoted(self.name)} : {kind}'
        if self.text in SCOPED:
            namespace, own = quoted(self.name[:-1]), quoted(self.name[-1:])
            attributes = f'scoped {self.category}_parser, extern "{self.symbol}"'
            return f"namespace {namespace}\n@[{attributes}] opaque {own} : {kind}\nend {namespace}"
        return f'@[{self.category}_parser, extern "{self.symbol}"] opaque {quoted(self.name)} : {kind}'


def follow(library: SharedLibrary, address: int | None, parser: Parser) -> None:
    """Collect what a description mentions: other parsers, and categories."""
    if not library.is_object(address):
        return
    assert address is not None
    constructor, parts = tag(address), fields(address)
    if constructor == CATEGORY:
        parser.categories.add(".".join(read_name(library, parts[0])))
    elif constructor == PARSER:
        parser.references.add(mangle(read_name(library, parts[0])))
    children = {UNARY: (1,), BINARY: (1, 2), NODE: (2,), TRAILING: (3,), ABBREVIATION: (2,)}
    for i in children.get(constructor, (0, 2) if constructor in (SEP_BY, SEP_BY1) else ()):
        follow(library, parts[i], parser)


def parsers(library: SharedLibrary) -> dict[str, Parser]:
    """Every constant that is a parser description and names itself as its own kind, by symbol."""
    found: dict[str, Parser] = {}
    for symbol in sorted(library.data):
        if not symbol.startswith("l_") or "_closed_" in symbol or "___boxed" in symbol:
            continue
        address = library.value(symbol)
        if address is None or tag(address) not in (NODE, TRAILING, ABBREVIATION):
            continue
        parts = fields(address)
        kind_at = 1 if tag(address) == ABBREVIATION else 0
        try:
            kind = read_name(library, parts[kind_at]) if len(parts) > kind_at else ()
        except ValueError:
            continue
        if kind == () or mangle(kind) != symbol:
            continue
        parser = Parser(symbol, kind, tag(address))
        follow(library, address, parser)
        found[symbol] = parser
    return found


def selected(found: dict[str, Parser]) -> list[Parser]:
    """The parsers to bind, in any order: a description contains the abbreviations that it uses.

    Abbreviations are bound too, because the pretty printer looks for the constant of a node's kind.
    """
    known = {"term", "tactic", "attr", "stx", "prec", "prio", "command", "level", "doElem"}
    known |= {"structInstFieldDecl", *DECLARED_CATEGORIES}
    return [
        parser
        for parser in sorted(found.values(), key=lambda parser: parser.text)
        if (parser.category is not None or parser.constructor == ABBREVIATION)
        and parser.categories <= known
        and not parser.references
        and not EXCLUDED.search(parser.text)
    ]


AUXILIARY = re.compile(
    r"^l_(?:\w+?_)??(?:__aux__Init__(?P<module>\w+?)______)(?P<what>macroRules|unexpand)__(?P<key>\w+?)__(?P<index>\d+)$"
)


@dataclass(frozen=True)
class Rule:
    """A macro or an unexpander: the function's symbol and what it is attached to."""

    symbol: str
    key: str
    index: int

    def declaration(self, attribute: str, kind: str) -> str:
        name = quoted(demangle(self.symbol[2:]))
        return f'@[{attribute} {self.key}, extern "{self.symbol}"] opaque {name} : Lean.{kind}'


def rules(library: SharedLibrary, bound: list[Parser]) -> tuple[list[Rule], list[Rule]]:
    """Macros of the bound parsers, and unexpanders."""
    # An auxiliary name flattens its key: `.` became `_`, so keys are looked up, not parsed.
    kinds = {"_".join(parser.name): quoted(parser.name) for parser in bound}
    macros: list[Rule] = []
    unexpanders: list[Rule] = []
    for symbol in sorted(library.functions):
        match = AUXILIARY.match(symbol)
        if match is None or match["module"].replace("__", "_") not in MODULES.split():
            continue
        key, index = "_".join(demangle(match["key"])), int(match["index"])
        if match["what"] == "macroRules":
            if key in kinds:
                macros.append(Rule(symbol, kinds[key], index))
        else:
            constant = key.replace("_", ".")
            if not ABSENT_CONSTANTS.search(constant):
                unexpanders.append(Rule(symbol, constant, index))
    for name, constant in NAMED_UNEXPANDERS.items():
        if mangle((name,)) in library.functions:
            unexpanders.append(Rule(mangle((name,)), constant, 1))
    return (
        sorted(macros, key=lambda rule: (rule.key, rule.index, rule.symbol)),
        sorted(unexpanders, key=lambda rule: (rule.key, rule.index)),
    )
