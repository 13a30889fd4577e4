"""
Scraping: finding targets, fetching what they expose, and handing it to storage as rows.

A job (``settings.py``, as in ``prometheus.yml``) is served by a pool: ``discovery`` finds groups
of labels, ``target.py`` makes targets of them with the rules of ``relabel.py``, and each target has
one ``loop.py`` whose scrapes go through ``http`` and ``recorder.py`` into a lane of storage.
``manager.py`` owns the pools and answers questions about them. It knows no rules, no queries and
no faces. Read ``recorder.py`` first.
"""
