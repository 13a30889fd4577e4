"""
Targets from a Kubernetes API: what runs there is listed once and watched from then on.

``watch.py`` keeps a copy of one kind of object, ``objects.py`` reads what is common to all of them,
``roles.py`` makes target groups of each kind, ``discovery.py`` puts these together. It speaks the
REST API over our own HTTP client; there is no Kubernetes library. Read ``discovery.py`` first.
"""
