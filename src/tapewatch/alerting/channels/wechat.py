"""WeChat for companies: a message of our application, with a token that is fetched and kept."""

from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from tapewatch.alerting.channels.base import Ended, reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Refused, Retry
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit, size_bytes
from tapewatch.alerting.channels.settings.wechat import WechatSettings
from tapewatch.alerting.channels.web import WebChannel, judge, read_json
from tapewatch.alerting.outbox import Parcel
from tapewatch.metrics.scrape.http.client import Answer

CONTENT_MAX_BYTES: Final = 2_048
_TOKEN_SLACK_SECONDS: Final = 300

_TOKEN_BAD: Final = frozenset({40001, 40014, 42001})
_BUSY: Final = frozenset({-1, 45009, 45033})


class WechatChannel(WebChannel[WechatSettings]):
    """One application of one company."""

    kind = "wechat"
    usual_pace = Pace(2.0, 5)
    _token: tuple[str, int] | None = None

    @cached_property
    def destination(self) -> str:
        """The company."""
        return f"wechat {self.settings.corp_id}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:  # noqa: ARG002  # each notification is a message of its own
        """Send the message."""
        query = urlencode({"access_token": await self._access()})
        await self.post(self._url(f"message/send?{query}"), self._payload(message))
        return Delivered()

    def judge(self, answer: Answer) -> Outcome | None:
        """Read the code in the body."""
        ended = judge(answer, self.clock)
        if ended is not None:
            return ended
        document = read_json(answer)
        code = document.get("errcode", 0)
        words = f"{code}: {document.get('errmsg', '')}"
        if code in _TOKEN_BAD:
            self._token = None
            return Retry(0.0, words)
        if code in _BUSY:
            return Retry(None, words)
        return Refused(words) if code else None

    async def _access(self) -> str:
        if self._token is not None and self.clock.monotonic_ns() < self._token[1]:
            return self._token[0]
        settings = self.settings
        secret = reveal(settings.api_secret, settings.api_secret_file)
        query = urlencode({"corpsecret": secret, "corpid": settings.corp_id})
        answer = read_json(await self.call(self._url(f"gettoken?{query}"), method="GET"))
        token, life = str(answer.get("access_token", "")), int(answer.get("expires_in") or 7200)
        if not token:
            raise Ended(Retry(None, "no access_token in the answer"))
        seconds = max(life - _TOKEN_SLACK_SECONDS, 0)
        self._token = (token, self.clock.monotonic_ns() + seconds * 1_000_000_000)
        return token

    def _url(self, path: str) -> str:
        return f"{self.settings.api_url.rstrip('/')}/{path}"

    def _payload(self, message: Context) -> dict[str, Any]:
        settings, story = self.settings, message.story
        text = message.text(settings.message, lambda: f"{story.title}\n{story.plain()}")
        content = fit(text, CONTENT_MAX_BYTES, measure=size_bytes, tail=story.runbook_url)
        payload = {
            "touser": message.text(settings.to_user),
            "toparty": message.text(settings.to_party),
            "totag": message.text(settings.to_tag),
            "agentid": message.text(settings.agent_id),
            "msgtype": settings.message_type,
            "safe": "0",
            settings.message_type: {"content": content},
        }
        return {name: value for name, value in payload.items() if value}
