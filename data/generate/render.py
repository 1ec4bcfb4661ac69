"""Terms as Lean text: parentheses only where Lean needs them, and a few styles to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data.generate.terms import App, Bind, Term, Ty, Var, free

MAX = 1024
ARGUMENT = 1025
"""The precedence of an argument of a call."""


@dataclass(frozen=True, slots=True)
class Style:
    """How one statement is written."""

    names: Mapping[str, str]
    """The text of each variable, bound or free."""
    dotted: bool = True
    """`xs.length` rather than `List.length xs`."""
    typed_binders: bool = False
    """`∃ x : Nat, …` rather than `∃ x, …`."""
    merged_binders: bool = True
    """`∀ x y, …` rather than `∀ x, ∀ y, …`."""


def type_text(type_: Ty, level: int = 0) -> str:
    """A type, in parentheses if it binds weaker than `level`."""
    if type_.head == "Fun":
        text, own = f"{type_text(type_.args[0], 26)} → {type_text(type_.args[1], 25)}", 25
    elif type_.head == "Prod":
        text, own = f"{type_text(type_.args[0], 36)} × {type_text(type_.args[1], 35)}", 35
    elif type_.args:
        text, own = " ".join([type_.head, *(type_text(arg, ARGUMENT) for arg in type_.args)]), 1023
    else:
        return type_.head
    return f"({text})" if own < level else text


def text(term: Term, style: Style, level: int = 0, *, last: bool = True) -> str:
    """`term` where precedence `level` is needed; `last` if nothing follows up to the next parenthesis."""
    if isinstance(term, Var):
        return style.names[term.name]
    if isinstance(term, Bind):
        written = _binder(term, style)
        return written if last and level < MAX else f"({written})"
    written, own = _application(term, style, level, last)
    return f"({written})" if own < level else written


def _binder(term: Bind, style: Style) -> str:
    """Quantifiers of one kind and type in a row share one symbol."""
    variables, body = [term.var], term.body
    merge = style.merged_binders or term.binder == "fun"
    while merge and isinstance(body, Bind) and body.binder == term.binder and body.var.type == term.var.type:
        variables.append(body.var)
        body = body.body
    used = {var.name for var in free(body)}
    names = " ".join(style.names[v.name] if v.name in used else f"_{style.names[v.name]}" for v in variables)
    # A type that the body does not fix must be written.
    typed = style.typed_binders or not all(v.name in used for v in variables) or _is_open(variables, body)
    typed |= style.dotted and _has_receiver(body)
    # `xs.length` and `x ∈ xs` need to know what `xs` is.
    typed |= bool(variables[0].type.args) and variables[0].type.head != "Fun"
    shown = f"{names} : {type_text(term.var.type)}" if typed else names
    if term.binder == "fun":
        return f"fun {f'({shown})' if typed else shown} => {text(body, style)}"
    return f"{term.binder} {shown}, {text(body, style)}"


def _has_receiver(term: Term) -> bool:
    """Whether some call may be written with a dot."""
    if isinstance(term, Bind):
        return _has_receiver(term.body)
    if isinstance(term, Var):
        return False
    return (term.op.form == "call" and term.op.level >= 0) or any(_has_receiver(arg) for arg in term.args)


def _is_open(variables: list[Var], body: Term) -> bool:
    """Whether the first variables occur only beside each other and numerals, so that Lean sees no type."""
    bound = set(variables)
    return not any(var not in bound for var in free(body))


def _application(term: App, style: Style, level: int, last: bool) -> tuple[str, int]:
    op, args = term.op, term.args
    if op.form in ("infix", "infixl", "infixr"):
        left, right = op.level + (op.form != "infixl"), op.level + (op.form != "infixr")
        inside = last or op.level < level  # in parentheses of its own nothing follows
        first = text(args[0], style, left, last=False)
        second = text(args[1], style, right, last=inside)
        if op.name in ("eq", "ne") or (op.output.head == "Prop" and args[0].type.head in ("Nat", "Int")):
            first = _ascribed(args, first)
        elif op.name in ("append", "option_or") and all(_closed_constant(arg) for arg in args):
            first = _with_type(args[0], first)
        elif op.name in ("mem", "not_mem", "subset"):
            second = _with_type(args[1], second)
        return f"{first} {op.text} {second}", op.level
    if op.form == "prefix":
        inside = last or level > op.level
        if op.text == "-":  # Two minus signs in a row would begin a comment.
            return f"-{text(args[0], style, MAX, last=inside)}", 75
        # `¬` takes in whatever binds stronger than ∧: `¬a = b` is `¬(a = b)`.
        return f"{op.text}{text(args[0], style, op.level, last=inside)}", op.level
    if op.form == "call":
        return _call(term, style)
    if op.form == "apply":
        chain: list[Term] = []
        head: Term = term
        while isinstance(head, App) and head.op.form == "apply":
            chain.insert(0, head.args[1])
            head = head.args[0]
        return " ".join(text(part, style, ARGUMENT, last=False) for part in (head, *chain)), 1023
    if op.form == "list":
        return f"[{', '.join(text(arg, style) for arg in args)}]", MAX + 1
    if op.form == "pair":
        return f"({', '.join(text(arg, style) for arg in args)})", MAX + 1
    if op.form == "field":
        return f"{text(args[0], style, ARGUMENT, last=False)}{op.text}", MAX + 1
    if op.form == "if":
        inside = last and level == 0
        condition, yes = text(args[0], style), text(args[1], style)
        no = text(args[2], style, last=True)
        written = f"if {condition} then {yes} else {no}"
        return (written, MAX + 1) if inside else (f"({written})", MAX + 1)
    return op.text, MAX + 1 if " " not in op.text else 1023


def _call(term: App, style: Style) -> tuple[str, int]:
    op, args = term.op, term.args
    written = [text(arg, style, ARGUMENT, last=False) for arg in args]
    written = [_with_type(arg, shown) for arg, shown in zip(args, written, strict=True)]
    receiver = args[op.level] if op.level >= 0 else None
    numeral = isinstance(receiver, App) and receiver.op.form in ("atom", "pair", "list")
    if receiver is not None and style.dotted and not numeral:
        rest = [shown for place, shown in enumerate(written) if place != op.level]
        short = f"{written[op.level]}.{op.text.rsplit('.', 1)[1]}"
        return " ".join([short, *rest]), 1023 if rest else MAX + 1
    return " ".join([op.text, *written]), 1023


def _closed_constant(term: Term) -> bool:
    return isinstance(term, App) and term.op.name in ("nil", "none")


def _with_type(term: Term, shown: str) -> str:
    """`[]` and `none` with their type, where nothing else fixes it."""
    return f"({shown} : {type_text(term.type)})" if _closed_constant(term) else shown


def _ascribed(args: tuple[Term, ...], first: str) -> str:
    """The left side of a relation, with its type if neither side mentions a variable."""
    if free(args[0]) or free(args[1]) or args[0].type.head in ("Prop", "Fun"):
        return first
    if isinstance(args[0], App) and args[0].op.form in ("call", "field", "if"):
        return first
    return f"({first} : {type_text(args[0].type)})"
