"""Made-up secrets of all kinds, each in a line of code as it may stand in a program."""

import base64
import random
import re
import string

_ALNUM = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_URL = _ALNUM + "-_"
# A kind with the parts of its secret: a text, or a count with the signs it is made of.
_FORMS: dict[str, tuple[str | tuple[int, str], ...]] = {
    "aws id": ("AKIA", (16, string.ascii_uppercase + "234567")),
    "github": ("ghp_", (36, _ALNUM)),
    "github fine": ("github_pat_", (22, _ALNUM), "_", (59, _ALNUM)),
    "gitlab": ("glpat-", (20, _URL)),
    "slack": ("xoxb-", (12, string.digits), "-", (12, string.digits), "-", (24, _ALNUM)),
    "stripe": ("sk_live_", (24, _ALNUM)),
    "stripe restricted": ("rk_live_", (24, _ALNUM)),
    "openai": ("sk-proj-", (48, _URL)),
    "anthropic": ("sk-ant-api03-", (80, _URL)),
    "google": ("AIza", (35, _URL)),
    "google oauth": ("ya29.", (60, _URL)),
    "azure": ((86, _ALNUM + "+/"), "=="),
    "npm": ("npm_", (36, _ALNUM)),
    "pypi": ("pypi-AgEIcHlwaS5vcmc", (90, _URL)),
    "jwt": ("eyJhbGciOiJIUzI1NiJ9.eyJ", (60, _URL), ".", (43, _URL)),
    "twilio": ("SK", (32, _HEX)),
    "sendgrid": ("SG.", (22, _URL), ".", (43, _URL)),
    "telegram": ((10, "123456789"), ":AA", (33, _URL)),
    "discord": ("M", (23, _ALNUM), ".", (6, _ALNUM), ".", (38, _URL)),
    "hugging face": ("hf_", (34, string.ascii_letters)),
    "digitalocean": ("dop_v1_", (64, _HEX)),
    "databricks": ("dapi", (32, _HEX)),
    "aws secret": ((40, _ALNUM + "+/"),),
    "random hex": ((48, _HEX),),
    "random base64": ((44, _ALNUM + "+/"),),
}
_LINES = {
    "in quotes": 'value = "{}"',
    "in a call": "    client = Client(host, '{}', 3)",
    "in a comment": "# to try: {}",
    "in a dictionary": '    settings = {{"a": 1, "b": "{}"}}',
}
_CONTEXTS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "password": (
        (
            'password = "{}"',
            'db_password: str = "{}"',
            "connect(user='me', password='{}')",
            'if self.password == "{}":',
            '    "password": "{}",',
            'const char *pwd = "{}";',
            '"password" => "{}",',
            "DB_PASSWORD={}",
            'config.set("password", "{}")',
        ),
        10,
        _ALNUM + "!%*",
    ),
    "api key": (
        (
            'API_KEY = "{}"',
            "os.environ['API_KEY'] = '{}'",
            'let secretKey: string = "{}";',
            'private_key = (\n    "{}"\n)',
            "export AUTH_TOKEN={}",
            'clientSecret := "{}"',
        ),
        16,
        string.ascii_lowercase + string.digits,
    ),
    "url": (
        ('url = "postgres://admin:{}@db.example.com/shop"', "# git clone https://me:{}@host/x"),
        9,
        _ALNUM,
    ),
    "bearer": (
        ('h = {{"Authorization": "Bearer {}"}}', "# -H 'Authorization: Basic {}'"),
        24,
        _ALNUM,
    ),
    "connection": (
        ("c = 'Server=db;User=me;Password={};Timeout=3'", 'c = "x;AccountKey={};y=z"'),
        16,
        _ALNUM,
    ),
}
KINDS = (*_FORMS, *_CONTEXTS, "private key", "private key in JSON")


def planted(kind: str, seed: int) -> tuple[str, str]:
    """Return code with a secret of a kind in it, and the secret."""
    chance = random.Random(seed)  # noqa: S311 - the same ones in each run
    if kind.startswith("private key"):
        # The last line has 16 signs: too few to look random on their own.
        body = base64.b64encode(chance.randbytes(588)).decode()
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        line_end = "\\n" if kind.endswith("JSON") else "\n"
        secret = line_end.join(lines)
        begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
        return f'key = """{begin}{line_end}{secret}{line_end}{end}"""', secret
    if kind in _FORMS:
        parts = _FORMS[kind]
        secret = "".join(
            part if isinstance(part, str) else "".join(chance.choices(part[1], k=part[0]))
            for part in parts
        )
        return chance.choice(list(_LINES.values())).format(secret), secret
    lines, length, signs = _CONTEXTS[kind]
    # At least one sign of each sort, as a generator of passwords writes them.
    secret = "".join(chance.choices(signs, k=length - 3))
    at = chance.randrange(1, len(secret))
    return chance.choice(lines).format(secret := f"{secret[:at]}7k4{secret[at:]}"), secret


def unbroken(text: str) -> str:
    """Return a text without the white space that a key may be broken at."""
    return re.sub(r"\s", "", text)
