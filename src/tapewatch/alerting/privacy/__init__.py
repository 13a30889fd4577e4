"""
Privacy: what of a notification may leave the house.

``lists.py`` says which labels and annotations are harmless, which become keyed hashes, and that
everything else is left out; ``filter.py`` applies that to a whole notification and says what it
changed; ``key.py`` keeps the key of the hashes. Secrets inside of texts are found by the SDK's
``redaction``, so logs and messages agree. Read ``filter.py`` first.
"""
