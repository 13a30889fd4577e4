"""
The definitions that templates may use without defining them, under Alertmanager's names.

Their words are ours: what stands behind them is the story of ``story.py``. Users who write
``{{ template "slack.default.title" . }}`` in a configuration, or define it anew, find it here.
"""

from typing import Final

_TITLED: Final = (
    "slack",
    "discord",
    "mattermost",
    "msteams",
    "msteamsv2",
    "pushover",
    "rocketchat",
    "ntfy",
)
_LINKED: Final = ("slack", "mattermost", "rocketchat")
_EMPTY: Final = (
    "slack.default.pretext",
    "slack.default.iconemoji",
    "slack.default.iconurl",
    "slack.default.callbackid",
    "slack.default.footer",
    "rocketchat.default.emoji",
    "rocketchat.default.iconurl",
    "wechat.default.to_user",
    "wechat.default.to_party",
    "wechat.default.to_tag",
    "wechat.default.agent_id",
    "opsgenie.default.tags",
    "opsgenie.default.teams",
    "__description",
)

_COMMON: Final = """
{{ define "__alertmanager" }}Tapewatch{{ end }}
{{ define "__alertmanagerURL" }}{{ .ExternalURL }}/alerts{{ end }}
{{ define "__subject" }}{{ .Story.Title }}{{ end }}
{{ define "__text_alert_list" }}{{ range . }}Labels:
{{ range .Labels.SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end }}Annotations:
{{ range .Annotations.SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end }}Source: {{ .GeneratorURL }}
{{ end }}{{ end }}
{{ define "__text_alert_list_markdown" }}{{ range . }}
Labels:
{{ range .Labels.SortedPairs }}  - {{ .Name }} = {{ .Value }}
{{ end }}
Annotations:
{{ range .Annotations.SortedPairs }}  - {{ .Name }} = {{ .Value }}
{{ end }}
Source: {{ .GeneratorURL }}
{{ end }}{{ end }}
{{ define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "slack.default.color" }}#{{ .Story.Color }}{{ end }}
{{ define "slack.default.text" }}{{ .Story.Slack }}{{ end }}
{{ define "discord.default.message" }}{{ .Story.Markdown }}{{ end }}
{{ define "mattermost.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "mattermost.default.color" }}#{{ .Story.Color }}{{ end }}
{{ define "mattermost.default.text" }}{{ .Story.Markdown }}{{ end }}
{{ define "msteams.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.text" }}{{ .Story.Teams }}{{ end }}
{{ define "msteamsv2.default.text" }}{{ .Story.Teams }}{{ end }}
{{ define "rocketchat.default.text" }}{{ .Story.Markdown }}{{ end }}
{{ define "webex.default.message" }}**{{ .Story.Title }}**

{{ .Story.Markdown }}{{ end }}
{{ define "telegram.default.message" }}{{ .Story.Icon }} <b>{{ .Story.Title | html }}</b>
{{ .Story.Html }}{{ end }}
{{ define "wechat.default.message" }}{{ template "__subject" . }}
{{ .Story.Plain }}{{ end }}
{{ define "ntfy.default.message" }}{{ .Story.Brief }}{{ end }}
{{ define "pushover.default.message" }}{{ .Story.Brief }}{{ end }}
{{ define "pushover.default.url" }}{{ .Story.MainURL }}{{ end }}
{{ define "sns.default.subject" }}{{ template "__subject" . }}{{ end }}
{{ define "sns.default.message" }}{{ template "__subject" . }}
{{ .Story.Plain }}{{ end }}
{{ define "pagerduty.default.description" }}{{ template "__subject" . }}
{{- with .Story.Summary }}: {{ . }}{{ end }}{{ end }}
{{ define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "pagerduty.default.clientURL" }}{{ .Story.MainURL }}{{ end }}
{{ define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end }}
{{ define "opsgenie.default.message" }}{{ template "__subject" . }}{{ end }}
{{ define "opsgenie.default.description" }}{{ .Story.Plain }}{{ end }}
{{ define "opsgenie.default.source" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "victorops.default.state_message" }}{{ .Story.Plain }}{{ end }}
{{ define "victorops.default.entity_display_name" }}{{ template "__subject" . }}{{ end }}
{{ define "victorops.default.monitoring_tool" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "jira.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "jira.default.description" }}{{ .Story.Plain }}{{ end }}
{{ define "jira.default.priority" }}
{{- if eq .Story.Urgency 0 }}Highest{{ else if eq .Story.Urgency 1 }}High
{{- else if eq .Story.Urgency 2 }}Medium{{ else }}Low{{ end }}{{ end }}
{{ define "email.default.subject" }}{{ template "__subject" . }}{{ end }}
"""

