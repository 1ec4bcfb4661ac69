"""Reads a statement's text without Lean: as much notation as benchmarks use.

What is not understood raises `UnreadableError`; the checks that need the tree then say that they did not run.
"""

from __future__ import annotations

from collections.abc import Sequence

from data.lint.notation import BIG, BIG_BODY, CLOSING, INFIX, PREFIX, QUANTIFIERS, STOPS, joined
from data.lint.tree import Binder, Node, Tree, UnreadableError
from lean_env.lexer import Kind, Token, words_of


def read_tree(statement: str) -> Tree:
    """The tree of a statement from `theorem` to `:= by`. Raises `UnreadableError`."""
    try:
        return _Reader(statement).statement()
    except RecursionError:
        raise UnreadableError("nested too deeply") from None


class _Reader:
    """An operator-precedence parser."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = joined(words_of(text))
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead].text if self.at + ahead < len(self.tokens) else ""

    def is_word(self, ahead: int = 0) -> bool:
        place = self.at + ahead
        return place < len(self.tokens) and self.tokens[place].kind is Kind.WORD

    def take(self, expected: str = "") -> Token:
        if self.at >= len(self.tokens) or (expected and self.peek() != expected):
            raise UnreadableError(f"expected {expected or 'more'}, found {self.peek() or 'the end'}")
        self.at += 1
        return self.tokens[self.at - 1]

    def statement(self) -> Tree:
        while self.peek() not in ("theorem", "lemma"):
            self.take()
        self.take()
        name = self.take().text
        binders: list[Binder] = []
        while self.peek() != ":":
            binders.append(self.group())
        self.take(":")
        claim = self.term(0)
        self.take(":=")
        return Tree(self.text, name, tuple(binders), claim)

    def term(self, level: int) -> Node:
        """A term whose operators bind at least as strongly as `level`."""
        left = self.operand()
        while (known := INFIX.get(self.peek())) and known[0] >= level:
            operator = self.take().text
            right = self.term(known[2])
            if operator == "≡":
                right = self.modulus(right)
            left = Node(operator, (left, right), left.start, right.end)
        return left

    def modulus(self, right: Node) -> Node:
        """`[MOD n]` behind a congruence."""
        if self.peek() != "[":
            return right
        self.take("[")
        self.take()
        modulus = self.term(0)
        end = self.take("]").end
        return Node("[MOD]", (right, modulus), right.start, end)

    def operand(self) -> Node:
        token = self.peek()
        if token in QUANTIFIERS:
            return self.quantified()
        if token in BIG:
            return self.big()
        if token in PREFIX:
            sign = self.take()
            inner = self.term(PREFIX[token])
            return Node(f"{token}_", (inner,), sign.start, inner.end)
        if token == "if":
            return self.conditional()
        if token == "(" and (arrow := self.dependent()) is not None:
            return arrow
        return self.application()

    def conditional(self) -> Node:
        start = self.take("if").start
        condition = self.term(0)
        self.take("then")
        yes = self.term(0)
        self.take("else")
        no = self.term(0)
        return Node("if", (condition, yes, no), start, no.end)

    def dependent(self) -> Node | None:
        """`(x : T) → …`, if that stands here."""
        depth = 0
        for place in range(self.at, len(self.tokens)):
            depth += (self.tokens[place].text == "(") - (self.tokens[place].text == ")")
            if depth == 0:
                break
        if place + 1 >= len(self.tokens) or self.tokens[place + 1].text != "→" or self.peek(2) != ":":
            return None
        start = self.tokens[self.at].start
        if not self.is_word(1):
            return None
        binder = self.group()
        self.take("→")
        body = self.term(25)
        return Node("∀", (body,), start, body.end, binders=(binder,))

    def quantified(self) -> Node:
        keyword = self.take()
        ends = ("=>", "↦") if keyword.text == "fun" else (",",)
        binders: list[Binder] = []
        while self.peek() not in ends:
            binders.append(self.binder(ends))
        self.take()
        body = self.term(0)
        return Node(keyword.text, (body,), keyword.start, body.end, binders=tuple(binders))

    def big(self) -> Node:
        keyword = self.take()
        binders: list[Binder] = []
        while self.peek() != ",":
            binders.append(self.binder((",",)))
        self.take(",")
        body = self.term(BIG_BODY)
        return Node(keyword.text, (body,), keyword.start, body.end, binders=tuple(binders))

    def binder(self, ends: Sequence[str]) -> Binder:
        """`(x : T)`, `x y : T`, `x < n`, `x in s`, or bare names."""
        if self.peek() in ("(", "{", "[", "⦃"):
            return self.group()
        start = self.tokens[self.at].start if self.at < len(self.tokens) else 0
        names: list[str] = []
        while self.is_word() and self.peek() != "in":
            names.append(self.take().text)
        if not names:
            raise UnreadableError(f"no variable before {self.peek()!r}")
        kind = limit = None
        relation = ""
        if self.peek() == ":":
            self.take()
            kind = self.term(26 if "," in ends else 0)
        if self.peek() == "in" or (self.peek() in INFIX and self.peek() not in ends):
            relation = self.take().text
            limit = self.term(51)
        return Binder(tuple(names), kind, start, self.tokens[self.at - 1].end, "", limit, relation)

    def group(self) -> Binder:
        """The variables of one bracket."""
        opening = self.take()
        if opening.text not in ("(", "{", "[", "⦃"):
            raise UnreadableError(f"no binder: {opening.text!r}")
        names: list[str] = []
        while self.is_word():
            if opening.text == "[" and self.peek(1) != ":":
                break
            names.append(self.take().text)
        kind = None
        if self.peek() == ":" or opening.text == "[":
            if self.peek() == ":":
                self.take()
            kind = self.term(0)
        end = self.take(CLOSING[opening.text]).end
        return Binder(tuple(names), kind, opening.start, end, opening.text)

    def application(self) -> Node:
        function = self.postfixed()
        args: list[Node] = []
        while self.starts_argument():
            args.append(self.postfixed())
        if (self.peek() == "fun" and not args and function.head == "name") or (args and self.peek() == "fun"):
            args.append(self.quantified())
        if not args:
            return function
        return Node("app", (function, *args), function.start, args[-1].end)

    def starts_argument(self) -> bool:
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        if token.text in STOPS or token.text in INFIX or token.text in (":", ":=", "=>", ",", "fun", "if"):
            return False
        if token.kind in (Kind.WORD, Kind.NUMBER):
            return True
        if token.text == "[":  # `[MOD n]`, `[ZMOD n]` are no lists
            return not self.peek(1).endswith("MOD")
        return token.text in ("(", "{", "⟨", "⌊", "⌈")

    def postfixed(self) -> Node:
        node = self.atom()
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            glued = token.start == node.end
            if token.text in ("!", "⁻¹"):
                end = self.take().end
                node = Node(f"_{token.text}", (node,), node.start, end)
            elif token.text == "+" and glued and self.peek(1) in (")", "→", "|", ","):  # `ℕ+`
                node = Node("name", (), node.start, self.take().end, f"{node.text}+")
            elif token.text == "." and glued and self.at + 1 < len(self.tokens):
                self.take()
                part = self.take()
                node = Node(f".{part.text}", (node,), node.start, part.end)
            else:
                break
        return node

    def atom(self) -> Node:
        token = self.take()
        if token.kind is Kind.WORD:
            if token.text in STOPS or token.text == "fun":
                raise UnreadableError(f"a keyword: {token.text}")
            if token.text in ("Type", "Sort") and (self.peek() in ("*", "_") or self.peek().isdecimal()):
                self.take()
            if token.text.endswith("!"):  # `n!` is a name to the tokenizer, and a factorial to Mathlib
                name = Node("name", (), token.start, token.end - 1, token.text[:-1])
                return Node("_!", (name,), token.start, token.end)
            return Node("name", (), token.start, token.end, token.text)
        if token.kind is Kind.NUMBER:
            return Node("number", (), token.start, token.end, token.text)
        if token.text == "@":
            return self.atom()
        if token.text == "·":
            return Node("name", (), token.start, token.end, "·")
        if token.text == "{":
            return self.set_of(token.start)
        if token.text not in CLOSING:
            raise UnreadableError(f"unknown notation: {token.text}")
        if self.peek() == CLOSING[token.text]:
            return Node(token.text, (), token.start, self.take().end)
        parts = [self.term(0)]
        if self.peek() == ":":
            self.take()
            parts.append(self.term(0))
            return Node("( : )", tuple(parts), token.start, self.take(")").end)
        while self.peek() == ",":
            self.take()
            parts.append(self.term(0))
        end = self.take(CLOSING[token.text]).end
        head = "( )" if token.text == "(" and len(parts) == 1 else token.text
        return Node(head, tuple(parts), token.start, end)

    def set_of(self, start: int) -> Node:
        """`{x | p}`, `{x : T | p}`, `{x ∈ s | p}`, `{a, b}`."""
        place = self.at
        if self.is_word():
            try:
                binder = self.binder(("|", "//"))
                if self.peek() == "|":
                    self.take()
                    body = self.term(0)
                    return Node("{|}", (body,), start, self.take("}").end, binders=(binder,))
            except UnreadableError:
                pass
            self.at = place
        parts: list[Node] = []
        while self.peek() != "}":
            parts.append(self.term(0))
            if self.peek() == "|":
                raise UnreadableError("a set of terms")
            if self.peek() == ",":
                self.take()
        return Node("{,}", tuple(parts), start, self.take("}").end)
