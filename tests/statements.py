"""All the SQL that is written in a package, found in its source: none can be forgotten."""

import ast
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType


def written(package: ModuleType, executes: Collection[str]) -> Mapping[str, str]:
    """Return each statement that the modules of *package* send, and where it is written.

    It is the first argument of a call of a function or a method among *executes*: written out,
    or the name of a constant of its module. An argument of the function around is no statement.
    """
    found: dict[str, str] = {}
    for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
        module = import_module(f"{package.__name__}.{path.stem}")
        for line, argument in _sent(ast.parse(path.read_text(encoding="utf-8")), executes):
            place = f"{path.name}:{line}"
            match argument:
                case ast.Constant(value=str(text)):
                    found[text] = place
                case ast.Name(id=name) if isinstance(constant := vars(module).get(name), str):
                    found[constant] = place
                case _:
                    raise AssertionError(f"{place}: what is sent is not written out")
    return found


def _sent(
    tree: ast.AST, executes: Collection[str], handed_on: frozenset[str] = frozenset()
) -> Iterator[tuple[int, ast.expr]]:
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        handed_on |= {argument.arg for argument in tree.args.args}
    if isinstance(tree, ast.Call) and tree.args and _name(tree.func) in executes:
        [first, *_] = tree.args
        if not (isinstance(first, ast.Name) and first.id in handed_on):
            yield tree.lineno, first
    for below in ast.iter_child_nodes(tree):
        yield from _sent(below, executes, handed_on)


def _name(function: ast.expr) -> str:
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
