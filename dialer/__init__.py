"""What a dialer is: campaigns, calls, attempts, pacing, the carrier and the API.

What the workers do with it lives in the package `jobs`, which imports this one and never the reverse.
"""

from importlib.metadata import version

__version__ = version("dialer")
