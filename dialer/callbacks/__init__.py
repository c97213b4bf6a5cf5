"""Callbacks to the customer's own system: what became of calls, told as it happens.

A script that ends a call writes one line in the same step, so no crash loses one. Workers sort the lines by receiver
and send them (`jobs/callbacks.py`), signed as Standard Webhooks has it, at least once, each under an id that stays the
same. Parts: `events` and `messages` (what is told), `outbox` (where it waits), `sending` (one request), `dead_letters`
(what was given up).
"""
