"""Explanations: why nothing is being dialed now, in words and as a code, and the moment at which that changes.

`Explainer` reads what stands against a campaign or a call (`seen.py`), the rules decide (`rules.py`, `groups.py`), and
`reasons.py` has the words.
"""
