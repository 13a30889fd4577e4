"""What a process does by itself: the start, the fork, the end, and what it imports."""

import os
import subprocess
import sys
import textwrap

import pytest

from tapewatch.sdk.region import cells
from tapewatch.sdk.region.layout import Life
from tapewatch.sdk.region.reader import Reader, Standing, regions

PURE = [pytest.param("1", id="pure"), *([pytest.param("0", id="fast")] if cells.GUARDED else [])]


def run(program, folder, *, check=True, **environment):
    inherited = {name: text for name, text in os.environ.items() if "TAPEWATCH" not in name}
    told = {
        **inherited,
        "TAPEWATCH_REGION_FOLDER": str(folder),
        "TAPEWATCH_REGION_ON_DISK": "1",
        "TAPEWATCH_REGION_SEALED": "0",
        "TAPEWATCH_SERVICE": "desk",
        **environment,
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        env=told,
        capture_output=True,
        text=True,
        check=check,
    )


def read(path):
    with Reader(path) as reader:
        seen = reader.snapshot()
    numbers = {series.family.name: seen.number(series) for series in seen.series}
    return seen.head, numbers


@pytest.mark.parametrize("pure", PURE)
def test_the_first_bind_makes_the_region_and_the_end_is_told(shared_folder, pure):
    run(
        """
        from tapewatch.sdk import Counter
        Counter("orders_total", "O").bind().inc(3)
        """,
        shared_folder,
        TAPEWATCH_PURE=pure,
        TAPEWATCH_INSTANCE="one",
    )
    (path,) = regions(shared_folder)
    head, numbers = read(path)
    assert (head.service, head.instance, head.life) == ("desk", "one", Life.CLOSED)
    assert numbers == {"orders_total": 3}
    assert path.name.startswith("desk-")


def test_the_import_loads_no_third_party_module_and_makes_nothing(shared_folder):
    told = run(
        """
        import sys
        before = set(sys.modules)
        import tapewatch.sdk
        # Compiled code makes two modules in memory, which are nobody's.
        loaded = {name for name in set(sys.modules) - before if "cython" not in name}
        new = {name.split(".")[0] for name in loaded}
        heavy = {"asyncio", "inspect", "dataclasses", "logging", "socket", "threading"}
        print(sorted(new - set(sys.stdlib_module_names) - {"tapewatch"}), sorted(new & heavy))
        """,
        shared_folder,
    )
    assert told.stdout == "[] []\n"
    assert regions(shared_folder) == []


@pytest.mark.parametrize("pure", PURE)
def test_a_forked_child_counts_from_zero_in_a_file_of_its_own(shared_folder, pure):
    run(
        """
        import os
        from tapewatch.sdk import Counter, Histogram, status
        from tapewatch.sdk.process import REGISTRY
        sent = Counter("orders_total", "O").bind()
        sent.inc(5)
        REGISTRY.ring.push(1)
        child = os.fork()
        sent.inc()
        if child == 0:
            Counter("child_total", "C").bind().inc(7)
            assert REGISTRY.ring.position == 0
            os._exit(0)
        os.waitpid(child, 0)
        """,
        shared_folder,
        TAPEWATCH_PURE=pure,
        TAPEWATCH_INSTANCE="one",
    )
    parent, child = sorted(
        (read(path) for path in regions(shared_folder)), key=lambda r: r[0].instance
    )
    assert parent[1] == {"orders_total": 6}
    assert child[1] == {"orders_total": 1, "child_total": 7}
    assert child[0].instance == f"one/{child[0].identity.pid}"
    assert child[0].standing() is Standing.DEAD


def test_a_spawned_worker_has_a_region_of_its_own(shared_folder):
    run(
        """
        import multiprocessing
        from tapewatch.sdk import Counter
        def work(_=None):
            Counter("orders_total", "O").bind().inc()
        if __name__ == "__main__":
            work()
            with multiprocessing.get_context("fork").Pool(2) as pool:
                pool.map(work, range(10), chunksize=1)
                pool.close()
                pool.join()
        """,
        shared_folder,
    )
    counted = [read(path)[1]["orders_total"] for path in regions(shared_folder)]
    assert (len(counted), sum(counted)) == (3, 11)


@pytest.mark.skipif(not cells.GUARDED, reason="the cells are not compiled here")
def test_a_file_that_is_cut_off_does_not_end_the_process(shared_folder):
    told = run(
        """
        import faulthandler, os
        from tapewatch.sdk import Counter, beat, status
        sent = Counter("orders_total", "O").bind()
        for handler in (False, True):
            if handler:
                faulthandler.enable()
            os.truncate(status().path, 0)
            sent.inc()
            print(sent.value, status().lost)
            beat()
            sent.inc()
            print(sent.value, status().lost, os.path.getsize(status().path) > 0)
        """,
        shared_folder,
    )
    assert told.stdout == "1.0 True\n1.0 False True\n" * 2


