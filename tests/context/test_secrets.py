"""Secrets are found whatever stands around them, and ordinary code is left as it is."""

import re
import string
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_lsp.context.secrets import redacted, stands_at_secret, without_secrets
from qwen_lsp.context.secrets_files import is_secret_file
from qwen_lsp.text import Document
from tests.harness.planted import KINDS, planted, unbroken


def document(text: str, path: str = "a.py") -> Document:
    return Document(f"file:///{path}", path, "python", 1, text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_secret_is_hidden(kind: str) -> None:
    for seed in range(40):
        line, secret = planted(kind, seed)
        text = f"import os\n\n{line}\nprint(os.name)\n"
        shown = redacted(text)
        for part in secret.replace("\\n", "\n").split("\n"):
            assert len(part) < 8 or unbroken(part) not in unbroken(shown), (kind, seed, line)
        assert shown.startswith("import os\n\n")
        assert shown.endswith("\nprint(os.name)\n")


def filler(size: int) -> str:
    """Return signs that nobody takes for random, so that only what stands around them counts."""
    return ("a1" * size)[:size]


# A token of each issuer, or of each of its kinds: the prefix, and what makes its length.
_ISSUERS = {
    "AWS, access key id": [f"AKIA{filler(16).upper()}"],
    "GitHub": [f"gh{kind}_{filler(36)}" for kind in "oprsu"],
    "GitHub, fine-grained": [f"github_pat_{filler(22)}_{filler(59)}"],
    "GitLab": [f"gl{kind}-{filler(20)}" for kind in ("pat", "dt", "rt", "agent")],
    "Slack": [f"xoxb-{filler(50)}", f"xoxe.xoxp-{filler(50)}"],
    "Slack, app": [f"xapp-1-{filler(24)}"],
    "Slack, webhook": [f"https://hooks.slack.com/services/T{filler(8)}/B{filler(8)}/{filler(24)}"],
    "Stripe": [f"{kind}k_live_{filler(24)}" for kind in "prs"],
    "Stripe, webhook": [f"whsec_{filler(32)}"],
    "OpenAI, Anthropic": [f"sk-{kind}-{filler(32)}" for kind in ("proj", "ant", "or")],
    "OpenAI, older": [f"sk-{filler(48)}"],
    "Google": [f"AIza{filler(35)}", f"ya29.{filler(40)}", f"GOCSPX-{filler(28)}"],
    "Google, refresh token": [f"1//0{filler(40)}"],
    "Azure": [f"{filler(86)}==", f"{filler(3)}8Q~{filler(34)}"],
    "npm": [f"npm_{filler(36)}"],
    "PyPI": [f"pypi-{filler(60)}"],
    "RubyGems": [f"rubygems_{filler(48)}"],
    "Docker": [f"dckr_pat_{filler(27)}"],
    "JSON web token": [f"eyJ{filler(20)}.eyJ{filler(20)}.{filler(20)}"],
    "Twilio": [f"AC{filler(32)}", f"SK{filler(32)}"],
    "SendGrid": [f"SG.{filler(22)}.{filler(43)}"],
    "Mailgun": [f"key-{filler(32)}"],
    "Mailchimp": [f"{filler(32)}-us12"],
    "Telegram": [f"{'12' * 5}:{filler(35)}"],
    "Discord": [f"M{filler(23)}.{filler(6)}.{filler(38)}"],
    "Hugging Face": [f"hf_{filler(34)}", f"api_org_{filler(34)}"],
    "Groq and others": [f"{kind}{filler(40)}" for kind in ("gsk_", "r8_", "xai-", "pplx-")],
    "DigitalOcean": [f"dop_v1_{filler(64)}"],
    "Databricks": [f"dapi{filler(32)}"],
    "HashiCorp": [f"hvs.{filler(24)}", f"{filler(14)}.atlasv1.{filler(60)}"],
    "Shopify": [f"shpat_{filler(32)}"],
    "Square": [f"sq0atp-{filler(22)}"],
    "Grafana": [f"glsa_{filler(40)}", f"glc_{filler(40)}"],
    "Linear and others": [f"{kind}{filler(40)}" for kind in ("lin_api_", "PMAK-", "sntrys_")],
    "Atlassian": [f"ATATT3{filler(60)}"],
    "New Relic": [f"NRAK-{filler(27).upper()}"],
    "Doppler": [f"dp.st.{filler(40)}"],
    "Figma and others": [f"{kind}{filler(40)}" for kind in ("figd_", "nfp_", "sbp_")],
    "Pulumi, PlanetScale": [f"pul-{filler(40)}", f"pscale_pw_{filler(40)}"],
    "Alibaba": [f"LTAI{filler(20)}"],
    "Facebook": [f"EAA{filler(80)}"],
    "1Password": [f"ops_eyJ{filler(60)}"],
    "age": [f"AGE-SECRET-KEY-1{filler(58).upper()}"],
}


@pytest.mark.parametrize("issuer", _ISSUERS)
def test_the_form_of_an_issuer_is_enough(issuer: str) -> None:
    for token in _ISSUERS[issuer]:
        shown = redacted(f'send("{token}", 3)\n')
        assert filler(6) not in shown.lower(), token
        assert shown.startswith('send("')
        assert shown.endswith('", 3)\n')


@pytest.mark.parametrize(
    "line",
    [
        "from qwen_lsp.features.tidying.whitespace import without_trailing_whitespace_of_lines",
        "const getUserAccountInformationFromDatabase2 = await fetchAccountV2();",
        'password = os.environ["DB_PASSWORD1"]',
        'password = getpass.getpass("Password: ")',
        'password = ""',
        'password = "password"',
        'password: "Your password must have 8 characters."',
        'api_key = "your-api-key-here"',
        'api_key = "<API_KEY>"',
        'token = f"{prefix}_{number}"',
        'token = "access_token"',
        'if token == "END_OF_FILE2":',
        'secret = settings.secret2 or settings["secret1"]',
        "def f(password=None, token=token2, api_key=config.api_key2, **rest): pass",
        'id = "6ba7b814-9dad-11d1-80b4-00c04fd430c8"',
        'sha256 = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"',
        '"integrity": "sha512-ZaW2R7DvQDtxCkFkVaxUeHvENm6IyqVhf6Q5oN12kDSrJozzx7I7tHjhBK7V5Xo=="',
        "# https://github.com/torvalds/linux/commit/7cf91a98e607c2f935dbcc177d70011e95b8faff",
        'url = "https://example.com/a/b?c=d#e"',
        'url = f"postgres://{user}:{password}@{host}/db"',
        "url = 'https://user:password@example.com'",
        "color: #a1b2c3d4; background: rgba(10, 20, 30, 0.5)",
        'ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"',
        "LLAMA_FTYPE_MOSTLY_Q3_K_M = 12",
        "digits = 31415926535897932384626433832795",
        "  .sk-toggleable-label-arrow:before { content: 'x'; }",
        '"""Basic authentication and bearer authentication are both supported."""',
    ],
)
def test_what_is_no_secret_is_left_as_it_is(line: str) -> None:
    assert redacted(line) == line


def test_the_words_and_quotes_around_a_secret_stay() -> None:
    text = 'headers = {"Authorization": "Bearer a1b2c3d4e5f6g7h8"}\nurl = "ftp://me:s3cr3t@host/x"'
    assert redacted(text) == (
        f'headers = {{"Authorization": "Bearer {"x" * 16}"}}\nurl = "ftp://me:xxxxxx@host/x"'
    )
    assert redacted('password = (\r\n    "hunter2"\r\n)') == 'password = (\r\n    "xxxxxxx"\r\n)'


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.sampled_from(["password", " = ", '"', "token", "\n", "\r", "://", "@", "(", "\\"]),
            st.text(string.ascii_letters + string.digits + "+/=_-", min_size=16, max_size=60),
        )
    ).map("".join)
)
def test_length_and_white_space_stay_whatever_the_text(text: str) -> None:
    shown = redacted(text)
    assert len(shown) == len(text)
    assert re.sub(r"\S", "x", shown) == re.sub(r"\S", "x", text)


