"""Checks a compiled file's constants again, with Lean's kernel and nothing else of Lean.

A file can be compiled with the kernel's check switched off (`debug.skipKernelTC`), or by code that
writes into the environment directly. So the constants are handed to the kernel once more, one after
another, as `leanchecker` does: here by calling the kernel's C interface in `libleanshared.so`. No
import happens, so nothing in the file can run; what is trusted are the library's own files, whose
constants are put into the environment unchecked.

The calls are those of the version in `VERSION` (object layout: `lean.h`; signatures: read off
`src/kernel/environment.cpp` and the library's machine code). Every object that we build or are given
is made immortal (reference count 0), since this process ends as soon as it has answered.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

from lean_env.names import Name, show
from lean_env.olean import Constant, ConstantKind, Olean

VERSION = "4.35.0"
"""The Lean whose kernel this module knows how to call."""

_EXCEPTIONS = (
    "unknown constant", "already declared", "the value's type is not the declared one", "metavariables",
    "free variables", "function expected", "type expected", "wrong type in a let", "wrong type",
    "an argument of the wrong type", "bad projection", "the theorem's type is no proposition", "refused",
    "the kernel took too long", "the kernel took too much memory", "recursion too deep", "interrupted",
)  # fmt: skip
"""The constructors of `Lean.Kernel.Exception`, in order."""
_NONE = 1
_QUOTIENTS = 4 << 1 | 1
"""`Declaration.quotDecl`: the fifth constructor, without fields."""
_MAX_RECURSION = 100_000


class ReplayError(Exception):
    """The kernel rejects the file, or the file cannot be replayed."""


class Kernel:
    """Lean's kernel with an environment that grows."""

    def __init__(self, shared_library: Path) -> None:
        lean = ctypes.CDLL(str(shared_library), mode=ctypes.RTLD_GLOBAL)
        lean.lean_initialize()
        lean.lean_io_mark_end_initialization()
        pointer = ctypes.c_void_p
        size = ctypes.c_size_t
        self._string = _function(lean, "lean_mk_string", ctypes.c_char_p)
        self._read = _function(lean, "l_Lean_readModuleData", pointer, pointer)
        self._add_unchecked = _function(lean, "lean_environment_add", pointer, pointer)
        self._add = _function(lean, "lean_add_decl", pointer, size, size, pointer, pointer)
        self._mark_quotients = _function(lean, "lean_environment_mark_quot_init", pointer)
        self._find = _function(lean, "lean_environment_find", pointer, pointer)
        self._same_expression = lean.lean_expr_eqv
        self._same_expression.argtypes, self._same_expression.restype = (pointer, pointer), ctypes.c_uint8
        empty = _function(lean, "l_Lean_mkEmptyEnvironment", ctypes.c_uint32, pointer)
        to_kernel = _function(lean, "lean_elab_environment_to_kernel_env", pointer)
        self._buffers: list[ctypes.Array[ctypes.c_char]] = []
        self._has_quotients = False
        self._environment = to_kernel(self._result(empty(0, _NONE)))

    def trust(self, paths: Iterable[Path]) -> None:
        """Put all constants of compiled library files into the environment, unchecked."""
        for path in paths:
            for info in self._load(path):
                self._environment = self._add_unchecked(self._environment, info)
                if _tag(info) == ConstantKind.QUOTIENT:
                    self._has_quotients = True
                    self._environment = self._mark_quotients(self._environment)

    def check(self, path: Path, olean: Olean) -> dict[Name, str]:
        """Check every constant of the file at `path`, which `olean` has read.

        Returns those that the kernel rejects, or that rest on one it rejects, with the reason.
        """
        infos = self._load(path)
        if len(infos) != len(olean.index):
            raise ReplayError("the file changed while it was read")
        given = {name: infos[place] for name, place in olean.index.items()}
        rejected: dict[Name, str] = {}
        declared: set[Name] = set()
        for name in _in_order(olean):
            constant = olean[name]
            if olean.is_unsafe(constant) or name in declared:
                continue
            block = constant.block if constant.kind is ConstantKind.INDUCTIVE else (name,)
            declared.update(block)
            bad = next((used for used in sorted(olean.used_by(constant), key=str) if used in rejected), None)
            if bad is not None:
                rejected[name] = rejected[bad]
                continue
            try:
                declaration = self._declaration(constant, olean, given)
                if declaration is not None and not self._is_present(given[name]):
                    self._declare(declaration)
            except ReplayError as error:
                rejected.update(dict.fromkeys(block, f"the kernel rejects {show(name)}: {error}"))
        for name, info in given.items():
            made_by_kernel = olean[name].kind in (ConstantKind.CONSTRUCTOR, ConstantKind.RECURSOR)
            if made_by_kernel and name not in rejected and not olean.is_unsafe(olean[name]):
                self._compare(name, info, olean[name].kind)
        return rejected

    def _declaration(self, constant: Constant, olean: Olean, given: Mapping[Name, int]) -> int | None:
        """The `Declaration` that makes a constant; None for what comes with another one."""
        if constant.kind <= ConstantKind.OPAQUE:
            return self._object(int(constant.kind), [_field(given[constant.name], 0)])
        if constant.kind is ConstantKind.INDUCTIVE:
            return self._inductive([olean[other] for other in constant.block], given)
        if constant.kind is ConstantKind.QUOTIENT and not self._has_quotients:
            self._has_quotients = True
            return _QUOTIENTS
        return None

    def _declare(self, declaration: int) -> None:
        _retain(self._environment)  # the call takes a reference, and gives none back if it fails
        answer = self._add(self._environment, 0, _MAX_RECURSION, declaration, _NONE)
        if _tag(answer) == 1:
            _immortal(answer)
            self._environment = _field(answer, 0)
            return
        exception = _field(answer, 0)
        number = exception >> 1 if exception & 1 else _tag(exception)
        raise ReplayError(_EXCEPTIONS[number] if number < len(_EXCEPTIONS) else f"exception {number}")

    def _lookup(self, info: int) -> int | None:
        """The environment's constant of the same name as `info`."""
        _retain(self._environment)
        found = self._find(self._environment, _name(info))
        return None if found & 1 else _field(found, 0)

    def _is_present(self, info: int) -> bool:
        """Whether the environment has the very same theorem or definition already.

        Several modules may each make the same auxiliary theorem of an imported definition, such as
        `ite.congr_simp`; imported together, Lean takes one of them.
        """
        found = self._lookup(info)
        if found is None or _tag(found) != _tag(info):
            return False
        ours, theirs = _field(info, 0), _field(found, 0)
        pairs = [(_field(_field(ours, 0), 2), _field(_field(theirs, 0), 2))]
        if _tag(info) == ConstantKind.DEFINITION:
            pairs.append((_field(ours, 1), _field(theirs, 1)))
        elif _tag(info) != ConstantKind.THEOREM:
            return False
        return all(self._same_expression(a, b) for a, b in pairs)

    def _inductive(self, block: Sequence[Constant], given: Mapping[Name, int]) -> int:
        """`Declaration.inductDecl` for a mutual block: the kernel makes constructors and recursors anew."""
        types = []
        for constant in block:
            constructors = []
            for name in constant.constructors:
                declared = _field(_field(given[name], 0), 0)
                constructors.append(self._object(0, [_field(declared, 0), _field(declared, 2)]))
            declared = _field(_field(given[constant.name], 0), 0)
            types.append(
                self._object(0, [_field(declared, 0), _field(declared, 2), self._list(constructors)])
            )
        first = _field(given[block[0].name], 0)
        levels, parameters = _field(_field(first, 0), 1), _field(first, 1)
        return self._object(6, [levels, parameters, self._list(types)], scalars=8)

    def _compare(self, name: Name, info: int, kind: ConstantKind) -> None:
        """Raise `ReplayError` unless the kernel made the same constructor or recursor as the file has."""
        found = self._lookup(info)
        if found is None or _tag(found) != kind:
            raise ReplayError(f"the kernel makes no {show(name)}")
        ours, theirs = _field(info, 0), _field(found, 0)
        pairs = [(_field(_field(ours, 0), 2), _field(_field(theirs, 0), 2))]
        numbers = range(2, 5) if kind is ConstantKind.CONSTRUCTOR else range(2, 6)
        same = [_field(ours, place) == _field(theirs, place) for place in numbers]
        if kind is ConstantKind.RECURSOR:
            rules, made = _items(_field(ours, 6)), _items(_field(theirs, 6))
            same.append(len(rules) == len(made))
            pairs += [(_field(a, 2), _field(b, 2)) for a, b in zip(rules, made, strict=False)]
        if not (all(same) and all(self._same_expression(a, b) for a, b in pairs)):
            raise ReplayError(f"the kernel makes another {show(name)}")

    def _load(self, path: Path) -> list[int]:
        """Addresses of the `ConstantInfo`s of a compiled file, in its order."""
        answer = self._read(self._string(os.fsencode(path)), _NONE)
        module = _field(self._result(answer), 0)
        constants = _field(module, 2)
        return [_word(constants + 24 + 8 * index) for index in range(_word(constants + 8))]

    def _result(self, answer: int) -> int:
        """The value of an `IO` action."""
        if _tag(answer) != 0:
            raise ReplayError("Lean cannot read a compiled file")
        return _field(answer, 0)

    def _object(self, tag: int, fields: Sequence[int], scalars: int = 0) -> int:
        """A constructor's object, with `scalars` bytes of zeros behind its fields."""
        size = 8 + 8 * len(fields) + scalars
        buffer = ctypes.create_string_buffer(size + 8)
        self._buffers.append(buffer)
        address = (ctypes.addressof(buffer) + 7) & ~7
        header = size << 32 | len(fields) << 48 | tag << 56
        for index, word in enumerate([header, *fields]):
            ctypes.c_uint64.from_address(address + 8 * index).value = word
        return address

    def _list(self, items: Sequence[int]) -> int:
        """A `List` of objects."""
        result = _NONE
        for item in reversed(items):
            result = self._object(1, [item, result])
        return result


