"""
The generic webhook: Alertmanager's JSON, version 4, to any receiver.

Beside the body a receiver gets the delivery's id, which is the same for every attempt, so it can
tell repetitions; with a secret set it also gets a signature over time, id and body.
"""

import hashlib
import hmac
from functools import cached_property
from typing import Any, Final

import orjson

from tapewatch.alerting.channels.base import reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.destinations import allowance_of, is_this_machine
from tapewatch.alerting.channels.settings.webhook import WebhookSettings
from tapewatch.alerting.channels.web import WebChannel, told_by
from tapewatch.alerting.outbox import Parcel
from tapewatch.alerting.privacy.filter import Allowance

VERSION: Final = "4"
DELIVERY_HEADER: Final = "Idempotency-Key"
TIME_HEADER: Final = "X-Tapewatch-Timestamp"
SIGNATURE_HEADER: Final = "X-Tapewatch-Signature"


class WebhookChannel(WebChannel[WebhookSettings]):
    """One webhook."""

    kind = "webhook"
    usual_pace = Pace(10_000.0, 1_000)

    @cached_property
    def destination(self) -> str:
        """The server, and which of its webhooks."""
        settings = self.settings
        return f"webhook {told_by(settings.url.reveal() if settings.url else self._file_name())}"

    @cached_property
    def allowance(self) -> Allowance:
        """A receiver on this machine is in the house."""
        url = self.settings.url
        inside = url is not None and is_this_machine(url.reveal())
        return allowance_of(self.settings, inside=inside)

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Post the alerts."""
        url = message.text(reveal(self.settings.url, self.settings.url_file))
        body = orjson.dumps(self._document(parcel, message))
        headers = {DELIVERY_HEADER: parcel.idempotency_key, **self._signature(parcel, body)}
        answer = await self.post(url, body, headers)
        return Delivered(detail=f"{answer.status} {answer.reason}".strip())

    def _document(self, parcel: Parcel, message: Context) -> Any:
        if self.settings.payload is not None:
            return _filled(self.settings.payload, message)
        return document(parcel, message, self.settings.max_alerts)

    def _signature(self, parcel: Parcel, body: bytes) -> dict[str, str]:
        own = self.settings.tapewatch
        secret = reveal(own.hmac_secret, own.hmac_secret_file)
        if not secret:
            return {}
        time = str(self.clock.now_ns() // 1_000_000_000)
        signed = b".".join((time.encode(), parcel.idempotency_key.encode(), body))
        digest = hmac.digest(secret.encode(), signed, hashlib.sha256).hex()
        return {TIME_HEADER: time, SIGNATURE_HEADER: f"sha256={digest}"}

    def _file_name(self) -> str:
        return f"//file/{self.settings.url_file}"


def document(parcel: Parcel, message: Context, max_alerts: int = 0) -> dict[str, Any]:
    """Write a notification as Alertmanager's webhook does."""
    told, data = parcel.notification, message.data
    alerts = [alert.as_json() for alert in data.alerts]
    kept = alerts[:max_alerts] if max_alerts else alerts
    return {
        "receiver": data.receiver,
        "status": data.status,
        "alerts": kept,
        "groupLabels": dict(data.group_labels),
        "commonLabels": dict(data.common_labels),
        "commonAnnotations": dict(data.common_annotations),
        "externalURL": data.external_url,
        "version": VERSION,
        "groupKey": told.group_key,
        "truncatedAlerts": len(alerts) - len(kept) + told.folded,
        "notification_reason": data.notification_reason,
        "routeLabels": dict(data.route_labels),
    }


def _filled(payload: Any, message: Context) -> Any:
    if isinstance(payload, str):
        return message.text(payload)
    if isinstance(payload, dict):
        return {message.text(key): _filled(value, message) for key, value in payload.items()}
    if isinstance(payload, list):
        return [_filled(each, message) for each in payload]
    return payload
