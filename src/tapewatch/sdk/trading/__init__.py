"""
What a trading process says of its own trading, each object a few lines at start-up.

Orders, feeds, rate budgets, clocks, positions, sessions and the kill switch write to the same
region as the instruments of the part above; what none of them does is act: no order is stopped,
no request is held back, nothing is fetched. Read ``order_life.py`` and ``feed.py`` first; every
metric these objects write stands in ``metrics.py``.
"""
