# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Adapters: PEFT's files read and merged, quantised into the mould, stored as what differs, switched on a board."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from driver.loading import LoadingChip
from onnx_models import llama_operators, save
from outlines import TINY

import hardwire
from hardwire.chip.adapter import Adapter, load_adapter
from hardwire.chip.model import Chip, load_chip
from hardwire.cli.main import main
from hardwire.decoder import Decoder, forward
from hardwire.driver.mmio import MappedChip
from hardwire.driver.model import LanguageModel
from hardwire.emit.rtl.contents import Cast, Pour
from hardwire.errors import BuildError, ChipError, ModelError, PromptError
from hardwire.plan.geometry import Geometry
from hardwire.quantize import Outline, random_chip, random_decoder
from hardwire.quantize.lora import merged, read_lora

GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4)
PROMPT = (7, 3, 9)
MODULES = {
    "q": "self_attn", "k": "self_attn", "v": "self_attn", "o": "self_attn", "gate": "mlp", "up": "mlp", "down": "mlp",
}  # fmt: skip


def safetensors(path: Path, tensors: dict[str, np.ndarray], dtype: str = "F32") -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, array in tensors.items():
        raw = (array.astype("<f4").view(np.uint32) >> 16).astype("<u2").tobytes() if dtype == "BF16" else (
            array.astype({"F32": "<f4", "F16": "<f2"}[dtype]).tobytes()
        )  # fmt: skip
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


def rounded(array: np.ndarray, dtype: str) -> np.ndarray:
    """float32 values as the file has them."""
    if dtype == "BF16":
        return (array.view(np.uint32) >> 16 << 16).view(np.float32)
    return array.astype({"F32": np.float32, "F16": np.float16}[dtype]).astype(np.float32)


def weights_of(decoder: Decoder, rank: int, seed: int = 3, size: float = 0.1) -> dict[str, np.ndarray]:
    """An adapter of all linear layers, by PEFT's names."""
    draw, tensors = np.random.default_rng(seed), {}
    for layer, block in enumerate(decoder.blocks):
        for matrix, module in MODULES.items():
            out, into = getattr(block.attention if module == "self_attn" else block.mlp, matrix).weight.shape
            at = f"base_model.model.model.layers.{layer}.{module}.{matrix}_proj"
            tensors[f"{at}.lora_A.weight"] = size * draw.standard_normal((rank, into)).astype(np.float32)
            tensors[f"{at}.lora_B.weight"] = size * draw.standard_normal((out, rank)).astype(np.float32)
    return tensors


def written(folder: Path, tensors: dict[str, np.ndarray], dtype: str = "F32", **config: Any) -> Path:
    folder.mkdir(exist_ok=True)
    given = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "bias": "none", "use_dora": False, "modules_to_save": None}
    (folder / "adapter_config.json").write_text(json.dumps(given | config))
    safetensors(folder / "adapter_model.safetensors", tensors, dtype)
    return folder


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_an_adapter_is_merged(tmp_path: Path, dtype: str) -> None:
    decoder = random_decoder(Outline(shape=TINY), 1)
    tensors = weights_of(decoder, 4)
    lora = read_lora(written(tmp_path / "a", tensors, dtype))
    assert (lora.rank, lora.scale, lora.matrices) == (4, 2.0, list(MODULES))
    whole = merged(decoder, lora)
    a, b = (
        rounded(tensors[f"base_model.model.model.layers.1.mlp.down_proj.lora_{half}.weight"], dtype) for half in "AB"
    )
    before, after = decoder.blocks[1].mlp.down.weight, whole.blocks[1].mlp.down.weight
    np.testing.assert_array_equal(after, before + 2.0 * (b @ a))
    ids = np.array([[1, 5, 9, 2]])
    assert np.abs(forward(whole, ids) - forward(decoder, ids)).max() > 1e-3
    np.testing.assert_array_equal(whole.head.weight, decoder.head.weight)


