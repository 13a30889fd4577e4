"""What is known about the names of labels and annotations; whatever is not named here stays."""

import re
from typing import Final

LABELS: Final = frozenset(
    {
        "alertname",
        "asset_class",
        "calendar",
        "category",
        "cluster",
        "code",
        "component",
        "currency",
        "datacenter",
        "desk",
        "device",
        "env",
        "environment",
        "error",
        "exchange",
        "feed",
        "gateway",
        "group",
        "instance",
        "instrument",
        "job",
        "kind",
        "le",
        "level",
        "long",
        "long_window",
        "market",
        "method",
        "mountpoint",
        "namespace",
        "node",
        "objective",
        "outcome",
        "owner",
        "page",
        "pair",
        "phase",
        "platform",
        "pod",
        "priority",
        "process",
        "product",
        "protocol",
        "quantile",
        "queue",
        "reason",
        "region",
        "result",
        "service",
        "severity",
        "short",
        "short_window",
        "side",
        "signal",
        "site",
        "slo",
        "stage",
        "state",
        "status",
        "stream",
        "symbol",
        "system",
        "target",
        "team",
        "tenant",
        "ticker",
        "tier",
        "topic",
        "type",
        "unit",
        "venue",
        "version",
        "zone",
    }
)
"""Labels that tell where and what, and nothing about whose money it is."""

ANNOTATIONS: Final = frozenset(
    {
        "action",
        "dashboard",
        "dashboard_url",
        "description",
        "impact",
        "message",
        "owner",
        "runbook",
        "runbook_steps",
        "runbook_url",
        "summary",
        "team",
        "threshold",
        "title",
        "unit",
        "value",
    }
)
"""Annotations that a message is made of."""

_IDS: Final = re.compile(
    r"(?:.*_)?(?:accounts?|acct|book|client|cl_?ord|clordid|counterparty|customer|fill|order|"
    r"portfolio|strategy|sub_?account|trade|trader|uid|user|wallet)"
    r"(?:_?(?:id|ids|key|name|no|number|address))?",
    re.IGNORECASE,
)


def is_id(name: str) -> bool:
    """Say whether a label names somebody or something of theirs: an account, an order, a client."""
    return _IDS.fullmatch(name) is not None
