"""What the pages say is run, so that it stays true."""

import json
import re
from pathlib import Path

import pytest
from tools.reference import FOLDER, pages

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(python|yaml|json)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def snippets():
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for number, (language, code) in enumerate(BLOCK.findall(path.read_text()), 1):
            yield pytest.param(language, code, id=f"{path.relative_to(ROOT)}#{number}")


@pytest.mark.parametrize("name", pages())
def test_the_reference_is_what_the_program_says(name):
    assert (FOLDER / name).read_text() == pages()[name], "run `make docs` and read the difference"


@pytest.mark.parametrize(("language", "code"), list(snippets()))
def test_a_snippet_runs(language, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if language == "json":
        assert json.loads(code) is not None
    elif language == "yaml":
        import yaml

        assert list(yaml.safe_load_all(code))
    else:
        exec(compile(code, "snippet", "exec"), {"__name__": "snippet"})


def test_the_readme_names_only_verbs_that_exist():
    verbs = set(re.findall(r"(?m)(?:^|`)make ([a-z-]+)", (ROOT / "README.md").read_text()))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert verbs <= targets
