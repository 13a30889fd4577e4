"""
Channels: a notification out, in the words and within the limits of each service.

``channel.py`` says what a channel is and how a delivery can end; ``registry.py`` leads from the key
of ``alertmanager.yml`` to the settings and to the maker; ``settings/`` holds the settings, which
know nothing of sending. A channel decides nothing about time: it sends once and says what came
back, and ``delivery/`` does the rest. Read ``channel.py``, then ``webhook.py`` as the plainest one.
"""
