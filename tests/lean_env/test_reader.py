"""Terms read from text: the pieces, the syntax, and what is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_env.notation import INFIX, Shape, UnreadableError, read_pieces
from lean_env.reader import read_term, split_signature
from lean_env.syntax import (
    Application,
    Binder,
    Bound,
    Field,
    Index,
    Infix,
    Items,
    Name,
    Number,
    Parenthesised,
    Prefix,
    Syntax,
)

P, X, Y, ONE = Name("p"), Name("x"), Name("y"), Number("1")


def read(text: str) -> Syntax:
    return read_term(read_pieces(text))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("p->q /\\ r", ["p", "→", "q", "∧", "r"]),
        ("a<->b<=c", ["a", "↔", "b", "≤", "c"]),
        ("m >>= f <|> g", ["m", ">>=", "f", "<|>", "g"]),
        ("λ x => Not p", ["fun", "x", "=>", "¬", "p"]),
        ("∃! x, x::xs <+: ys", ["∃!", "x", ",", "x", "::", "xs", "<+:", "ys"]),
        ("h✝¹ : x✝.1 = 2", ["h✝¹", ":", "x✝.1", "=", "2"]),
        ("h.1.2.symm", ["h.1.2.symm"]),
        ("(f x).1.symm", ["(", "f", "x", ")", "1", "symm"]),
        ("(x).«a.b»", ["(", "x", ")", "«a.b»"]),
        ("x -- y\n+ 1", ["x", "+", "1"]),
    ],
)
def test_pieces(text: str, pieces: list[str]) -> None:
    assert [piece.text for piece in read_pieces(text)] == pieces


def test_fields_belong_to_what_they_touch() -> None:
    assert [piece.shape for piece in read_pieces("(x).a .b")][3:] == [Shape.FIELD, Shape.SYMBOL, Shape.NAME]


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ("f (x : p) 1", Application(Name("f"), (Parenthesised(X, P), ONE))),
        (
            "@f (α := p) x fun y => 1",
            Application(Name("f"), (X, Binder("fun", (Bound(("y",), None, ""),), ONE))),
        ),
        ("(x).y.1", Field(Field(Parenthesised(X, None), "y"), "1")),
        ("x[1]?.y", Field(Index(X, ONE, "?"), "y")),
        ("x [1]", Application(X, (Items("[", (ONE,)),))),
        ("f ↑x", Application(Name("f"), (Prefix("↑", X),))),
        ("⟨x, ()⟩", Items("⟨", (X, Items("(", ())))),
        ("(x, y, 1)", Items("(", (X, Y, ONE))),
        ("¬x = y", Prefix("¬", Infix("=", X, Y))),
        ("(x : Type*) → p", Infix("→", Parenthesised(X, Name("Type*")), P)),
        ("∀ x < 1, p", Binder("∀", (Bound(("x",), None, "", ("<", ONE)),), P)),
        (
            "∃ x y : p, 1",
            Binder("∃", (Bound(("x", "y"), P, ""),), ONE),
        ),
        (
            "∀ (x) {y : p} [p x] [h : p], 1",
            Binder(
                "∀",
                (
                    Bound(("x",), None, "("),
                    Bound(("y",), P, "{"),
                    Bound((), Application(P, (X,)), "["),
                    Bound(("h",), P, "["),
                ),
                ONE,
            ),
        ),
    ],
)
def test_syntax(text: str, syntax: Syntax) -> None:
    assert read(text) == syntax


@pytest.mark.parametrize("operator", INFIX)
def test_operators_associate_as_their_precedences_say(operator: str) -> None:
    _, left, right = INFIX[operator]
    nested = (
        Infix(operator, X, Infix(operator, Y, ONE))
        if left > right
        else Infix(operator, Infix(operator, X, Y), ONE)
    )
    assert read(f"x {operator} y {operator} 1") == nested


def test_operators_bind_as_their_precedences_say() -> None:
    assert read("p → x ∧ y = 1 + x * y") == Infix(
        "→", P, Infix("∧", X, Infix("=", Y, Infix("+", ONE, Infix("*", X, Y))))
    )
    assert read("¬x ∧ y") == Infix("∧", Prefix("¬", X), Y)
    assert read("-x + y") == Infix("+", Prefix("-", X), Y)


@pytest.mark.parametrize(
    "text",
    ["", ")", "x +", "(x", "(x,)", "f 'a'", "`x", '"a', "match x with | 0 => 1", "if h : p then x else y",
     "∀ x", "∀ ⟨x, y⟩, p", "fun | 0 => 1", "(· + 1)", "(+)", "{x}", "|x|", "f .x", "f (α := x"],
)  # fmt: skip
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        read(text)


@given(st.text(alphabet="abp01 ()[]{}∀∃¬∧→=+,:.⟨⟩✝↑\"'`«»?!*", max_size=40))
def test_reading_any_text_ends(text: str) -> None:
    with suppress(UnreadableError):
        read(text)
    split_signature(read_pieces(text))


def test_a_signature_is_split() -> None:
    parameters, rest = split_signature(
        read_pieces(
            ".{u} (x y : α) {p} [h : D p] [D (q : Prop)] (n := 1) (h : f (a := 1) = 2 := by simp) : p"
        )
    )
    assert [
        (some.bracket, some.names, " ".join(piece.text for piece in some.type)) for some in parameters
    ] == [
        ("(", ("x", "y"), "α"),
        ("{", (), "p"),
        ("[", ("h",), "D p"),
        ("[", (), "D ( q : Prop )"),
        ("(", (), "n"),
        ("(", ("h",), "f ( a := 1 ) = 2"),
    ]
    assert [piece.text for piece in rest] == [":", "p"]
