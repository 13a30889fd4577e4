"""
Jira: one issue for a group, found again by a label.

Issues are created, written anew, resolved and opened again by the transitions that the settings
name. The label is the hash of the group's key, as Alertmanager writes it.
"""

from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit
from tapewatch.alerting.channels.pagerduty import dedup_key
from tapewatch.alerting.channels.settings.jira import JiraSettings
from tapewatch.alerting.channels.web import JSON, WebChannel, read_json
from tapewatch.alerting.outbox import Parcel

SUMMARY_MAX: Final = 255
DESCRIPTION_MAX: Final = 32_767


class JiraChannel(WebChannel[JiraSettings]):
    """One project."""

    kind = "jira"
    usual_pace = Pace(2.0, 5)
    closes = True

    @cached_property
    def destination(self) -> str:
        """The server and the project."""
        return f"jira {self.settings.api_url} {self.settings.project}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Bring the issue to where the group is."""
        issue = await self._find(parcel, message)
        if issue is None:
            if message.story.resolved:
                return Delivered(detail="over, and there is no issue")
            made = read_json(await self.post(self._url("issue"), self._fields(parcel, message)))
            return Delivered({"issue": str(made.get("key", ""))}, f"made {made.get('key')}")
        key = str(issue["key"])
        body = orjson.dumps(self._fields(parcel, message, update=True))
        await self.call(self._url(f"issue/{key}"), body, {"Content-Type": JSON}, method="PUT")
        await self._move(issue, resolved=message.story.resolved)
        return Delivered({"issue": key}, f"changed {key}")

    async def _find(self, parcel: Parcel, message: Context) -> dict[str, Any] | None:
        query = {"jql": self._question(parcel, message), "maxResults": "2", "fields": "status"}
        method = "search/jql" if self._is_cloud() else "search"
        where = self._url(f"{method}?{urlencode(query)}")
        found = read_json(await self.call(where, method="GET")).get("issues")
        return found[0] if isinstance(found, list) and found else None

    def _question(self, parcel: Parcel, message: Context) -> str:
        settings = self.settings
        parts = [f'project = "{message.text(settings.project)}"']
        parts.append(f'labels = "{_label(parcel)}"')
        if settings.wont_fix_resolution:
            parts.append(f'resolution != "{settings.wont_fix_resolution}"')
        if not settings.reopen_transition:
            parts.append("statusCategory != Done")
        elif settings.reopen_duration:
            minutes = settings.reopen_duration // 60_000
            parts.append(f"(resolutiondate is EMPTY OR resolutiondate >= -{minutes}m)")
        return " AND ".join(parts) + " ORDER BY status ASC, resolutiondate DESC"

    def _fields(self, parcel: Parcel, message: Context, *, update: bool = False) -> dict[str, Any]:
        settings, story = self.settings, message.story
        fields: dict[str, Any] = {}
        if not update or settings.summary.enable_update:
            text = message.text(settings.summary.template, story.title)
            fields["summary"] = fit(" ".join(text.split()), SUMMARY_MAX)
        if not update or settings.description.enable_update:
            text = message.text(settings.description.template, story.plain)
            fields["description"] = self._document(fit(text, DESCRIPTION_MAX))
        if not update or settings.labels.enable_update:
            labels = [message.text(label).replace(" ", "_") for label in settings.labels.values]
            fields["labels"] = [*labels, _label(parcel)]
        priority = message.text(settings.priority)
        if priority:
            fields["priority"] = {"name": priority}
        if not update:
            fields["project"] = {"key": message.text(settings.project)}
            fields["issuetype"] = {"name": message.text(settings.issue_type)}
        return {"fields": {**fields, **_filled(settings.fields, message)}}

    def _document(self, text: str) -> Any:
        if not self._is_cloud():
            return text
        paragraphs = [
            {"type": "paragraph", "content": [{"type": "text", "text": line}]}
            for line in text.splitlines()
            if line
        ]
        return {"type": "doc", "version": 1, "content": paragraphs}

    async def _move(self, issue: dict[str, Any], *, resolved: bool) -> None:
        settings = self.settings
        category = issue.get("fields", {}).get("status", {}).get("statusCategory", {}).get("key")
        done = category == "done"
        wanted = settings.resolve_transition if resolved else settings.reopen_transition
        if not wanted or done is resolved:
            return
        url = self._url(f"issue/{issue['key']}/transitions")
        known = read_json(await self.call(url, method="GET")).get("transitions", [])
        for each in known:
            if each.get("name") == wanted:
                await self.post(url, {"transition": {"id": each["id"]}})

    def _is_cloud(self) -> bool:
        settings = self.settings
        if settings.api_type != "auto":
            return settings.api_type == "cloud"
        return "/rest/api/3" in settings.api_url or ".atlassian.net" in settings.api_url

    def _url(self, path: str) -> str:
        return f"{self.settings.api_url.rstrip('/')}/{path}"


def _label(parcel: Parcel) -> str:
    return f"ALERT{{{dedup_key(parcel)}}}"


def _filled(value: Any, message: Context) -> Any:
    if isinstance(value, str):
        return message.text(value)
    if isinstance(value, dict):
        return {name: _filled(each, message) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, message) for each in value]
    return value
