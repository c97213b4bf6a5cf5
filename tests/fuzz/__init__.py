"""Readers of strangers' bytes, fed with bytes that a fuzzer makes from their coverage: `make fuzz MINUTES=10`.

Each target takes any bytes and raises where something is wrong: what nobody expects, or a promise that is broken. What
was found stays in `found/`, and is tried at each run of the tests.
"""
