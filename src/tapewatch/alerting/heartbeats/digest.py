"""A message a day that says that alerting lives, and what it did."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tapewatch.alerting.book.kept import Kept
from tapewatch.alerting.delivery.health import ChannelHealth, Condition
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.heartbeats.settings import DigestSettings
from tapewatch.alerting.letter import Letter, note, post
from tapewatch.alerting.notification import DIGEST as REASON
from tapewatch.model.durations import format_time_ns
from tapewatch.model.labels import Labels

DIGEST: Final = "AlertingLives"
DAY_NS: Final = 86_400 * 1_000_000_000
COUNTS: Final = "SELECT kind, count(*) FROM history WHERE at_ns >= ? GROUP BY kind"
_SHOWN: Final = ("fired", "delivered", "put off", "refused")


class Digest:
    """Writes it when its time has come."""

    def __init__(
        self,
        desk: Desk,
        health: Callable[[], Sequence[ChannelHealth]],
        fault: Callable[[int], str],
    ) -> None:
        self._desk = desk
        self._health = health
        self._fault = fault
        self._kept = Kept(desk.book, "digest")
        self._written: dict[str, int] = dict(self._kept.load())
        self.settings: DigestSettings | None = None

    def tick(self, now_ns: int) -> None:
        """Write it, once for each day."""
        if self.settings is None:
            return
        due_ns = self._last_due_ns(self.settings, now_ns)
        last_ns = self._written.get(self.settings.receiver)
        if last_ns is None:
            # A new digest begins with its next time, not with one that has gone by.
            self._keep(self.settings.receiver, now_ns)
        elif last_ns < due_ns:
            self._keep(self.settings.receiver, now_ns)
            self._write(self.settings.receiver, now_ns)

    def wake_at_ns(self, now_ns: int) -> int:
        """Give when the next one is due; 0 is never."""
        if self.settings is None:
            return 0
        return self._last_due_ns(self.settings, now_ns + DAY_NS)

    def _last_due_ns(self, settings: DigestSettings, now_ns: int) -> int:
        zone = ZoneInfo(settings.time_zone)
        now = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC).astimezone(zone)
        moment = datetime.combine(now.date(), time.fromisoformat(settings.at), zone)
        if moment > now:
            yesterday = now.date() - timedelta(days=1)
            moment = datetime.combine(yesterday, time.fromisoformat(settings.at), zone)
        return round(moment.timestamp()) * 1_000_000_000

    def _keep(self, receiver: str, now_ns: int) -> None:
        self._written[receiver] = now_ns
        self._kept.keep(receiver, now_ns)

    def _write(self, receiver: str, now_ns: int) -> None:
        counts = dict(self._desk.book.rows(COUNTS, (now_ns - DAY_NS,)))
        told = ", ".join(f"{counts.get(kind, 0)} {kind}" for kind in _SHOWN)
        fault = self._fault(now_ns)
        summary = f"Alerting {'is not well: ' + fault if fault else 'lives'}. In a day: {told}."
        view = note(DIGEST, summary, Labels.of({}), now_ns, description=self._channels())
        letter = Letter("digest", now_ns, 1, REASON, [view], Labels.of(alertname=DIGEST))
        post(letter, receiver, self._desk.outbox, self._desk.plan, now_ns)

    def _channels(self) -> str:
        lines = []
        for each in self._health():
            last = format_time_ns(each.last_success_ns) if each.last_success_ns else "never"
            words = f" ({each.words})" if each.condition is not Condition.WORKING else ""
            name = f"{each.receiver}/{each.integration}"
            lines.append(f"{name}: {each.condition}{words}, last success {last}")
        return "\n".join(lines)
