"""What several modules of tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.rlpaf.runs import run
from tests.training.rlpaf.tiny import write


@pytest.fixture(name="straight", scope="module")
def fixture_straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A configuration, and the folder of its run of three batches."""
    folder = tmp_path_factory.mktemp("straight")
    config = write(folder)
    run(config, folder / "out")
    return config, folder / "out"
