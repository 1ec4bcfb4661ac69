"""Of a model on several processes each has room for its own parts: so they come from their origin, and so
they are exported."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import DeepseekV3ForCausalLM

from tests.training.model.tiny import TINY, tokens
from tests.training.parallel.processes import together
from training.errors import TrainError
from training.model import Drawn, ModelConfig, Transformer, load_checkpoint, save_checkpoint
from training.model.checkpoint import StoredModel
from training.model.parts import Origin, parts_of
from training.parallel.learner import MeshLearner
from training.sft.config import BatchConfig, DataConfig, MeshConfig, ModelTable, RunConfig, SftConfig
from training.sft.folder import RunFolder
from training.sft.world import World

CPU = torch.device("cpu")
MESHES = [
    MeshConfig(experts=4),
    MeshConfig(pipeline=2, experts=2, schedule="DualPipe"),
    MeshConfig(pipeline=2, schedule="DualPipeV"),
    MeshConfig(pipeline=4, schedule="1F1B"),
]
SIZES = {
    "plain": replace(TINY, num_hidden_layers=4),
    "tied, two tokens": replace(
        TINY, num_hidden_layers=4, tie_word_embeddings=True, num_nextn_predict_layers=1
    ),
}
DAMAGED = "model.layers.2.mlp.experts.7.down_proj.weight"
"""Which the last of four processes that share the experts has alone."""
SMALL = 4096
"""Bytes of a file: less than a process's part of a model."""


