"""
What reviewers should not have to repeat. Every message names the remedy.

The order of the parts is read from the table in ``docs/architecture.md``, so the page and the
imports cannot drift apart.
"""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "tapewatch"
SIGNALS = {"metrics", "logs", "traces", "snapshots"}
ENTRY_POINTS = {"tapewatch", "tapewatch.__main__", "tapewatch.cli.main", "tapewatch.version"}
MODULE_OF = {"google-re2": "re2", "pyyaml": "yaml"}
ASKED_FOR = {"grpc", "pandas", "polars", "zmq"}
"""Imported only where they are there, or where somebody asks for what needs them."""
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|breakpoint\(|pdb\.set_trace")


@cache
def tracked(*suffixes):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    return [path for path in paths if path.suffix in suffixes and path.exists()]


@cache
def modules():
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(name):
    """Modules that ``name`` imports, each with its line and whether it is at the top."""
    path = modules()[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    top = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            assert not node.level, f"{path}:{node.lineno}: import {base} by its full name"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                target = full if full in modules() else node.module
                found.append((target, node.lineno, id(node) in top))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("twin"):
            twin = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else ""
            found.append((f"{twin}_pure", node.lineno, True))
    assert package
    return found


@cache
def parts():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE)


def part_of(module):
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 and pieces[0] == "tapewatch" else None


def test_every_part_has_its_row_in_the_architecture_page():
    here = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    missing = here - set(parts())
    assert not missing, f"add {sorted(missing)} to the table of parts in docs/architecture.md"


def test_parts_import_only_the_parts_above_them():
    order = {part: position for position, part in enumerate(parts())}
    wrong = []
    for name in modules():
        own = part_of(name)
        for target, line, _ in imports(name):
            other = part_of(target)
            if own in order and other in order and order[other] > order[own]:
                wrong.append(f"{name}:{line} imports {target}: {own} stands above {other}; move it")
    assert not wrong, "\n".join(wrong)


def test_signals_do_not_import_each_other():
    wrong = [
        f"{name}:{line} imports {target}: join signals in a part that stands below both"
        for name in modules()
        for target, line, _ in imports(name)
        if part_of(name) in SIGNALS and part_of(target) in SIGNALS - {part_of(name)}
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("part", "allowed"), [("model", set()), ("sdk", {"model"})])
def test_what_a_trading_process_imports_needs_no_third_party_module(part, allowed):
    wrong = []
    for name in modules():
        if part_of(name) != part:
            continue
        for target, line, top in imports(name):
            root = target.split(".")[0]
            ours = part_of(target) in {part, None, *allowed} if root == "tapewatch" else False
            if top and not ours and root not in sys.stdlib_module_names:
                wrong.append(f"{name}:{line} imports {target}: import it inside the function")
    assert not wrong, "\n".join(wrong)


def test_what_is_imported_is_a_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {
        MODULE_OF.get(name, name.replace("-", "_"))
        for each in project["dependencies"]
        if (name := re.match(r"[a-z0-9_-]+", each).group())
    }
    wrong = [
        f"{name}:{line} imports {target}: declare it in pyproject.toml, or do without"
        for name in modules()
        for target, line, _ in imports(name)
        if (root := target.split(".")[0]) not in {"tapewatch", *sys.stdlib_module_names}
        and root not in {*declared, *ASKED_FOR}
    ]
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_itself_through_others():
    graph = {
        name: {target for target, _, top in imports(name) if top and target in modules()}
        for name in modules()
    }
    state, cycles = {}, []

    def visit(name, trail):
        state[name] = "open"
        for target in sorted(graph[name]):
            if state.get(target) == "open" and target in trail:
                cycles.append(" > ".join([*trail[trail.index(target) :], target]))
            elif target not in state:
                visit(target, [*trail, target])
        state[name] = "done"

    for name in graph:
        if name not in state:
            visit(name, [name])
    assert not cycles, "break these circles (move what both need up):\n" + "\n".join(cycles)


@cache
def imported_by_tests():
    pattern = re.compile(r"^\s*(?:from|import) (tapewatch[\w.]*)(?: import (.+))?", re.MULTILINE)
    found = set()
    for path in tracked(".py"):
        if path.is_relative_to(ROOT / "tests"):
            for module, names in pattern.findall(path.read_text(encoding="utf-8")):
                found |= {module, *(f"{module}.{name.strip(' (')}" for name in names.split(","))}
    return found


def test_no_module_is_an_orphan():
    reached = {target for name in modules() for target, _, _ in imports(name)}
    reached |= {f"{name}_pure" for name in modules()} | imported_by_tests()
    reached |= {name.rpartition(".")[0] for name in reached}
    lazy = "\n".join(path.read_text(encoding="utf-8") for path in modules().values())
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    orphans = [
        name
        for name in modules()
        if name not in reached | ENTRY_POINTS
        and f'"{name}' not in lazy
        and f'"{name}' not in project
        and not any(other.startswith(f"{name}.") for other in reached)
    ]
    assert not orphans, f"nobody imports {orphans}: use them or remove them"


def test_every_compiled_module_has_its_twin():
    fast = {path.name.removesuffix("_fast.pyx") for path in PACKAGE.rglob("*_fast.pyx")}
    pure = {path.name.removesuffix("_pure.py") for path in PACKAGE.rglob("*_pure.py")}
    assert fast == pure, f"a module and its twin belong together: {sorted(fast ^ pure)}"


def test_every_package_says_what_it_is_for():
    silent = []
    for path in PACKAGE.rglob("__init__.py"):
        words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if len(words.split()) < 12:
            silent.append(str(path.relative_to(ROOT)))
    assert not silent, f"say what they are for, what not, and what to read first: {silent}"


def test_nothing_is_left_over():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked(".py", ".pyx", ".pxd", ".ts", ".tsx", ".sh")
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if LEFTOVERS.search(line)
    ]
    assert not found, "finish these or open an issue:\n" + "\n".join(found)


