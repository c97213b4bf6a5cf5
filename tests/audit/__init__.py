"""What the dialer is made of, looked at: pinned, free to be used, written down, and without known faults.

`make audit`, or `python -m tests.audit`. The tools have environments of their own beside the one of the tests.
"""