@pytest.mark.skipif(not cells.GUARDED, reason="the cells are not compiled here")
def test_a_foreign_fault_still_ends_the_process(shared_folder):
    told = run(
        """
        import mmap, os, tempfile
        from tapewatch.sdk import Counter
        Counter("orders_total", "O").bind().inc()
        with tempfile.TemporaryFile() as file:
            file.truncate(4096)
            memory = mmap.mmap(file.fileno(), 4096)
            file.truncate(0)
            memory[0] = 1
        """,
        shared_folder,
        check=False,
    )
    assert told.returncode == -7


def test_without_a_guard_the_region_is_sealed_by_default(shared_folder):
    told = run(
        """
        import os
        from tapewatch.sdk import Counter, status
        Counter("orders_total", "O").bind().inc()
        try:
            os.truncate(status().path, 0)
        except PermissionError:
            print("sealed")
        """,
        shared_folder,
        TAPEWATCH_PURE="1",
        TAPEWATCH_REGION_SEALED="",
    )
    assert told.stdout == "sealed\n"


def test_a_place_that_cannot_be_used_is_a_warning_by_default_and_an_error_when_asked(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    program = """
        import warnings
        from tapewatch.sdk import Counter, start, status
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sent = Counter("orders_total", "O").bind()
        sent.inc(2)
        print(caught[0].message)
        print(sent.value, status().path, status().last_error is not None)
        try:
            start("desk")
        except Exception as error:
            print(type(error).__name__)
        start("desk", folder=FOLDER)
        print(sent.value, status().path is not None, status().last_error)
        """
    folder = tmp_path / "good"
    told = run(program.replace("FOLDER", repr(str(folder))), blocked).stdout.splitlines()
    assert told[0].startswith(
        f"the numbers of this process are not read: no region can be made in {blocked}"
    )
    assert told[1:] == ["2.0 None True", "RegionUnusable", "2.0 True None"]
    (path,) = regions(folder)
    assert read(path)[1] == {"orders_total": 2}


def test_a_region_can_be_switched_off(shared_folder):
    run(
        """
        from tapewatch.sdk import Counter, start, status
        sent = Counter("orders_total", "O").bind()
        sent.inc()
        assert (sent.value, status().path) == (1, None)
        """,
        shared_folder,
        TAPEWATCH_REGION="off",
    )
    assert regions(shared_folder) == []


def test_a_late_start_gives_the_region_its_names(shared_folder):
    run(
        """
        from tapewatch.sdk import Counter, start
        Counter("orders_total", "O").bind().inc()
        start("gateway", instance="two")
        """,
        shared_folder,
    )
    (path,) = regions(shared_folder)
    head, numbers = read(path)
    assert (head.service, head.instance, numbers) == ("gateway", "two", {"orders_total": 1})


def test_a_loop_that_beats_keeps_its_promise(shared_folder):
    told = run(
        """
        import asyncio
        from tapewatch.sdk import beating, status
        from tapewatch.sdk.region.reader import Reader
        async def main():
            async with beating(0.001):
                with Reader(status().path) as reader:
                    first = reader.head()
                    while reader.head().heartbeat_monotonic_ns == first.heartbeat_monotonic_ns:
                        await asyncio.sleep(0.001)
                    print(first.promise_ns, first.standing() in ("live", "hung"))
            with Reader(status().path) as reader:
                print(reader.head().promise_ns)
        asyncio.run(main())
        """,
        shared_folder,
    )
    assert told.stdout == "1000000 True\n0\n"


def test_an_interpreter_beside_the_main_one_gets_a_region_of_its_own(shared_folder):
    pytest.importorskip("_xxsubinterpreters")
    run(
        """
        import _xxsubinterpreters as interpreters
        program = '''
        from tapewatch.sdk import Counter
        Counter("orders_total", "O").bind().inc(2)
        '''.replace("        ", "")
        exec(program)
        beside = interpreters.create()
        interpreters.run_string(beside, program)
        interpreters.destroy(beside)
        """,
        shared_folder,
    )
    assert [read(path)[1] for path in regions(shared_folder)] == [{"orders_total": 2}] * 2


def test_errors_caught_are_in_the_region_once_each(shared_folder):
    run(
        """
        from tapewatch.sdk import catch, status
        for _ in range(3):
            try:
                {}["price"]
            except KeyError as error:
                catch(error)
        """,
        shared_folder,
    )
    (path,) = regions(shared_folder)
    with Reader(path) as reader:
        (error,) = reader.errors()
    assert error.count == 3
    assert error.text.endswith("KeyError: 'price'")
