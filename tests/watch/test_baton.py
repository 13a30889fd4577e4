"""Who evaluates when."""

from threading import Event, Thread

from tapewatch.watch.baton import Baton


def test_one_goes_after_the_other():
    baton, order, first_in, first_out = Baton(10), [], Event(), Event()

    def first():
        with baton.held():
            first_in.set()
            first_out.wait(5)
            order.append("first")

    def second():
        first_in.wait(5)
        with baton.held():
            order.append("second")

    threads = [Thread(target=each) for each in (first, second)]
    for each in threads:
        each.start()
    first_in.wait(5)
    first_out.set()
    for each in threads:
        each.join()
    assert order == ["first", "second"]


def test_whoever_is_slow_is_overtaken():
    baton, passed = Baton(0.01), Event()

    def overtake():
        with baton.held():
            passed.set()

    with baton.held():
        overtaking = Thread(target=overtake)
        overtaking.start()
        assert passed.wait(5)
        overtaking.join()
