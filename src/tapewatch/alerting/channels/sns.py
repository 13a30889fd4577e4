"""Amazon SNS: a topic, a device or a telephone."""

import re
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from tapewatch.alerting.channels.base import Ended
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Refused, Retry
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit, size_bytes
from tapewatch.alerting.channels.markup import PLAIN
from tapewatch.alerting.channels.pagerduty import dedup_key
from tapewatch.alerting.channels.settings.sns import SnsSettings
from tapewatch.alerting.channels.sigv4 import AwsKey, environment, find_key, find_region, sign
from tapewatch.alerting.channels.web import WebChannel, judge
from tapewatch.alerting.outbox import Parcel
from tapewatch.metrics.scrape.http.client import Answer

VERSION: Final = "2010-03-31"
STS_VERSION: Final = "2011-06-15"
SUBJECT_MAX: Final = 100
MESSAGE_MAX_BYTES: Final = 256 * 1024
SMS_MAX: Final = 1_600
ROLE_SECONDS: Final = 3_600
_ROLE_SLACK_NS: Final = 300 * 1_000_000_000

_THROTTLED: Final = re.compile(rb"<Code>(Throttl\w*|TooManyRequests\w*|RequestLimitExceeded)<")


class SnsChannel(WebChannel[SnsSettings]):
    """One topic, device or telephone."""

    kind = "sns"
    usual_pace = Pace(10.0, 20)
    _role: tuple[AwsKey, int] | None = None

    @cached_property
    def destination(self) -> str:
        """The topic or device; a telephone without its last digits."""
        settings = self.settings
        phone = f"{settings.phone_number[:-4]}····" if settings.phone_number else ""
        return f"sns {settings.topic_arn or settings.target_arn or phone}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Publish."""
        region = find_region(self.settings.sigv4, environment())
        if not region:
            raise Ended(Refused("no region: set sigv4.region or AWS_REGION"))
        url = message.text(self.settings.api_url) or f"https://sns.{region}.amazonaws.com"
        form = self._form(parcel, message)
        await self._signed(url, form, await self._key(region), region=region, service="sns")
        return Delivered()

    def judge(self, answer: Answer) -> Outcome | None:
        """Know a throttled request, which comes as 400."""
        ended = judge(answer, self.clock)
        if isinstance(ended, Refused) and _THROTTLED.search(answer.body):
            return Retry(None, ended.detail)
        return ended

    async def _signed(
        self, url: str, form: dict[str, str], key: AwsKey, *, region: str, service: str
    ) -> Answer:
        body = urlencode(form, quote_via=quote).encode()
        now_ns = self.clock.now_ns()
        headers = sign(url, body, key=key, region=region, service=service, now_ns=now_ns)
        return await self.call(url, body, headers)

    async def _key(self, region: str) -> AwsKey:
        settings = self.settings.sigv4
        key = find_key(settings, environment(), Path.home())
        if key is None:
            raise Ended(Refused("no key: set sigv4.access_key, or AWS_ACCESS_KEY_ID"))
        return await self._take_role(key, region) if settings.role_arn else key

    async def _take_role(self, key: AwsKey, region: str) -> AwsKey:
        if self._role is not None and self.clock.now_ns() < self._role[1]:
            return self._role[0]
        settings = self.settings.sigv4
        form = {
            "Action": "AssumeRole",
            "Version": STS_VERSION,
            "RoleArn": settings.role_arn,
            "RoleSessionName": "tapewatch",
            "DurationSeconds": str(ROLE_SECONDS),
        }
        if settings.external_id:
            form["ExternalId"] = settings.external_id
        fips = "-fips" if settings.use_fips_sts_endpoint else ""
        url = f"https://sts{fips}.{region}.amazonaws.com/"
        answer = await self._signed(url, form, key, region=region, service="sts")
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        taken = AwsKey(*(_element(answer.body, name) for name in names))
        until_ns = self.clock.now_ns() + ROLE_SECONDS * 1_000_000_000 - _ROLE_SLACK_NS
        self._role = (taken, until_ns)
        return taken

    def _form(self, parcel: Parcel, message: Context) -> dict[str, str]:
        settings = self.settings
        form = {
            "Action": "Publish",
            "Version": VERSION,
            "TopicArn": message.text(settings.topic_arn),
            "TargetArn": message.text(settings.target_arn),
            "PhoneNumber": message.text(settings.phone_number),
            "Subject": self._subject(message),
            "Message": self._words(message),
        }
        if settings.topic_arn.endswith(".fifo"):
            form["MessageGroupId"] = dedup_key(parcel)
            form["MessageDeduplicationId"] = parcel.idempotency_key[-128:]
        for number, (name, value) in enumerate(settings.attributes.items(), 1):
            at = f"MessageAttributes.entry.{number}"
            form[f"{at}.Name"] = message.text(name)
            form[f"{at}.Value.DataType"] = "String"
            form[f"{at}.Value.StringValue"] = message.text(value)
        return {name: value for name, value in form.items() if value}

    def _subject(self, message: Context) -> str:
        # Amazon takes printable ASCII of one line here, and refuses the message otherwise.
        text = message.text(self.settings.subject, message.story.title)
        plain = text.replace("·", "-").replace("×", "x").encode("ascii", "ignore").decode()
        return fit(" ".join(plain.split()), SUBJECT_MAX - 2).replace("…", "...")

    def _words(self, message: Context) -> str:
        settings, story = self.settings, message.story
        text = message.text(settings.message, lambda: story.titled(PLAIN))
        if settings.phone_number:
            return fit(text, SMS_MAX)
        return fit(text, MESSAGE_MAX_BYTES, measure=size_bytes)


def _element(body: bytes, name: str) -> str:
    found = re.search(rf"<{name}>([^<]+)</{name}>".encode(), body)
    if found is None:
        raise Ended(Refused(f"the role was not given: no {name} in the answer"))
    return found[1].decode()