def _in_order(olean: Olean) -> list[Name]:
    """The file's constants, each after those that it uses."""
    order: list[Name] = []
    state: dict[Name, bool] = {}
    for start in olean.index:
        todo = [start]
        while todo:
            name = todo[-1]
            if name in state:
                todo.pop()
                if not state[name]:
                    state[name] = True
                    order.append(name)
                continue
            state[name] = False
            constant = olean[name]
            used = olean.used_by(constant)
            for constructor in constant.constructors:  # their types come first as well
                used |= olean.used_by(olean[constructor])
            if constant.kind is ConstantKind.QUOTIENT:  # the kernel wants to see equality first
                used.add(("Eq",))
            todo += sorted((other for other in used if other in olean.index and other not in state), key=str)
    return order


def _function(library: ctypes.CDLL, name: str, *arguments: type) -> Callable[..., int]:
    function = getattr(library, name)
    function.argtypes, function.restype = arguments, ctypes.c_void_p
    return cast("Callable[..., int]", function)


def _word(address: int) -> int:
    return ctypes.c_uint64.from_address(address).value


def _tag(address: int) -> int:
    return ctypes.c_uint8.from_address(address + 7).value


def _field(address: int, index: int) -> int:
    return _word(address + 8 + 8 * index)


def _items(address: int) -> list[int]:
    """The items of a `List`."""
    items = []
    while not address & 1:
        items.append(_field(address, 0))
        address = _field(address, 1)
    return items


def _name(info: int) -> int:
    """Address of the name in a `ConstantInfo`."""
    return _field(_field(_field(info, 0), 0), 0)


def _retain(address: int) -> None:
    """Count one more reference to an object; negative counts are those of shared objects."""
    count = ctypes.c_int32.from_address(address)
    count.value += (count.value > 0) - (count.value < 0)


def _immortal(address: int) -> None:
    ctypes.c_int32.from_address(address).value = 0
