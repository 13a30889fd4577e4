"""The questions that the report asks the book, in SQL."""

from typing import Final

LIVES: Final = """
WITH fired AS (
    SELECT fingerprint, alert, labels, at_ns, told,
           lead(at_ns, 1, 9223372036854775807) OVER (
               PARTITION BY fingerprint ORDER BY at_ns, place
           ) AS next_ns
    FROM history WHERE kind = 'fired' AND fingerprint != '' AND at_ns >= ?1
)
SELECT fired.fingerprint, fired.alert, fired.labels, fired.at_ns, fired.told,
       min(later.at_ns), later.kind
FROM fired LEFT JOIN history AS later
    ON later.fingerprint = fired.fingerprint AND later.at_ns >= ?1
    AND later.at_ns >= fired.at_ns AND later.at_ns < fired.next_ns
    AND later.kind IN ('resolved', 'acknowledged', 'assigned', 'commented')
WHERE fired.at_ns < ?2
GROUP BY fired.fingerprint, fired.at_ns, later.kind
ORDER BY fired.at_ns
"""
"""Every firing with the first time of each thing that happened to it before it fired again."""

DECIDED: Final = """
SELECT at_ns, receiver, alert FROM history
WHERE at_ns >= ? AND at_ns < ?
    AND (kind = 'escalated'
         OR kind = 'decided' AND receiver NOT LIKE 'action/%'
            AND (told LIKE 'first%' OR told LIKE 'new alerts%'))
ORDER BY at_ns
"""
"""What asked somebody to look: neither repetitions nor ends do."""

NOTIFY: Final = """
SELECT min(arrived.at_ns) - decided.at_ns
FROM history AS decided JOIN history AS arrived
    ON arrived.kind = 'delivered' AND arrived.group_key = decided.group_key
    AND arrived.receiver = decided.receiver AND arrived.integration = decided.integration
    AND arrived.at_ns >= decided.at_ns
WHERE decided.kind = 'decided' AND decided.at_ns >= ? AND decided.at_ns < ?
    AND decided.told LIKE 'first%'
GROUP BY decided.place
"""

CHANNELS: Final = """
SELECT receiver, integration,
       sum(kind = 'delivered'), sum(kind = 'put off'), sum(kind = 'refused')
FROM history
WHERE kind IN ('delivered', 'put off', 'refused') AND at_ns >= ? AND at_ns < ?
GROUP BY receiver, integration ORDER BY receiver, integration
"""

ACTIONS: Final = """
SELECT at_ns, kind, receiver, by, told FROM history
WHERE kind LIKE 'action %' AND at_ns >= ? AND at_ns < ? ORDER BY place
"""
