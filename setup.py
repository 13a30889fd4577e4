"""
Build the compiled twins.

Every ``*_fast.pyx`` under ``src`` has a pure-Python twin beside it, so a machine without a
compiler still gets a working, slower package: each extension is optional.
"""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup

ROOT = Path(__file__).parent
JOBS = int(os.environ.get("TAPEWATCH_BUILD_JOBS", "2"))
COMPILE_ARGS = ["-O3", "-g0", "-fno-math-errno", "-fno-trapping-math", "-Wno-unused-function"]


def extension(source: Path) -> Extension:
    module = ".".join(source.relative_to(ROOT / "src").with_suffix("").parts)
    return Extension(
        module,
        [str(source.relative_to(ROOT))],
        extra_compile_args=COMPILE_ARGS,
        extra_link_args=["-Wl,--strip-all"] if sys.platform == "linux" else [],
        include_dirs=["src"],
        optional=True,
    )


def compiled_twins() -> list[Extension]:
    sources = sorted((ROOT / "src").rglob("*_fast.pyx"))
    if os.environ.get("TAPEWATCH_PURE") == "1" or not sources:
        return []
    try:
        from Cython.Build import cythonize
    except ImportError:
        return []
    return cythonize(
        [extension(source) for source in sources],
        build_dir="build/cython",
        nthreads=JOBS,
        compiler_directives={
            "language_level": "3",
            "boundscheck": False,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": False,
            "embedsignature": True,
            "freethreading_compatible": False,
        },
    )


setup(ext_modules=compiled_twins(), options={"build_ext": {"parallel": JOBS}})
