"""Mutation testing: one small fault at a time is put into the domain or a script, and the tests must notice.

`make mutants` runs it. `targets` names the files and the tests of each, `python_mutants` and `lua_mutants` make the
faults, `workshop` runs the tests on a copy of the project, `survivors.toml` explains each fault that no test can see.
"""
