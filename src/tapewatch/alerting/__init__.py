"""
Alerting: from alert states to messages that arrive.

``desk.py`` is the state machine: it takes alerts and the time, and decides by the routing tree,
inhibition, silences and the notified log what has to be said to whom; read it first. It does no
I/O but for ``book/``, where everything that must survive is written. What it decides lies in
``outbox.py`` until ``delivery/`` has brought it out through ``channels/``. It evaluates nothing:
alerts come from ``watch`` or over the API.
"""
