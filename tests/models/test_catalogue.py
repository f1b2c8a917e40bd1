from importlib import resources

import pytest

from qwen_lsp.models import catalogue
from qwen_lsp.models.card_file import read_card
from qwen_lsp.models.errors import ModelError

NAME = "qwen2.5-coder-0.5b.toml"
TEXT = (resources.files("qwen_lsp.models") / "cards" / NAME).read_text("utf-8")


def test_the_catalogue_holds_the_models_largest_first() -> None:
    assert [card.id for card in catalogue.all_cards()] == [
        "qwen3.5-9b",
        "qwen3.5-4b",
        "qwen3.5-2b",
        "qwen3.5-0.8b",
        "qwen2.5-coder-0.5b",
    ]


@pytest.mark.parametrize("card", catalogue.all_cards(), ids=lambda card: card.id)
def test_each_card_is_sane(card: catalogue.ModelCard) -> None:
    assert card.licence == "Apache-2.0"
    assert card.licence_url.startswith("https://huggingface.co/Qwen/")
    # Four to five bits a weight, and a large vocabulary in the small models.
    assert 0.5 < card.size_bytes / card.parameters < 1.1
    assert card.size_bytes < card.ram_bytes < card.size_bytes * 3
    assert card.hub is not None
    assert card.hub.file == card.file
    assert card.hybrid == (card.architecture == "qwen35")
    assert card.chat_template_options == ({"enable_thinking": False} if card.hybrid else {})
    assert "<|im_end|>" in card.stops
    assert card.sampling_infill.temperature == 0


def test_the_model_of_the_demo_can_be_had_from_a_package_index() -> None:
    mirror = catalogue.card("qwen2.5-coder-0.5b").mirror
    assert mirror is not None
    assert [part.member[-10:] for part in mirror.parts] == [f"part0{n}.bin" for n in range(1, 7)]


def test_an_unknown_model_is_answered_with_near_matches() -> None:
    with pytest.raises(ModelError, match=r"no model called 'qwen3.5-9'; did you mean qwen3.5-9b"):
        catalogue.card("qwen3.5-9")
    with pytest.raises(ModelError, match=r"known are qwen3.5-9b, .*, qwen2.5-coder-0.5b\.$"):
        catalogue.card("!!")


def test_an_id_may_be_written_in_capitals() -> None:
    assert catalogue.card("Qwen3.5-4B").id == "qwen3.5-4b"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('title = "', 'title = 3 # "', "title must be given as str"),
        ('licence = "Apache-2.0"\n', "", "licence must be given as str"),
        ("parameters = 494_000_000", "parameters = true", "parameters must be given as int"),
        ("ram_bytes = 900", "ram_bytes = -900", "ram_bytes must not be negative"),
        ("ram_bytes = 900_", "ram_bytes = 9_", "must be at least size_bytes"),
        ('fim_style = "psm"', 'fim_style = "spm"', "fim_style must be 'psm'"),
        ('sha256 = "1d', 'sha256 = "1D', "sha256 must be 64 lower-case hexadecimal digits"),
        ('sha256 = "', 'hash = "', "nothing reads hash"),
        ('file = "qwen', 'file = "../qwen', "file must be the plain name of a .gguf file"),
        ("temperature = 0", 'temperature = "hot"', "sampling.infill.temperature must be given"),
        ("top_p = 1", "top_p = 8", "sampling.infill is out of range"),
        ("cpu_cores = 1", "cpu_coers = 1", "nothing reads advice.cpu_coers"),
        ('id = "qwen2.5', 'id = "qwen2.6', "is not the name of the file"),
        ("stops = [", "stops = [] # [", "stops must be a list that is not empty"),
        ("[source.hub]", "[source.hup]", "nothing reads source.hup"),
        ('title = "', 'title = "\n', "Illegal character"),
    ],
)
def test_a_bad_card_is_refused_in_one_sentence(old: str, new: str, complaint: str) -> None:
    assert old in TEXT
    with pytest.raises(ModelError) as caught:
        read_card(TEXT.replace(old, new, 1), NAME)
    assert str(caught.value).startswith(f"The model card {NAME} is wrong: ")
    assert complaint in str(caught.value)


def test_a_card_needs_a_source_and_a_mirror_needs_a_hash() -> None:
    before, _, after = TEXT.partition("[source.hub]")
    with pytest.raises(ModelError, match="it has no source"):
        read_card(f"{before}[source]\n", NAME)
    lines = [line for line in before.splitlines() if not line.startswith("sha256")]
    text = "\n".join(lines).replace("size_is_approximate = false", "size_is_approximate = true")
    with pytest.raises(ModelError, match="a mirror needs sha256"):
        read_card(f"{text}\n[source.hub]{after}", NAME)
