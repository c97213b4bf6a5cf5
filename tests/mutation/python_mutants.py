"""Mutants of Python: mutmut's own mutations, in the whole file.

mutmut's own runner leaves out what stands outside of functions and whatever is decorated, and here that is half of the
domain: tables, properties, the order of rules. So its mutations are taken, and the file is run as a whole. Added are a
condition negated, a call for its effect left out, and nothing returned. Left alone are annotations and texts for
people, which are those with a space.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import OPERATORS_TYPE, mutation_operators, operator_string
from mutmut.mutation.pragma_handling import IgnoredCode

from tests.mutation.mutants import Mutant, mutants_of


def python_mutants(path: str, source: str) -> list[Mutant]:
    """All mutants of a module, in the order in which they stand in it."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor(_OPERATORS, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    return mutants_of(path, source, _changed(wrapper.module, visitor))


def _changed(module: cst.Module, visitor: MutationVisitor) -> Iterator[str]:
    for mutation in visitor.mutations:
        changed = module.deep_replace(mutation.original_node, mutation.mutated_node)
        if isinstance(changed, cst.Module) and _compiles(changed.code):
            yield changed.code


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


class _Visitor(MutationVisitor):
    """Goes into decorated functions too: nothing is copied here that a decorator could see twice."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        return not isinstance(node, cst.FunctionDef) and super()._skip_node_and_children(node)


def _word(node: cst.BaseString) -> Iterable[cst.BaseString]:
    if isinstance(node, cst.SimpleString) and " " not in node.value:
        yield from list(operator_string(node))[:1]


def _negated(node: cst.If | cst.CompIf | cst.While) -> Iterable[cst.CSTNode]:
    test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test))


def _left_out(node: cst.Expr) -> Iterable[cst.CSTNode]:
    if isinstance(node.value, cst.Call | cst.Await):
        yield node.with_changes(value=cst.Name("None"))


def _nothing(node: cst.Return) -> Iterable[cst.CSTNode]:
    if node.value is not None and not isinstance(node.value, cst.Call):
        yield node.with_changes(value=cst.Name("None"))


_OPERATORS: OPERATORS_TYPE = [
    *((kind, _word if operator is operator_string else operator) for kind, operator in mutation_operators),
    (cst.If, _negated),
    (cst.CompIf, _negated),
    (cst.While, _negated),
    (cst.Expr, _left_out),
    (cst.Return, _nothing),
]
