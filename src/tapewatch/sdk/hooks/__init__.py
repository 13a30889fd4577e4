"""
Hooks: what is told of web servers, venues, connections and event loops without code of your own.

One module for each library, under the library's name, and each is loaded only by who uses it:
``asgi`` (Starlette, FastAPI), ``aiohttp``, ``httpx``, ``ccxt``, ``websockets``, ``zmq``,
``loop_lag`` and ``nautilus``. They write the metrics of the catalog's base packs, drawn in
``metrics.py``; none of them serves, sends or logs, and none raises into what it watches. Read
``venue.py`` first: it is what the clients' hooks have in common.
"""
