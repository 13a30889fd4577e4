import pytest
from tests.alerting.saying import alert, notification

from tapewatch.alerting.channels.limits import fit, size_bytes, utf16_units
from tapewatch.alerting.channels.markup import HTML, MARKDOWN, PLAIN, SLACK
from tapewatch.alerting.channels.story import tell
from tapewatch.alerting.notification import RESOLVED

MATCHERS = "%7Balertname%3D%22FeedStale%22%2Csymbol%3D%22BTC%22%2Cvenue%3D%22X%22%7D"


def test_a_message_says_what_somebody_needs_who_was_woken_up():
    story = tell(notification(alert(team="execution")))
    assert story.title == "[P0] FeedStale · X"
    assert story.plain().splitlines() == [
        "No market data from X for 7 s",
        "Since: 22:13:20 UTC, 14 Nov",
        "Value: 7.2 s, threshold 5 s",
        "Where: symbol=BTC",
        "Owner: execution",
        "Impact: Quotes are stale",
        "Do: Fail over to feed B",
        "1. Look at the feed",
        "2. Switch to B",
        "3. Call the venue",
        "Runbook: https://rb.example/feed",
        f"Acknowledge: http://tw.example:7600/alerts?filter={MATCHERS}&do=acknowledge",
        f"Silence: http://tw.example:7600/silences/new?filter={MATCHERS}",
        f"Console: http://tw.example:7600/alerts?filter={MATCHERS}",
    ]


def test_what_is_over_says_when_and_how_long_it_lasted():
    story = tell(notification(alert(RESOLVED)))
    assert story.title == "[RESOLVED] FeedStale · X"
    assert story.facts[0].value == "22:14:20 UTC, 14 Nov, it lasted 1m"
    assert (story.icon, story.color) == ("✅", "2eb67d")
    assert [link.text for link in story.links] == ["Runbook", "Console"]


def test_many_alerts_are_listed_and_the_rest_is_counted():
    many = [alert(labels={"symbol": f"S{n}"}) for n in range(12)]
    story = tell(notification(*many, folded=30))
    assert story.title == "[P0 ×42] FeedStale · X"
    assert len(story.alerts) == 10
    assert story.alerts[0] == "symbol=S0, 7.2 s, since 22:13:20 UTC, 14 Nov"
    assert "and 32 more" in story.plain()


def test_who_acknowledged_is_named():
    story = tell(notification(alert(acknowledged_by="ann")))
    assert story.facts[-1].value == "ann"


@pytest.mark.parametrize("limit", [10_000, 700, 400, 250, 120, 60, 20])
@pytest.mark.parametrize("markup", [PLAIN, SLACK, MARKDOWN, HTML])
def test_a_short_message_is_no_longer_than_it_may_be(limit, markup):
    many = [alert(labels={"symbol": f"S{n}"}, description="long " * 400) for n in range(12)]
    story = tell(notification(*many))
    assert len(story.say(markup, limit=limit)) <= limit
    assert len(story.titled(markup, limit=max(limit, 40))) <= max(limit, 40)


def test_what_to_do_and_the_runbook_outlive_the_details():
    many = [alert(labels={"symbol": f"S{n}"}, description="long " * 400) for n in range(12)]
    text = tell(notification(*many)).say(PLAIN, limit=300)
    assert "Do: Fail over to feed B" in text
    assert "https://rb.example/feed" in text
    assert "long long" not in text


def test_words_from_outside_cannot_write_markup():
    story = tell(notification(alert(summary="<!channel> [x](http://evil) <b>&")))
    assert "<!channel>" not in story.say(SLACK)
    assert "[x](http://evil)" not in story.say(MARKDOWN)
    assert "<b>&" not in story.say(HTML).splitlines()[0]


@pytest.mark.parametrize(
    ("measure", "text"), [(len, "word " * 50), (utf16_units, "🔴 " * 60), (size_bytes, "é " * 80)]
)
def test_a_text_is_cut_at_its_limit_and_not_before(measure, text):
    size = measure(text)
    assert fit(text, size, measure=measure) == text
    assert measure(fit(text, size - 1, measure=measure)) <= size - 1
    assert fit(text, size - 1, measure=measure).endswith("…")


def test_a_cut_says_where_the_rest_is():
    assert fit("one two three four five six seven", 30, tail="see http://x").endswith(
        "see http://x"
    )
