"""The life of alerts against a slow model of it."""

from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.labels import Labels
from tapewatch.watch.rules.states import RESOLVED_KEPT_NS, AlertStates, Seen, State

NS = 10**9
NAMES = ("a", "b")


def labels(name):
    return Labels.of(alertname="A", n=name)


def seen(*names, value=1.0):
    return [Seen(labels(name), Labels(), value) for name in names]


def shown(states):
    return {each.labels.get("n"): str(each.state) for each in states}


class Model:
    """One alert, told from its whole history: a list of (time, whether it was seen)."""

    def __init__(self, hold, keep):
        self.hold, self.keep, self.history = hold, keep, []

    def state(self):
        state, since, absent, ended = "gone", 0, None, None
        for at, is_seen in self.history:
            if is_seen:
                absent = None
                if state in ("gone", "inactive"):
                    state, since, ended = "pending", at, None
                if state == "pending" and at - since >= self.hold:
                    state = "firing"
            elif state == "pending":
                state = "gone"
            elif state == "firing":
                absent = at if absent is None else absent
                if self.keep == 0 or at - absent >= self.keep:
                    state, ended = "inactive", at
            elif state == "inactive" and at - ended > RESOLVED_KEPT_NS // NS:
                state = "gone"
        return state


@given(
    st.integers(0, 40),
    st.sampled_from([0, 0, 25]),
    st.lists(st.tuples(st.integers(1, 400), st.sets(st.sampled_from(NAMES))), max_size=40),
)
def test_alerts_live_as_the_model_says(hold, keep, turns):
    states = AlertStates(hold * NS, keep * NS)
    models = {name: Model(hold, keep) for name in NAMES}
    now = 1_700_000_000
    for pause, names in turns:
        now += pause
        count = states.see(seen(*names), now * NS)
        for name, model in models.items():
            model.history.append((now, name in names))
        expected = {name: each.state() for name, each in models.items()}
        assert shown(states) == {n: each for n, each in expected.items() if each != "gone"}
        assert count == sum(each in ("pending", "firing") for each in expected.values())


def test_an_alert_is_told_when_it_fires_again_after_the_delay_and_when_it_ends():
    states = AlertStates(10 * NS)
    told = []
    for second in range(0, 200, 5):
        states.see(seen("a") if second < 150 else [], second * NS + NS)
        chosen = states.to_send(second * NS + NS, resend_ns=60 * NS, valid_ns=240 * NS)
        told += [(second, str(each.state)) for each in chosen]
    assert told == [(10, "firing"), (75, "firing"), (140, "firing"), (150, "inactive")]


def test_an_alert_that_comes_back_begins_anew():
    states = AlertStates(0)
    states.see(seen("a"), 1 * NS)
    states.see([], 2 * NS)
    states.see(seen("a", value=3.0), 3 * NS)
    (alert,) = states
    assert (alert.state, alert.active_at_ns, alert.resolved_at_ns) == (State.FIRING, 3 * NS, 0)


def test_a_clock_that_steps_back_ends_nothing():
    states = AlertStates(10 * NS)
    states.see(seen("a"), 100 * NS)
    states.see(seen("a"), 50 * NS)
    states.see(seen("a"), 110 * NS)
    assert shown(states) == {"a": "firing"}
