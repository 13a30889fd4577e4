import pytest
from tests.floor.play import Played


@pytest.fixture
def played(tmp_path):
    """Make desks, and close them behind the test."""
    made = []

    def make(pack, **options):
        made.append(Played(pack, tmp_path / f"{pack}{len(made)}", **options))
        return made[-1]

    yield make
    for each in made:
        each.desk.close()
