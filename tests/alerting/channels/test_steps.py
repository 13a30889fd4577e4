import pytest

from tapewatch.alerting.channels.steps import steps_of


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (
            "1. Look at `feed_age`\n2. **Switch** to [feed B](x.md)",
            ["Look at feed_age", "Switch to feed B"],
        ),
        ("- one\n  goes on\n\n- two", ["one goes on", "two"]),
        ("1. ask\n   ```promql\n   - up == 0\n   ```\n2. act", ["ask", "act"]),
        ("Only words.", []),
        ("", []),
    ],
)
def test_steps_are_the_items_of_a_list(text, steps):
    assert steps_of(text) == steps
