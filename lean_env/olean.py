"""Reads the constants of compiled Lean files as data: no Lean runs, and nothing in the file can run.

Importing a compiled file into Lean brings its macros, elaborators and initializers to life, and one
of them may be what answers `#print axioms`. The strict audit therefore reads the constants out of the
file's bytes.

Expressions and constants come out as digests: two are equal exactly if they are the same up to the
names of bound variables and universe parameters, binder annotations and metadata.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from lean_env.image import Buffer, Image, OleanError, take
from lean_env.names import Name


class ConstantKind(IntEnum):
    """The constructors of `Lean.ConstantInfo`, in order."""

    AXIOM = 0
    DEFINITION = 1
    THEOREM = 2
    OPAQUE = 3
    QUOTIENT = 4
    INDUCTIVE = 5
    CONSTRUCTOR = 6
    RECURSOR = 7


_FIELDS = dict.fromkeys(ConstantKind, 1) | {
    ConstantKind.DEFINITION: 2,
    ConstantKind.THEOREM: 2,
    ConstantKind.OPAQUE: 2,
    ConstantKind.INDUCTIVE: 6,
    ConstantKind.CONSTRUCTOR: 5,
    ConstantKind.RECURSOR: 7,
}
"""How many object fields of the constant's value are read, at least."""


class _E(IntEnum):
    """The constructors of `Lean.Expr`, in order."""

    BVAR = 0
    FVAR = 1
    MVAR = 2
    SORT = 3
    CONST = 4
    APP = 5
    LAM = 6
    FORALL = 7
    LET = 8
    LIT = 9
    MDATA = 10
    PROJ = 11


_CHILDREN = {
    _E.APP: (0, 1),
    _E.LAM: (1, 2),
    _E.FORALL: (1, 2),
    _E.LET: (1, 2, 3),
    _E.MDATA: (1,),
    _E.PROJ: (2,),
}