def test_adapters_that_are_not_merged(tmp_path: Path) -> None:
    decoder = random_decoder(Outline(shape=TINY), 1)
    tensors = weights_of(decoder, 4)
    for config, message in (
        ({"peft_type": "IA3"}, "an adapter of kind 'IA3'; LORA is what is merged"),
        ({"use_dora": True}, "use_dora is 'True', which is not merged"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save is .*lm_head"),
        ({"rank_pattern": {"q_proj": 2}}, "rank_pattern is"),
        ({"r": 0}, "r is 0, lora_alpha 8"),
        ({"r": 3}, "has no factors of rank 3"),
    ):
        with pytest.raises(ModelError, match=message):
            read_lora(written(tmp_path / "a", tensors, **config))
    with pytest.raises(ModelError, match="lora_embedding.* is none of layers.N"):
        read_lora(written(tmp_path / "a", tensors | {"model.embed_tokens.lora_embedding_A": np.zeros((4, 40))}))
    other = random_decoder(Outline(shape=replace(TINY, hidden=52)), 1)
    with pytest.raises(ModelError, match=r"adapter's gate of layer 0 is \(52, 16\), the model's \(48, 16\)"):
        merged(decoder, read_lora(written(tmp_path / "a", weights_of(other, 4))))
    with pytest.raises(ModelError, match="the adapter has a layer 1, the model 1"):
        merged(replace(decoder, blocks=decoder.blocks[:1]), read_lora(written(tmp_path / "a", tensors)))
    with pytest.raises(ModelError, match="cannot be read"):
        read_lora(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\xff" * 8, (9).to_bytes(8, "little") + b"[1, 2, 3]", b"\2\0\0\0\0\0\0\0{}"])
def test_safetensors_that_are_none(tmp_path: Path, data: bytes) -> None:
    folder = written(tmp_path / "a", {})
    (folder / "adapter_model.safetensors").write_bytes(data)
    if data.endswith(b"{}"):
        assert read_lora(folder).factors == {}
    else:
        with pytest.raises(ModelError, match="no safetensors file"):
            read_lora(folder)
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 1 << 40]}
    text = json.dumps({"a": entry}).encode()
    (folder / "adapter_model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(ModelError, match="offsets 0, 1099511627776 of 0 bytes"):
        read_lora(folder)


# -- what differs ------------------------------------------------------------------------------------


@pytest.fixture
def changed(tiny_chip: Chip) -> Chip:
    """The tiny chip with a few other weights."""
    matrix = tiny_chip.matrices["up"]
    weight = matrix.weight.copy()
    weight[1, 3:9, 5] ^= 1
    return replace(
        tiny_chip,
        matrices=tiny_chip.matrices | {"up": replace(matrix, weight=weight)},
        about=tiny_chip.about | {"adapter": {"rank": 1}},
    )


def test_only_what_differs_is_stored(tiny_chip: Chip, changed: Chip, tmp_path: Path) -> None:
    Adapter.between(tiny_chip, changed).save(tmp_path / "a.adapter")
    adapter = load_adapter(tmp_path / "a.adapter", tiny_chip)
    assert {name: len(places) for name, (places, _) in adapter.changes.items()} == {"matrices/up/weight": 6}
    assert adapter.apply(tiny_chip).digest == changed.digest
    tiny_chip.save(tmp_path / "a.chip")
    assert (tmp_path / "a.adapter").stat().st_size < (tmp_path / "a.chip").stat().st_size / 4
    with pytest.raises(ChipError, match="the adapter is of chip"):
        adapter.apply(changed)
    with pytest.raises(ChipError, match=r"an adapter stays in the mould of its chip; .*formats.logit"):
        Adapter.between(tiny_chip, replace(changed, formats=replace(changed.formats, logit=18)))


def test_adapters_that_were_changed_are_refused(tiny_chip: Chip, changed: Chip, tmp_path: Path) -> None:
    whole = Adapter.between(tiny_chip, changed)
    places, values = whole.changes["matrices/up/weight"]
    for wrong, message in (
        ((places, values[::-1].copy()), "comes to chip"),
        ((places + np.uint32(1 << 30), values), "changes place .* of matrices/up/weight"),
        ((places, values.astype(np.int16)), "changes matrices/up/weight, which the chip has not, or not so"),
        ((places, np.full_like(values, 100)), "holds a value outside"),
    ):
        with pytest.raises(ChipError, match=message):
            replace(whole, changes={"matrices/up/weight": wrong}).apply(tiny_chip)
    path = tmp_path / "a.adapter"
    for member, message in (
        ({"format": 9, "header": {}}, "of another version"),
        ({"format": 1, "header": {}, "base": "", "chip": "", "arrays": {"x": [1, "|i1"]}}, "which the chip has not"),
        (
            {"format": 1, "header": {}, "base": "", "chip": "", "arrays": {"score_shift": [1 << 40, "|u1"]}},
            "changes of",
        ),
        ({"format": 1, "header": {}, "base": "", "chip": "", "arrays": {"score_shift": [1, "|O"]}}, "in '|O'"),
        ([], "malformed .adapter"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("adapter.json", json.dumps(member))
        with pytest.raises(ChipError, match=message):
            load_adapter(path, tiny_chip)
    path.write_bytes(b"no zip")
    with pytest.raises(ChipError, match="not a complete .adapter file"):
        load_adapter(path, tiny_chip)


# -- on a board --------------------------------------------------------------------------------------


def test_adapters_are_switched_by_request(tiny_chip: Chip, changed: Chip, tmp_path: Path) -> None:
    Adapter.between(tiny_chip, changed).save(tmp_path / "fr.adapter")
    cast = Cast.of(tiny_chip, GEOMETRY, Pour.ALL)
    board = MappedChip(LoadingChip([tiny_chip, changed], cast))
    model = LanguageModel(tiny_chip, board, "board", cast=cast)
    model.add_adapter("fr", tmp_path / "fr.adapter")

    def wanted(chip: Chip) -> str:
        return LanguageModel(chip, hardwire.chip.reference.Reference(chip), "reference").generate(PROMPT)

    for adapter, chip in ((None, tiny_chip), ("fr", changed), ("fr", changed), (None, tiny_chip)):
        before = board.writes
        switched = model.chip is not chip and model.chip.digest != chip.digest
        assert model.generate(PROMPT, adapter=adapter) == wanted(chip)
        assert board.info().id == chip.id == model.chip.id
        assert (board.writes - before > cast.body) == switched
    with pytest.raises(PromptError, match="no adapter 'de'; add_adapter has fr"):
        model.generate(PROMPT, adapter="de")
    answer = model.stream(PROMPT, adapter="fr")
    next(answer)
    model.last.tokens.clear()
    assert list(answer) and model.chip.digest == changed.digest
    model.reprint(tiny_chip)
    with pytest.raises(PromptError, match="no adapter 'fr'; add_adapter has none"):
        model.generate(PROMPT, adapter="fr")
    frozen = LanguageModel(tiny_chip, board, "board")
    with pytest.raises(BuildError, match="board is frozen"):
        frozen.generate(PROMPT, adapter="fr")
    with pytest.raises(BuildError, match="board is frozen"):
        frozen.add_adapter("fr", tmp_path / "fr.adapter")


def test_a_conversation_goes_on_with_another_adapter(tiny_chip: Chip, changed: Chip, tmp_path: Path) -> None:
    """What was said is fed again: keys and values are of the weights that made them."""
    Adapter.between(tiny_chip, changed).save(tmp_path / "fr.adapter")
    cast = Cast.of(tiny_chip, GEOMETRY, Pour.ALL)
    model = LanguageModel(tiny_chip, MappedChip(LoadingChip([tiny_chip, changed], cast)), "board", cast=cast)
    model.add_adapter("fr", tmp_path / "fr.adapter")
    first = "".join(model.chat((7, 3), 4, stops=()))
    second = "".join(model.chat((5,), 4, stops=(), adapter="fr"))
    ids = [7, 3, *map(int, first.split()), 5]
    alone = LanguageModel(changed, hardwire.chip.reference.Reference(changed), "reference")
    assert second == alone.generate(ids, 4, stops=())


# -- the command -------------------------------------------------------------------------------------


@pytest.mark.tools
def test_an_adapter_on_the_command_line(chip_with_text: Chip, tmp_path: Path) -> None:
    model, _ = llama_operators()
    save(model, tmp_path, "a.onnx")
    (tmp_path / "tokenizer.json").write_text(json.dumps(chip_with_text.tokenizer))
    (tmp_path / "calibration.txt").write_text("\n<|endoftext|>\n".join("abcdefgh ihgfedcba" * 16 for _ in range(24)))

    def call(*arguments: str | Path) -> dict[str, Any]:
        result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
        assert result.exit_code == 0, result.output
        data: dict[str, Any] = json.loads(result.stdout)
        return data

    call("quantize", tmp_path / "a.onnx", "-o", tmp_path / "a.chip")
    decoder = hardwire.import_onnx(tmp_path / "a.onnx").decoder
    folder = written(tmp_path / "fr", weights_of(decoder, 4, size=0.3))
    data = call("adapter", tmp_path / "a.onnx", folder, "--like", tmp_path / "a.chip", "-o", tmp_path / "fr.adapter")
    base = load_chip(tmp_path / "a.chip")
    assert (data["rank"], data["matrices"]) == (4, list(MODULES)) and data["loss"].keys() == {"base", "adapter"}
    assert data["bytes"] == (tmp_path / "fr.adapter").stat().st_size and data["changed"]["matrices/q/weight"] > 0
    other = load_adapter(tmp_path / "fr.adapter", base).apply(base)
    assert other.digest == data["digest"] != base.digest and other.tokenizer == base.tokenizer
    assert other.about["adapter"] == {"rank": 4, "matrices": list(MODULES)}  # type: ignore[comparison-overlap]
    another = random_chip(TINY, seed=9)
    replace(another, tokenizer=chip_with_text.tokenizer).save(tmp_path / "b.chip")
    refused = CliRunner().invoke(
        main,
        [
            "adapter",
            str(tmp_path / "a.onnx"),
            str(folder),
            "--like",
            str(tmp_path / "b.chip"),
            "-o",
            str(tmp_path / "x"),
        ],
    )
    assert refused.exit_code == 1 and "does not go into that mould" in " ".join(refused.output.split())
