import subprocess
import sys

import pytest

from tapewatch.catalog.handles import is_own, write_handles
from tapewatch.catalog.loading import find_pack, load_catalog, pack_names
from tapewatch.catalog.metric import Metric


@pytest.fixture(scope="module")
def equities():
    return load_catalog(find_pack("equities"))


def test_each_metric_of_the_services_is_an_attribute(equities):
    handles = write_handles(equities)
    assert handles.left_out == ()
    assert "execution_gateway_orders_total = _ExecutionGatewayOrdersTotal()" in handles.text
    assert {name for name, each in equities.metrics.items() if each.service} <= {*handles.names}


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("node_load1", ""),
        ("up", ""),
        ("region_heartbeat_timestamp_seconds", ""),
        ("order_stages_total", ""),
        ("pg_stat_activity_count", "postgres_exporter"),
    ],
)
def test_what_others_write_is_left_out(name, service):
    assert not is_own(name, Metric("What it tells.", service=service))


def test_one_service_has_its_own_metrics_alone(equities):
    names = write_handles(equities, "signal_service").names
    services = {equities.metrics[name].service for name in names}
    assert services == {"signal_service", ""}


@pytest.mark.parametrize("pack", pack_names())
def test_the_module_of_every_pack_declares_its_instruments(pack):
    handles = write_handles(load_catalog(find_pack(pack)))
    program = f"import os; os.environ['TAPEWATCH_REGION'] = 'off'\n{handles.text}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_name_that_is_no_metric_of_the_sdk_is_told(equities):
    metrics = {"orders": Metric("Orders.", type="counter", service="execution_gateway")}
    catalog = type(equities)(platform=equities.platform, folder=equities.folder, metrics=metrics)
    handles = write_handles(catalog)
    assert handles.names == ()
    assert handles.left_out == ("'orders' does not end in _total: call the counter orders_total",)


def test_a_wrong_label_is_a_type_error(equities, tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "desk_metrics.py").write_text(write_handles(equities).text)
    (tmp_path / "use.py").write_text(
        "from desk_metrics import execution_gateway_orders_total as orders\n"
        'orders.bind(symbol="AAPL", side="buy", status="filled").inc()\n'
        'orders.bind(symbol="AAPL", side="bought", status="filled").inc()\n'
        'orders.bind(symbol="AAPL", venue="x", side="buy", status="filled").inc()\n'
        'orders.bind(symbol="AAPL", side="buy").inc()\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "c"), "use.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    lines = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert lines == {3, 4, 5}, done.stdout
    assert 'expected "Literal' in done.stdout
