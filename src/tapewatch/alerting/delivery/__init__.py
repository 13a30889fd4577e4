"""
Delivery: from the outbox to the channels, in time, in order, and never silently not.

``dispatcher.py`` decides which parcel goes next, when a failed one comes again, who takes over and
what is said about failures; it has no I/O and no clock of its own, so a simulator can drive it.
``deliverer.py`` runs those decisions: it waits until an attempt is on disk, sends, and reports.
``composer.py`` turns a notification into a channel's message. Read ``dispatcher.py`` first.
"""
