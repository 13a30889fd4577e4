"""
Actions: what an alert, or a person, sets off beyond telling somebody.

``settings.py`` says what can be done, ``actions.py`` decides whether it is done (armed, cooled
down, agreed to by a person) and writes the trail, ``arming.py`` knows who armed what by hand, and
``hands.py`` does it. The way from an alert is a receiver with ``action_configs``, so routes,
silences, inhibition and the outbox hold for actions as they do for messages. Read ``actions.py``
first.
"""
