"""Runbooks are taken apart by their headings."""

from tapewatch.catalog.runbook import Block, parse_runbook

TEXT = """\
# Feed stale

Preface.

## First steps

1. Look at [the other](other.md#fix).

```promql
up == 0
# Not a heading.
```

## Fix

~~~sh
systemctl restart feed
~~~
"""


def test_sections_blocks_and_links_have_their_lines():
    runbook = parse_runbook("feed-stale", TEXT)
    assert runbook.title == "Feed stale"
    assert list(runbook.sections) == ["First steps", "Fix"]
    assert runbook.section_lines["Fix"] == 14
    assert runbook.blocks == (
        Block("promql", "up == 0\n# Not a heading.", 10),
        Block("sh", "systemctl restart feed", 17),
    )
    assert runbook.links == ((7, "other.md#fix"),)
    assert "first-steps" in runbook.anchors


def test_the_first_steps_are_what_a_message_shows():
    assert parse_runbook("feed-stale", TEXT).first_steps.startswith("1. Look at")


def test_an_empty_text_is_an_empty_runbook():
    assert parse_runbook("empty", "").sections == {}


def test_a_fence_that_never_closes_ends_with_the_text():
    assert parse_runbook("open", "# A\n```sh\nls\n").blocks == ()
