"""``python -m bench [NAME …]``: run benchmarks in full, one after the other."""

import importlib
import sys
from pathlib import Path

from bench.harness import Scale, describe, write_result


def names() -> list[str]:
    """List the benchmarks."""
    here = Path(__file__).parent
    return sorted(
        path.stem
        for path in here.glob("*.py")
        if "\nQUESTION = " in path.read_text(encoding="utf-8")
    )


def main(chosen: list[str]) -> int:
    """Run and report; exit status 2 for a name that is none."""
    unknown = [name for name in chosen if name not in names()]
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}; there are {', '.join(names())}")
        return 2
    for name in chosen or names():
        module = importlib.import_module(f"bench.{name}")
        outcome = module.run(Scale.FULL)
        write_result(name, module.QUESTION, outcome)
        for line in describe(name, module.QUESTION, outcome):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