def headings(path):
    text = re.sub(
        r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return re.findall(r"^(#+) (.+)$", text, re.MULTILINE)


def test_every_page_has_one_title():
    wrong = [
        str(path.relative_to(ROOT))
        for path in tracked(".md")
        if [level for level, _ in headings(path)].count("#") != 1
    ]
    assert not wrong, f"give each of these pages exactly one line that begins with '# ': {wrong}"


def anchors(page):
    words = [re.sub(r"[^\w\- ]", "", heading.lower()) for _, heading in headings(page)]
    return {each.replace(" ", "-") for each in words}


def test_every_link_inside_the_repository_resolves():
    broken = []
    for path in tracked(".md"):
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            place, _, fragment = unquote(target).partition("#")
            other = (path.parent / place).resolve() if place else path
            if not other.exists() or (fragment and fragment not in anchors(other)):
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken, "mend or remove these links:\n" + "\n".join(broken)


def test_the_changelog_tells_of_this_version():
    version = re.search(r'VERSION = "(.+)"', (PACKAGE / "version.py").read_text()).group(1)
    newest = re.search(r"(?m)^## ([0-9]\S*)", (ROOT / "CHANGELOG.md").read_text())
    assert newest, "CHANGELOG.md needs a heading '## X.Y.Z'"
    assert newest.group(1) == version, f"CHANGELOG.md begins with {newest.group(1)}, not {version}"


def test_exceptions_to_the_checkers_carry_their_reason():
    bare = re.compile(r"# (noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\])\s*$")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked(".py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line) or re.search(r"# (noqa|type: ignore)\s*$", line)
    ]
    assert not found, f"say why, on the same line, after a second '#': {found}"


def test_the_lock_names_hashes_and_no_index():
    for path in (ROOT / "locks").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "--hash=sha256:" in text, f"{path.name} has no hashes: run `make lock`"
        assert not re.search(r"https?://|--index|--find-links", text), f"{path.name} names an index"
