"""The message that proves a channel: it says that it is a test, and what a real one looks like."""

from collections.abc import Mapping
from typing import Final

from tapewatch.alerting.channels.story import TEST_REASON
from tapewatch.alerting.notification import FIRING, RESOLVED, AlertView, Notification
from tapewatch.alerting.outbox import Parcel
from tapewatch.model.labels import EMPTY, Labels

_AGO_NS: Final = 60 * 1_000_000_000

_LABELS: Final = Labels.of(alertname="ChannelTest", severity="info", service="tapewatch")
_ANNOTATIONS: Final = Labels.of(
    summary="This is a test of the channel. Nothing is wrong.",
    action="Nothing. If you can read this, alerts reach you.",
)


def trial(
    kind: str,
    now_ns: int,
    external_url: str = "",
    *,
    resolved: bool = False,
    memory: Mapping[str, str] | None = None,
) -> Parcel:
    """Make the parcel of a test."""
    status = RESOLVED if resolved else FIRING
    alert = AlertView(
        labels=_LABELS,
        annotations=_ANNOTATIONS,
        starts_at_ns=now_ns - _AGO_NS,
        ends_at_ns=now_ns if resolved else 0,
        generator_url=external_url,
        fingerprint=_LABELS.fingerprint(),
        status=status,
    )
    told = Notification(
        id=f"test-{kind}-{now_ns}",
        group_key=f'{{}}:{{alertname="ChannelTest", channel="{kind}"}}',
        episode=now_ns,
        sequence=2 if resolved else 1,
        receiver="test",
        integration=f"{kind}/0",
        status=status,
        reason=TEST_REASON,
        urgency=3,
        alerts=(alert,),
        folded=0,
        group_labels=Labels.of(alertname="ChannelTest"),
        common_labels=_LABELS,
        common_annotations=_ANNOTATIONS,
        route_labels=EMPTY,
        external_url=external_url,
        created_ns=now_ns,
    )
    return Parcel(told, attempt=1, memory=memory or {}, due_ns=now_ns)
