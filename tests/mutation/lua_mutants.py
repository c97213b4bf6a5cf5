"""Mutants of the Lua scripts, made on the tree that tree-sitter reads.

Another comparison, `and` for `or`, plus for minus, a number one higher, a truth turned round, a condition negated, a
statement that only calls left out (most of them change Redis), and an option of a command (`XX`, `LT`) left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_lua
from tree_sitter import Language, Node, Parser

from tests.mutation.mutants import Mutant, mutants_of

_PARSER = Parser(Language(tree_sitter_lua.language()))
_OTHER = {
    "==": ("~=",),
    "~=": ("==",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "and": ("or",),
    "or": ("and",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "true": ("false",),
    "false": ("true",),
}
_CONDITIONAL = frozenset({"if_statement", "elseif_statement", "while_statement"})

Edit = tuple[int, int, str]
"""From which byte to which, and what comes there."""


def lua_mutants(path: str, source: str) -> list[Mutant]:
    """All mutants of a script or a part, in the order in which they stand in it."""
    text = source.encode()
    tree = _PARSER.parse(text)
    assert not tree.root_node.has_error, f"{path}: no Lua that tree-sitter can read"
    edits = [edit for node in _nodes(tree.root_node) for edit in _edits(node)]
    return mutants_of(path, source, ((text[:start] + new.encode() + text[end:]).decode() for start, end, new in edits))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _edits(node: Node) -> Iterator[Edit]:
    parent = node.parent
    if not node.children and node.type in _OTHER and (parent is None or parent.type != "unary_expression"):
        for other in _OTHER[node.type]:
            yield node.start_byte, node.end_byte, other
    if node.type == "number":
        yield node.start_byte, node.end_byte, f"({_text(node)} + 1)"
    if node.type == "unary_expression" and node.children[0].type == "not":
        yield node.children[0].start_byte, node.children[1].start_byte, ""
    if node.type in _CONDITIONAL and (condition := node.child_by_field_name("condition")):
        yield condition.start_byte, condition.end_byte, f"not ({_text(condition)})"
    if node.type == "function_call" and parent is not None and parent.type in {"block", "chunk"}:
        yield node.start_byte, node.end_byte, "do end"
    if node.type == "string" and _is_option(node):
        before = node.prev_sibling
        assert before is not None
        yield before.start_byte, node.end_byte, ""


def _is_option(node: Node) -> bool:
    # The first argument is the command itself.
    follows = node.prev_sibling is not None and node.prev_sibling.type == ","
    return follows and _text(node)[1:-1].isalpha() and _text(node).isupper()


def _text(node: Node) -> str:
    assert node.text is not None
    return node.text.decode()
