"""Each script once more in a few lines of plain Python: what it answers, and all that stands in Redis after it.

For the scripts that the walk over campaigns (`tests/fakes/walk`) does not take, and for those of its scripts that know
more fields and lines than its campaigns have. A machine (`machine.py`) runs any of them on few names, so that they
meet, and compares after every step.
"""