_EXPRESSION_FIELDS = dict.fromkeys(_E, 1) | {
    _E.CONST: 2,
    _E.APP: 2,
    _E.LAM: 3,
    _E.FORALL: 3,
    _E.LET: 4,
    _E.MDATA: 2,
    _E.PROJ: 3,
}


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a compiled file. `type` and `value` are addresses of expressions."""

    name: Name
    kind: ConstantKind
    levels: tuple[Name, ...]
    type: int
    value: int | None
    block: tuple[Name, ...]
    """For an inductive type its mutual block; for a constructor or recursor its types."""
    constructors: tuple[Name, ...]
    numbers: tuple[int, ...]
    """What else identifies the constant: numbers of parameters, indices, fields; safety flags."""


class Olean(Image):
    """The constants of one module."""

    def __init__(self, parts: Sequence[Buffer]) -> None:
        super().__init__(parts)
        fields = self._fields(self._root)
        self.imports = tuple(self.name(take(self._fields(item), 1)[0]) for item in self._array(fields[0]))
        self._infos = self._array(fields[2])
        self._constants: dict[Name, Constant] = {}
        self.index = {self._declared(info): place for place, info in enumerate(self._infos)}
        """Each constant's place in the file's list of constants."""
        if len(self.index) != len(self._infos):
            raise OleanError("a constant is declared twice")

    def __getitem__(self, name: Name) -> Constant:
        """The constant of that name, which must be in `index`."""
        if name not in self._constants:
            self._constants[name] = self._constant(self._infos[self.index[name]])
        return self._constants[name]

    def _declared(self, info: int) -> Name:
        """The name in a `ConstantInfo`."""
        for _ in range(3):  # its value, what all constants have, the name
            (info,) = take(self._fields(info), 1)
        return self.name(info)

    def _constant(self, pointer: int) -> Constant:
        kind = ConstantKind(self._tag(pointer)) if self._tag(pointer) <= 7 else None
        if kind is None:
            raise OleanError("a constant of unknown kind")
        (value,) = take(self._fields(pointer), 1)
        fields = take(self._fields(value), _FIELDS[kind])
        name, levels, type_ = take(self._fields(fields[0]), 3)
        block: list[Name] = []
        constructors: list[Name] = []
        numbers: list[int] = []
        if kind is ConstantKind.INDUCTIVE:
            block = [self.name(item) for item in self._list(fields[3])]
            constructors = [self.name(item) for item in self._list(fields[4])]
            numbers = [self._natural(fields[place]) for place in (1, 2, 5)]
        elif kind is ConstantKind.CONSTRUCTOR:
            block = [self.name(fields[1])]
            numbers = [self._natural(field) for field in fields[2:5]]
        elif kind is ConstantKind.RECURSOR:
            block = [self.name(item) for item in self._list(fields[1])]
            numbers = [self._natural(field) for field in fields[2:6]]
        has_value = kind in (ConstantKind.DEFINITION, ConstantKind.THEOREM, ConstantKind.OPAQUE)
        scalars = {ConstantKind.THEOREM: 0, ConstantKind.INDUCTIVE: 3, ConstantKind.RECURSOR: 2}.get(kind, 1)
        return Constant(
            name=self.name(name),
            kind=kind,
            levels=tuple(self.name(item) for item in self._list(levels)),
            type=type_,
            value=fields[1] if has_value else None,
            block=tuple(block),
            constructors=tuple(constructors),
            numbers=(*numbers, *self._scalars(value, scalars)),
        )

    def is_unsafe(self, constant: Constant) -> bool:
        """Whether the kernel keeps the constant out of proofs: `unsafe` or `partial`."""
        flags = constant.numbers
        if constant.kind is ConstantKind.DEFINITION:
            return flags[-1] != 1  # DefinitionSafety: unsafe, safe, partial
        place = {ConstantKind.INDUCTIVE: -2, ConstantKind.THEOREM: None, ConstantKind.QUOTIENT: None}
        index = place.get(constant.kind, -1)
        return index is not None and flags[index] != 0

    def digest(self, constant: Constant, with_value: bool = True) -> bytes:
        """What the constant is: equal for equal constants of any two files. Levels count by position."""
        levels = {name: index for index, name in enumerate(constant.levels)}
        parts = [
            repr(
                (
                    constant.name,
                    constant.kind,
                    len(levels),
                    constant.block,
                    constant.constructors,
                    constant.numbers,
                )
            ).encode(),
            self._expression_digest(constant.type, levels),
        ]
        if with_value and constant.value is not None:
            parts.append(self._expression_digest(constant.value, levels))
        return hashlib.sha256(b"\0".join(parts)).digest()

    def type_digest(self, constant: Constant) -> bytes:
        """The constant's type with its universe parameters."""
        levels = {name: index for index, name in enumerate(constant.levels)}
        return repr(len(levels)).encode() + self._expression_digest(constant.type, levels)

    def used_by(self, constant: Constant) -> set[Name]:
        """The constants that this one speaks of, in type, value and relations."""
        used = {*constant.block, *constant.constructors} | self.used_in(constant.type)
        return used if constant.value is None else used | self.used_in(constant.value)

    def used_in(self, root: int) -> set[Name]:
        """The constants that an expression speaks of."""
        used: set[Name] = set()
        seen = {root}
        todo = [root]
        while todo:
            tag, fields = self._expression(todo.pop())
            if tag in (_E.CONST, _E.PROJ):
                used.add(self.name(fields[0]))
            for index in _CHILDREN.get(tag, ()):
                if fields[index] not in seen:
                    seen.add(fields[index])
                    todo.append(fields[index])
        return used

    # Expressions.

    def _expression(self, pointer: int) -> tuple[_E, list[int]]:
        tag = self._tag(pointer)
        if tag > _E.PROJ or tag in (_E.FVAR, _E.MVAR):
            raise OleanError("an expression that no constant may contain")
        return _E(tag), take(self._fields(pointer), _EXPRESSION_FIELDS[_E(tag)])

    def _expression_digest(self, root: int, levels: dict[Name, int]) -> bytes:
        """A digest of the expression, which shares subterms and so takes time linear in the file's size."""
        done: dict[int, bytes] = {}
        todo = [root]
        while todo:
            pointer = todo[-1]
            if pointer in done:
                todo.pop()
                continue
            tag, fields = self._expression(pointer)
            children = [fields[index] for index in _CHILDREN.get(tag, ())]
            missing = [child for child in children if child not in done]
            if missing:
                if len(todo) > self._size:
                    raise OleanError("an expression that contains itself")
                todo += missing
                continue
            todo.pop()
            if tag is _E.MDATA:
                done[pointer] = done[children[0]]
                continue
            own = self._leaf(tag, fields, levels)
            done[pointer] = hashlib.sha256(
                b"%d:" % tag + own + b"".join(done[child] for child in children)
            ).digest()
        return done[root]

    def _leaf(self, tag: _E, fields: list[int], levels: dict[Name, int]) -> bytes:
        """What an expression says beside its subterms."""
        if tag is _E.BVAR:
            return b"%d" % self._natural(fields[0])
        if tag is _E.SORT:
            return self._level(fields[0], levels).encode()
        if tag is _E.CONST:
            arguments = [self._level(level, levels) for level in self._list(fields[1])]
            return repr((self.name(fields[0]), arguments)).encode()
        if tag is _E.LIT:
            (literal,) = take(self._fields(fields[0]), 1)
            is_text = self._tag(fields[0]) == 1
            return repr(self._string(literal) if is_text else hex(self._natural(literal))).encode()
        if tag is _E.PROJ:
            return repr((self.name(fields[0]), self._natural(fields[1]))).encode()
        return b""

    def _level(self, pointer: int, levels: dict[Name, int], depth: int = 0) -> str:
        if depth > 500:
            raise OleanError("a universe level nested too deeply")
        if pointer & 1:
            return "0"
        tag, fields = self._tag(pointer), self._fields(pointer)
        if tag == 0:
            return "0"
        fields = take(fields, 1) if tag in (1, 4) else take(fields, 2)
        if tag == 4:
            name = self.name(fields[0])
            if name not in levels:
                raise OleanError("a universe parameter that is not declared")
            return f"p{levels[name]}"
        if tag > 4:
            raise OleanError("a universe level that no constant may contain")
        return f"{tag}({','.join(self._level(field, levels, depth + 1) for field in fields)})"