@given(st.integers(0, 3000), st.integers(0, 1500), st.integers(0, 39))
def test_a_key_that_reaches_into_what_is_shown_is_hidden(place: int, most: int, seed: int) -> None:
    line, secret = planted("private key", seed)
    text = "x = 1\n" * 150 + line + "\n" + "y = 2\n" * 150
    offset = min(place, len(text))
    shown = without_secrets(document(text), offset, most).text
    near = shown[max(0, offset - most) : offset + most]
    assert len(shown) == len(text)
    assert not [part for part in secret.split("\n") if len(part) > 20 and part in near]


def test_a_place_in_or_behind_a_secret_is_known_and_one_beside_it_is_not() -> None:
    text = 'import os\nkey = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"\nprint(key)\n'
    start, end = text.index("ghp_"), text.index('"\nprint')
    at: Callable[[int], bool] = lambda offset: stands_at_secret(document(text), offset)  # noqa: E731
    assert [at(offset) for offset in (start, start + 9, end)] == [True] * 3
    assert [at(offset) for offset in (0, start - 2, end + 2, len(text))] == [False] * 4


@pytest.mark.parametrize(
    ("line", "stands"),
    [
        ('password = "hun|', True),
        ('password = "|"', True),
        ('os.environ["API_KEY"] = "sk|"', True),
        ('password = os.environ["|"]', False),
        ('token = "|"', False),
        ('name = "hun|"', False),
    ],
)
def test_a_secret_that_is_being_written_is_known_by_its_name(line: str, stands: bool) -> None:
    before, after = line.split("|")
    assert stands_at_secret(document(before + after), len(before)) is stands


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        *((name, True) for name in (".env", "app/.env.production", "C:\\work\\.ENV", "key.pem")),
        *((name, True) for name in ("id_rsa", "id_ed25519.bak", "server.key", ".netrc", ".npmrc")),
        *((name, True) for name in (".pypirc", "secrets.yaml", "secrets.json", "prod.tfvars")),
        *((name, True) for name in (".htpasswd", "kubeconfig", "/home/me/.kube/config")),
        *(
            (name, True)
            for name in ("credentials", "credentials.json", "file:///a/credentials.csv")
        ),
        *((name, True) for name in ("~/.ssh/work", "service-account.json", "a.p12")),
        *((name, False) for name in (".env.example", "secrets.py", "credentials.ts", "id_rsa.pub")),
        *((name, False) for name in ("environment.py", "monkey.py", "config", "keys.go", "a.keys")),
    ],
)
def test_files_that_hold_secrets_are_known_by_name(path: str, secret: bool) -> None:
    assert is_secret_file(path) is secret
