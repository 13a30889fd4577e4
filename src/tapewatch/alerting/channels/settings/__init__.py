"""
What may be said about each channel, under the keys and with the defaults of ``alertmanager.yml``.

``common.py`` holds what all share, among it the ``tapewatch:`` block with our own settings, and
``shared.py`` what the ``global`` section says. Each other file is one kind of channel. Nothing here
sends: the channels themselves stand one folder up.
"""
