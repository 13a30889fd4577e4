"""
A server whose messages go to an inbox keeps to itself in every other way too.

Nobody outside may notice a drill: no other Alertmanager, no peer, no heartbeat that would be missed
afterwards, and no action that is really done.
"""

from dataclasses import replace

from tapewatch.server.settings import Settings


def rehearsed(settings: Settings) -> Settings:
    """Return settings that reach nobody, where there is an inbox; else the same."""
    alerting = settings.alerting
    if not alerting.inbox:
        return settings
    known = {name: replace(each, armed=False) for name, each in alerting.actions.known.items()}
    return replace(
        settings,
        alerting=replace(
            alerting,
            actions=replace(alerting.actions, armed=False, known=known),
            heartbeats=(),
            peers=(),
        ),
        watch=replace(settings.watch, alertmanagers=()),
    )
