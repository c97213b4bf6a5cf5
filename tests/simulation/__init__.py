"""The whole dialer in one process under virtual time, with seeded faults, held against its promises by a judge.

Real are API, workers, scripts, jobs, the carrier stand-in and Redis. Stood in for are time (`virtual_time.py`), the
network (`network.py`, `redis_wire.py`) and the kernel that ends processes (`processes.py`). What happens is drawn from
a seed (`plan.py`), carried out (`world.py`) and judged (`judge.py`). `python -m tests.simulation --help` runs seeds.
"""
