"""
What follows from a catalog: rules, objectives' rules, routes, and what pages ask.

Everything is a pure function of the catalog, so the same pack gives the same text, byte for byte.
The forms are those of Prometheus and Alertmanager, as plain mappings and lists; ``deploy`` writes
them to files and the server runs them. Read ``rules.py`` first.
"""
