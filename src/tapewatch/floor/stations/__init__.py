"""
The stations of the trading path: what a service of a desk does, before it tells of it.

A station takes in the mail of one step and gives what it sends on; what it learns goes into the
scene, where the service's voices read it. Where the pack declares the SDK's trading metrics, a
station holds the SDK's objects and calls them as any trading process would. Read ``station.py``
first.
"""
