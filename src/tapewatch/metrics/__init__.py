"""
Metrics: series of numbers, how they are stored, scraped and queried.

It holds the series index, the head, the blocks and the scraper, and under ``promql`` the query
language with Prometheus 3.x' exact meaning. It knows nothing of rules and alerts, which watch it
from above, and nothing of HTTP. Read ``promql/nodes.py`` first for queries.
"""
