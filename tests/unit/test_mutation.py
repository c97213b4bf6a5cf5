"""Mutation testing: which faults are made, what becomes of them, and that its tables fit the code as it is."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.mutation.lua_mutants import lua_mutants
from tests.mutation.mutants import Mutant
from tests.mutation.python_mutants import python_mutants
from tests.mutation.scores import kept
from tests.mutation.survivors import explained
from tests.mutation.targets import targets

ROOT = Path(__file__).parents[2]
PYTHON = '''"""A story told to people."""

WAITS = {"first": 5}


class Policy:
    """When."""

    @property
    def is_late(self) -> int | None:
        """Whether."""
        if self.asked:
            note(self)
        return self.waited >= 3
'''
LUA = """-- a script
if not held and count <= 2 then redis.call('ZADD', KEYS[1], 'XX', 7, 'me') end
return true
"""


def changes(mutants: Iterable[Mutant]) -> set[str]:
    """What stands in each mutant instead."""
    return {mutant.becomes for mutant in mutants}


def test_mutants_of_python() -> None:
    """Tables and decorated functions are mutated like all else; neither texts for people nor annotations are."""
    assert {
        "WAITS = None",
        'WAITS = {"XXfirstXX": 5}',
        'WAITS = {"first": 6}',
        "if not (self.asked):",
        "note(None)",
        "None",
        "return self.waited > 3",
        "return self.waited >= 4",
        "return None",
    } == changes(python_mutants("some.py", PYTHON))


def test_mutants_of_lua() -> None:
    """Conditions, comparisons, numbers, truths, options of commands, and whole calls."""
    assert {
        "if not (not held and count <= 2) then redis.call('ZADD', KEYS[1], 'XX', 7, 'me') end",
        "if not held or count <= 2 then redis.call('ZADD', KEYS[1], 'XX', 7, 'me') end",
        "if held and count <= 2 then redis.call('ZADD', KEYS[1], 'XX', 7, 'me') end",
        "if not held and count < 2 then redis.call('ZADD', KEYS[1], 'XX', 7, 'me') end",
        "if not held and count > 2 then redis.call('ZADD', KEYS[1], 'XX', 7, 'me') end",
        "if not held and count <= (2 + 1) then redis.call('ZADD', KEYS[1], 'XX', 7, 'me') end",
        "if not held and count <= 2 then redis.call('ZADD', KEYS[(1 + 1)], 'XX', 7, 'me') end",
        "if not held and count <= 2 then redis.call('ZADD', KEYS[1], 7, 'me') end",
        "if not held and count <= 2 then redis.call('ZADD', KEYS[1], 'XX', (7 + 1), 'me') end",
        "if not held and count <= 2 then do end end",
        "return false",
    } == changes(lua_mutants("some.lua", LUA))


def test_a_mutant_is_told_by_its_lines() -> None:
    """Where it is, what stood there and what stands there now."""
    first = lua_mutants("some.lua", LUA)[-1]

    assert "some.lua:3\n  - return true\n  + return false" == str(first)


def test_the_tests_of_a_module_kill_its_mutants() -> None:
    """On a copy of the project, each mutant meets the tests of its file, and what became of it is counted."""
    told = run("--only", "dialer/redis/witnesses.py", "--sample", "3")

    assert 0 == told.returncode, told.stdout + told.stderr
    assert "3 of 32 tried: 3 killed, 0 late, 0 mistyped, 0 explained, 0 survived" in told.stdout


def test_a_file_that_is_no_target_is_refused() -> None:
    """The message says where they stand."""
    told = run("--only", "dialer/nothing.py")

    assert 2 == told.returncode
    assert "nothing is mutated in dialer/nothing.py: see tests/mutation/targets.py" in told.stderr


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process in which nothing of the dialer is loaded yet."""
    command = [sys.executable, "-m", "tests.mutation", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own


def test_every_target_is_there() -> None:
    """Each file that is mutated and each of its tests is a file, and every script is among them."""
    files = {path.partition("::")[0] for path, tests in targets().items() for path in (path, *tests)}

    assert [] == sorted(path for path in files if not (ROOT / path).exists())
    assert {str(file.relative_to(ROOT)) for file in (ROOT / "dialer" / "lua").rglob("*.lua")} <= files


def test_every_score_is_of_a_target() -> None:
    """What is mutated no more is not shown either."""
    assert {score.path for score in kept()} <= set(targets())


def test_what_is_explained_is_still_there() -> None:
    """An explanation whose lines are gone from the code goes with them."""
    gone = [one for one in explained() if not _has(ROOT / one.path, one.was)]

    assert [] == [(one.path, one.was) for one in gone]


def test_a_fault_is_explained_once() -> None:
    """Whoever changes an explanation finds no other one of the same fault."""
    stands = Counter((one.path, one.was, one.becomes) for one in explained())

    assert [] == [fault for fault, times in stands.items() if times > 1]


def _has(file: Path, lines: str) -> bool:
    return lines in "\n".join(line.strip() for line in file.read_text().splitlines())
