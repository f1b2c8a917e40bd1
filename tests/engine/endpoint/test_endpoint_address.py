"""Where code may be sent: this machine, or another one by https."""

import pytest

from qwen_lsp.engine.endpoint.address import read_endpoint
from qwen_lsp.engine.requests import EngineUnavailableError


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080"),
        ("http://localhost:11434/v1", "http://localhost:11434"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        (" https://models.example.com/team/v1 ", "https://models.example.com/team"),
    ],
)
def test_an_address_is_known_with_and_without_the_version(url: str, root: str) -> None:
    assert read_endpoint(url).url == root


@pytest.mark.parametrize(
    "url",
    [
        "http://models.example.com",
        "http://192.168.0.5:8080",
        "http://0.0.0.0:8080",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com/v1",
        "http://[2001:db8::1]:8080",
    ],
)
def test_beyond_this_machine_only_https_will_do(url: str) -> None:
    with pytest.raises(EngineUnavailableError, match="must begin with https"):
        read_endpoint(url)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "endpoint is empty"),
        ("127.0.0.1:8080", "must be an http or https address"),
        ("file:///etc/passwd", "must be an http or https address"),
        ("http://[::1", "must be an http or https address"),
        ("https://a.example/?key=1", "must be an http or https address"),
        ("https://me:secret@a.example", "holds a name or password"),
    ],
)
def test_what_is_no_address_is_said_in_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(EngineUnavailableError, match=sentence) as caught:
        read_endpoint(url)
    assert "secret" not in str(caught.value)


def test_the_key_comes_from_the_environment_and_is_never_shown() -> None:
    endpoint = read_endpoint("https://a.example", "", "MY_KEY", {"MY_KEY": "sk-secret"})
    assert endpoint.api_key == "sk-secret"
    assert "sk-secret" not in repr(endpoint)
    with pytest.raises(EngineUnavailableError, match="MY_KEY"):
        read_endpoint("https://a.example", "", "MY_KEY", {})


@pytest.mark.parametrize(
    ("url", "here"),
    [("http://127.9.9.9", True), ("https://localhost", True), ("https://a.b", False)],
)
def test_what_this_machine_is(url: str, here: bool) -> None:
    assert read_endpoint(url).is_here is here
