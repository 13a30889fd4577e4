"""Folders become catalogs, and whatever is wrong is told at its place."""

import time

import pytest

from tapewatch.catalog.errors import CatalogRefused, UnknownPack
from tapewatch.catalog.loading import find_pack, load, load_catalog, pack_names

PLATFORM = "platform: {name: desk}\n"


def faults(folder):
    return [str(fault).removeprefix(f"{folder}/") for fault in load(folder).faults]


def test_sections_may_be_spread_over_files(write):
    folder = write(
        {
            "platform.yaml": PLATFORM,
            "metrics/orders.yaml": "metrics: {orders_total: {help: Orders.}}",
            "metrics/feed.yaml": "metrics: {feed_age_seconds: {help: Age.}}",
        }
    )
    assert list(load_catalog(folder).metrics) == ["feed_age_seconds", "orders_total"]


def test_a_name_is_declared_once(write):
    metric = "metrics: {orders_total: {help: Orders.}}"
    folder = write({"platform.yaml": PLATFORM, "a.yaml": metric, "b.yaml": metric})
    assert faults(folder) == [
        f"b.yaml:1: metrics.orders_total: is declared in {folder}/a.yaml:1 already"
    ]


def test_every_fault_is_told_and_the_rest_is_read(write):
    text = """\
        platform: {name: desk}
        metrics:
          orders_total: {help: Orders., unit: oders}
          fills_total: {help: Fills.}
        alert:
          Wrong: {}
        alerts:
          Late: {expr: up == 0, severity: P7}
        """
    folder = write({"desk.yaml": text})
    assert faults(folder) == [
        "desk.yaml:3: metrics.orders_total.unit: 'oders' is not a unit",
        "desk.yaml:5: alert: is not a section; did you mean alerts?",
        "desk.yaml:8: alerts.Late.severity: 'P7' is not one of P0, P1, P2, P3",
    ]
    assert list(load(folder).catalog.metrics) == ["fills_total"]


def test_a_folder_without_a_platform_is_refused(write):
    with pytest.raises(CatalogRefused, match="has no platform: write platform"):
        load_catalog(write({"a.yaml": "metrics: {}"}))


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(CatalogRefused, match="is not a folder") as caught:
        load_catalog(tmp_path / "nowhere")
    assert "platform" not in str(caught.value)


def test_an_unknown_pack_is_told_with_the_known_ones():
    with pytest.raises(UnknownPack, match="did you mean example"):
        find_pack("exampel")
    assert "example" in pack_names()


class TestUses:
    BASE = """\
        platform: {name: ground, base: true}
        limits: {age_max_seconds: 10}
        metrics: {age_seconds: {help: Age.}}
        alerts:
          Old: {severity: P2, expr: age_seconds > $age_max_seconds}
          Older: {severity: P2, expr: age_seconds > 100}
        """

    def load(self, write, text):
        write({"ground.yaml": self.BASE}, name="ground")
        return load(write({"desk.yaml": text}, name="desk"))

    def test_things_of_a_used_pack_are_there(self, write):
        catalog = self.load(write, "platform: {name: desk, uses: [ground]}").catalog
        assert catalog.place("alerts", "Old").pack == "ground"

    def test_a_limit_is_tuned_by_declaring_it_again(self, write):
        text = "platform: {name: desk, uses: [ground]}\nlimits: {age_max_seconds: 3}"
        catalog = self.load(write, text).catalog
        assert catalog.expand(catalog.alerts["Old"].expr) == "age_seconds > 3"

    def test_settings_are_adjusted_one_by_one_and_things_left_out(self, write):
        text = """\
            platform: {name: desk, uses: [ground]}
            adjust:
              alerts:
                Old: {severity: P0, for: 5m}
                Older:
            """
        loaded = self.load(write, text)
        assert not loaded.faults
        old = loaded.catalog.alerts["Old"]
        assert (old.severity, old.for_, old.expr) == (
            "P0",
            300_000,
            "age_seconds > $age_max_seconds",
        )
        assert list(loaded.catalog.alerts) == ["Old"]

    def test_adjusting_what_is_not_there_is_a_fault(self, write):
        text = """\
            platform: {name: desk, uses: [ground]}
            adjust: {alerts: {Olds: {for: 1m}, Old: {four: 1m}}}
            """
        told = [fault.message for fault in self.load(write, text).faults]
        assert told == [
            "is not a setting here; did you mean for?",
            "is in none of the packs that are used; did you mean Old?",
        ]

    def test_an_alert_of_a_used_pack_cannot_be_declared_again(self, write):
        text = """\
            platform: {name: desk, uses: [ground]}
            alerts: {Old: {severity: P1, expr: up == 0}}
            """
        (fault,) = self.load(write, text).faults
        assert "change it under adjust" in fault.message

    def test_packs_that_use_each_other_are_refused(self, write):
        write({"a.yaml": "platform: {name: one, uses: [two]}"}, name="one")
        two = write({"a.yaml": "platform: {name: two, uses: [one]}"}, name="two")
        assert "uses itself through others" in str(load(two).faults[0])


class TestHostileFiles:
    def told(self, write, data):
        folder = write({"platform.yaml": PLATFORM})
        (folder / "bad.yaml").write_bytes(data)
        (fault,) = load(folder).faults
        return fault.message

    def test_aliases_of_aliases(self, write):
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
        assert "aliases of aliases" in self.told(write, "\n".join(lines).encode())

    def test_an_anchor_that_contains_itself(self, write):
        assert "contains itself" in self.told(write, b"metrics: &m {a: *m}")

    def test_a_file_of_a_hundred_megabytes(self, write):
        folder = write({"platform.yaml": PLATFORM})
        with (folder / "bad.yaml").open("wb") as file:
            file.truncate(100 * 1024 * 1024)
        began = time.perf_counter()
        (fault,) = load(folder).faults
        assert "bytes long" in fault.message
        assert time.perf_counter() - began < 2

    def test_another_encoding(self, write):
        assert "is not UTF-8" in self.told(write, "metrics: {a: {help: Größe}}".encode("latin-1"))

    def test_a_runbook_in_another_encoding(self, write):
        folder = write({"platform.yaml": PLATFORM, "runbooks/a.md": ""})
        (folder / "runbooks" / "a.md").write_bytes(b"# \xff")
        assert "is not UTF-8: byte 0xff" in str(load(folder).faults[0])

    def test_deep_nesting(self, write):
        assert "levels deep" in self.told(write, b"a: " + b"[" * 100 + b"]" * 100)