EMAIL: Final = """
{{ define "email.default.html" }}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ .Story.Title }}</title></head>
<body style="margin:0;padding:24px 12px;background:#f4f5f7;color:#1c2330;
font:15px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table role="presentation" width="600" cellpadding="0" cellspacing="0"
style="max-width:600px;width:100%;background:#ffffff;border-radius:6px">
<tr><td bgcolor="#{{ .Story.Color }}" style="padding:16px 20px;border-radius:6px 6px 0 0;
color:#ffffff;font-size:18px;font-weight:600">{{ .Story.Title }}</td></tr>
<tr><td style="padding:16px 20px">
{{ with .Story.Summary }}<p style="margin:0 0 12px;font-size:16px">{{ . }}</p>{{ end }}
<table role="presentation" cellpadding="0" cellspacing="0">
{{ range .Story.Facts }}<tr>
<td style="padding:2px 16px 2px 0;color:#5b6575;vertical-align:top">{{ .Name }}</td>
<td style="padding:2px 0">{{ .Value }}</td></tr>
{{ end }}</table>
{{ with .Story.Description }}<p style="margin:12px 0">{{ . }}</p>{{ end }}
{{ with .Story.Action }}<p style="margin:12px 0"><b>Do</b> {{ . }}</p>{{ end }}
{{ with .Story.Steps }}<ol style="margin:12px 0;padding-left:22px">
{{ range . }}<li>{{ . }}</li>
{{ end }}</ol>{{ end }}
{{ "<!-- chart -->" | safeHtml }}
{{ with .Story.Alerts }}<ul style="margin:12px 0;padding-left:22px">
{{ range . }}<li>{{ . }}</li>
{{ end }}</ul>{{ end }}
{{ with .Story.Unlisted }}<p style="margin:0;color:#5b6575">and {{ . }} more</p>{{ end }}
<p style="margin:16px 0 4px">{{ range .Story.Links }}<a href="{{ .Url }}"
style="display:inline-block;margin:0 8px 8px 0;padding:8px 14px;border-radius:4px;
background:#e8ebf0;color:#1c2330;text-decoration:none">{{ .Text }}</a>{{ end }}</p>
</td></tr></table>
<p style="color:#8a93a1;font-size:12px">Sent by Tapewatch to {{ .Receiver }}</p>
</td></tr></table></body></html>
{{ end }}
"""


def _definition(name: str, words: str) -> str:
    return f'{{{{ define "{name}" }}}}{words}{{{{ end }}}}\n'


def _all() -> str:
    subject = '{{ template "__subject" . }}'
    parts = [_COMMON, EMAIL]
    parts += [_definition(f"{name}.default.title", subject) for name in _TITLED]
    parts += [_definition(f"{name}.default.titlelink", "{{ .Story.MainURL }}") for name in _LINKED]
    fallback = subject + "{{ with .Story.Summary }} | {{ . }}{{ end }}"
    parts += [_definition(f"{name}.default.fallback", fallback) for name in ("slack", "mattermost")]
    parts += [_definition(name, "") for name in _EMPTY]
    return "".join(parts)


DEFAULT_WORDS: Final = _all()
