"""
Benchmarks: tests that are timed.

Each module here is one benchmark: a question, data, an expected answer, and rows that say how we
do beside a peer. They run tiny in ``make test`` so that they cannot rot, and in full in
``make bench [NAME=…]``. Read ``harness.py`` first.
"""