class Asked:
    """An origin that remembers what it was asked for."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self.numbers: dict[str, int] = {}

    def fill(self, wanted: Mapping[str, Tensor]) -> None:
        self.numbers |= {part: tensor.numel() for part, tensor in wanted.items()}
        self._origin.fill(wanted)


def learner(size: ModelConfig, origin: Origin, mesh: MeshConfig, world: World) -> MeshLearner:
    config = SftConfig(
        DataConfig((Path("none"),)),
        ModelTable("tiny"),
        BatchConfig(4 * 4 * 16, 4),
        run=RunConfig(steps=1, dtype="float32"),
        mesh=mesh,
    )
    return MeshLearner(size, origin, config, world)


def damaged(rank: int, folder: Path) -> str:
    """What is said of a weight that one process alone reads."""
    size = SIZES["plain"]
    try:
        learner(size, StoredModel(folder / "damaged"), MESHES[0], World(rank, 4, CPU))
    except ValueError as error:
        return str(error)
    return ""


class Outcome(NamedTuple):
    """What a process finds."""

    asked: list[dict[str, int]]
    """For each size and mesh."""
    failed: list[str]
    damaged: str


def work(rank: int, folder: Path) -> Outcome:
    world, asked = World(rank, 4, CPU), []
    for name, size in SIZES.items():
        for number, mesh in enumerate(MESHES):
            origin = Asked(Drawn(size, 0) if number % 2 else StoredModel(folder / name))
            learner(size, origin, mesh, world).export(RunFolder(folder / f"{name} {number}"))
            asked.append(origin.numbers)
    return Outcome(asked, fails(rank, folder), damaged(rank, folder))


def fails(rank: int, folder: Path) -> list[str]:
    """What is said if one process cannot write its file, or the leading one make the folder."""
    world, size = World(rank, 4, CPU), SIZES["plain"]
    run, said = RunFolder(folder / "failing"), []
    learns = learner(size, Drawn(size, 0), MESHES[0], world)
    learns.export(run)
    other = learner(size, Drawn(size, 1), MESHES[0], world)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for how in ("no room", "no folder"):
        if how == "no room" and rank == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, limits[1]))
        if how == "no folder" and world.leads:
            run = RunFolder(folder / "config.json")
        with pytest.raises(TrainError) as caught:
            other.export(run)
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        said.append(str(caught.value))
    return said


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Outcome]]:
    folder = tmp_path_factory.mktemp("parts")
    (folder / "config.json").touch()
    for name, size in SIZES.items():
        save_checkpoint(Transformer.drawn(size, 0), folder / name)
    shutil.copytree(folder / "plain", folder / "damaged")
    tensors = load_file(folder / "damaged" / "model.safetensors")
    tensors[DAMAGED] *= torch.nan
    save_file(tensors, folder / "damaged" / "model.safetensors")
    return folder, together(work, 4, folder)


def test_a_process_asks_for_its_own_parts(found: tuple[Path, list[Outcome]]) -> None:
    _, outcomes = found
    for case, (name, mesh) in enumerate((name, mesh) for name in SIZES for mesh in MESHES):
        whole = {part: tensor.numel() for part, tensor in parts_of(Transformer(SIZES[name])).items()}
        asked = [outcome.asked[case] for outcome in outcomes]
        assert {part: number for each in asked for part, number in each.items()} == whole
        experts = {part for part in whole if "/" in part}
        # Both directions of DualPipe have every weight.
        copies = 4 / (mesh.pipeline * mesh.experts) * (2 if mesh.schedule == "DualPipe" else 1)
        assert sum(len(experts & each.keys()) for each in asked) == copies * len(experts)


@pytest.mark.parametrize("name", SIZES)
def test_what_all_export_is_the_model(name: str, found: tuple[Path, list[Outcome]]) -> None:
    folder, _ = found
    batch = tokens(2, 16)
    right = Transformer.build(SIZES[name], Drawn(SIZES[name], 0), dtype=torch.bfloat16).state_dict()
    for number in range(len(MESHES)):
        place = folder / f"{name} {number}" / "model"
        state = load_checkpoint(place).state_dict()
        assert state.keys() == right.keys()
        assert all(torch.equal(state[part], right[part]) for part in right)
        files = sorted(place.glob("*.safetensors"))
        told = json.loads((place / "model.safetensors.index.json").read_text())
        written = {tensor: file.name for file in files for tensor in load_file(file)}
        assert told["weight_map"] == written, "each tensor is in one file"
        assert len(files) == 4
        model, info = DeepseekV3ForCausalLM.from_pretrained(
            place, dtype=torch.float32, output_loading_info=True
        )
        assert not info["missing_keys"]
        ours = load_checkpoint(place, dtype=torch.float32)
        logits = ours.logits(ours(batch).hidden_BLD)
        torch.testing.assert_close(model(batch).logits, logits, rtol=0, atol=1e-4)


def test_one_process_that_cannot_write_ends_all_in_one_line(found: tuple[Path, list[Outcome]]) -> None:
    folder, outcomes = found
    assert all(outcome.failed[0] == outcomes[0].failed[0] for outcome in outcomes)
    no_room, no_folder = outcomes[0].failed
    assert "failing/model cannot be written: process 2 says: " in no_room
    assert "process 0 says: " in no_folder
    assert "\n" not in no_room + no_folder
    left = [path.name for path in (folder / "failing").iterdir()]
    assert left == ["model"]
    kept = load_checkpoint(folder / "failing" / "model").embed_tokens.weight
    assert torch.equal(kept, Transformer.drawn(SIZES["plain"], 0).embed_tokens.weight.bfloat16())


def test_what_one_process_finds_damaged_all_say(found: tuple[Path, list[Outcome]]) -> None:
    folder, outcomes = found
    told = f"process 3 says: {folder / 'damaged'}: {DAMAGED} (torch.float32) holds what are no finite numbers"
    assert [outcome.damaged for outcome in outcomes] == [told] * 4


def test_one_process_leaves_no_files_of_many(found: tuple[Path, list[Outcome]], tmp_path: Path) -> None:
    folder, _ = found
    shutil.copytree(folder / "plain 0", tmp_path / "run")
    model = Transformer.drawn(SIZES["plain"], 1)
    RunFolder(tmp_path / "run").export(model.config, model.state_dict())
    assert sorted(path.name for path in (tmp_path / "run" / "model").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]


def test_a_part_is_drawn_alike_wherever_it_lies() -> None:
    size = SIZES["plain"]
    whole = parts_of(Transformer.drawn(size, 3))
    for part, value in whole.items():
        alone = torch.empty(value.shape, dtype=torch.bfloat16)
        Drawn(size, 3).fill({part: alone})
        assert torch.equal(alone, value.bfloat16())
    drawn = torch.cat([value.flatten() for part, value in whole.items() if value.dim() > 1])
    assert float(drawn.std()) == pytest.approx(size.initializer_range, rel=0.01)
    other = parts_of(Transformer.drawn(size, 4))
    assert not any(torch.equal(whole[part], other[part]) for part in whole if whole[part].dim() > 1)
    experts = [value for part, value in whole.items() if "gate_up_proj/" in part]
    assert not any(torch.equal(experts[0], expert) for expert in experts[1:])
