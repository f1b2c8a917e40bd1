"""Files that are there to hold secrets, by their name alone."""

import re

# Names and endings in lower case, as their programs document them. A file of code whose name only
# sounds like it (`secrets.py`, `credentials.ts`) is code, and is looked through line by line.
_NAME = re.compile(
    r"\.env(?:\..*|rc)?|.+\.env|id_(?:rsa|dsa|ecdsa|ed25519)(?!.*\.pub$).*|\.?netrc|_netrc|\.npmrc"
    r"|\.yarnrc(?:\.yml)?|\.pypirc|\.htpasswd|\.pgpass|pgpass\.conf|\.my\.cnf|\.git-credentials"
    r"|\.dockercfg|\.s3cfg|\.boto|\.vault-token|kubeconfig.*|.+\.kubeconfig|.+\.tfvars(?:\.json)?"
    r"|.+\.tfstate(?:\.backup)?|.+\.(?:pem|key|p12|pfx|pkcs12|p8|jks|keystore|kdbx|ppk|asc|gpg"
    r"|age|ovpn|mobileprovision)|(?:local\.settings|service[-_]?account.*|client[-_]secret.*)\.json"
    r"|terraform\.rc|\.terraformrc|master\.key|\.?credentials|\.?secrets?"
    r"|\.?(?:credentials|secrets?)(?:[-_.].*)?\.(?:json|ya?ml|toml|ini|cfg|conf|xml|csv|txt|properties"
    r"|env|enc|db|plist)"
)
# Files that have plain names in folders that are not plain.
_PATH = re.compile(
    r".*(?:^|/)(?:\.kube/config|\.docker/config\.json|\.ssh/(?!.*\.pub$)[^/]+|\.gnupg/.+)"
)
_EXAMPLE = re.compile(r"\.env\.(?:example|sample|template|dist)")


def is_secret_file(path: str) -> bool:
    """Say whether a path or URI of any platform names a file that is there to hold secrets."""
    plain = path.replace("\\", "/").lower()
    name = plain.rpartition("/")[2]
    if _EXAMPLE.fullmatch(name):
        return False
    return _NAME.fullmatch(name) is not None or _PATH.fullmatch(plain) is not None
