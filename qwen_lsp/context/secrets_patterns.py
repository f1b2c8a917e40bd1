"""Shapes of keys and tokens that their issuers make easy to know.

Each is written from what its issuer publishes of its form, usually a prefix. What has no form of
its own is found by its name or by how random it looks (`secrets_values.py`).
"""

import re

# (issuer, pattern). The whole match is hidden. No pattern needs to say where the token begins: it
# never stands behind a letter or a digit.
_TOKENS: tuple[tuple[str, str], ...] = (
    ("AWS, access key id", r"(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AIPA|AROA|ANPA)[A-Z0-9]{16}"),
    ("GitHub", r"gh[oprsu]_[A-Za-z0-9]{20,}"),
    ("GitHub, fine-grained", r"github_pat_\w{22,}"),
    ("GitLab", r"gl(?:pat|dt|rt|ptt|cbt|ft|oas|agent|soat|imt|ffct)-[\w.-]{20,}"),
    ("Slack", r"xox[a-z](?:\.xox[a-z])?-[\w-]{10,}"),
    ("Slack, app", r"xapp-\d-[\w-]{20,}"),
    ("Slack, webhook", r"(?<=hooks\.slack\.com/services/)T\w{6,}/B\w{6,}/\w{16,}"),
    ("Stripe", r"[prs]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    ("Stripe, webhook", r"whsec_[A-Za-z0-9+/=]{20,}"),
    ("OpenAI, Anthropic, OpenRouter", r"sk-(?:proj|svcacct|admin|ant|or)-[\w-]{16,}"),
    ("OpenAI, older", r"sk-(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}"),
    ("Google, API key", r"AIza[\w-]{35}"),
    ("Google, OAuth", r"ya29\.[\w-]{20,}"),
    ("Google, client secret", r"GOCSPX-[\w-]{20,}"),
    ("Google, refresh token", r"1//0[\w-]{20,}"),
    ("Azure, storage and service keys", r"[A-Za-z0-9+/]{86}=="),
    ("Azure, application secret", r"[\w~.-]{3}\dQ~[\w~.-]{31,34}"),
    ("npm", r"npm_[A-Za-z0-9]{30,}"),
    ("PyPI", r"pypi-[\w-]{32,}"),
    ("RubyGems", r"rubygems_[0-9a-f]{40,}"),
    ("Docker", r"dckr_(?:pat|oat)_[\w-]{20,}"),
    ("JSON web token", r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?"),
    ("Twilio", r"(?:AC|SK)[0-9a-f]{32}"),
    ("SendGrid", r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    ("Mailgun", r"key-[0-9a-f]{32}"),
    ("Mailchimp", r"[0-9a-f]{32}-us\d{1,2}"),
    ("Telegram, bot", r"\d{8,10}:[\w-]{35}"),
    ("Discord, bot", r"[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}"),
    ("Hugging Face", r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    ("Groq, Replicate, xAI, Perplexity", r"(?:gsk_|r8_|xai-|pplx-)[A-Za-z0-9]{30,}"),
    ("DigitalOcean", r"do[opr]_v1_[0-9a-f]{64}"),
    ("Databricks", r"dapi[0-9a-f]{32}(?:-\d)?"),
    ("HashiCorp", r"hv[bs]\.[\w-]{20,}|[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}"),
    ("Shopify", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("Square", r"sq0[a-z]{3}-[\w-]{20,}"),
    ("Grafana", r"gl(?:sa|c)_[\w+/=]{30,}"),
    ("Linear, Postman, Sentry", r"(?:lin_api_|PMAK-|sntry[su]_)[\w+/=-]{24,}"),
    ("Atlassian", r"ATATT3[\w+/=-]{40,}"),
    ("New Relic", r"NRAK-[A-Z0-9]{27}"),
    ("Doppler", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,}"),
    ("Figma, Netlify, Supabase", r"(?:figd_|nfp_|sbp_)[\w-]{30,}"),
    ("Pulumi, PlanetScale", r"(?:pul-|pscale_(?:tkn|pw|oauth)_)[\w.-]{30,}"),
    ("Alibaba", r"LTAI[A-Za-z0-9]{16,}"),
    ("Facebook", r"EAA[A-Za-z0-9]{60,}"),
    ("1Password", r"ops_eyJ[\w+/=-]{40,}"),
    ("age", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
)
TOKEN = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(pattern for _, pattern in _TOKENS)})")

# Every token above is a run of these signs, at least so long.
TOKEN_RUN = re.compile(r"[\w+/=.:~-]{20,}", re.ASCII)

# Where a private key in PEM begins and ends, and what a line of one looks like, in a string too.
KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
KEY_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
KEY_LINE = re.compile(
    r"[^A-Za-z0-9]*(?:[A-Za-z0-9+/=]{16,}|[\w-]+: [\w, -]+)?[^A-Za-z0-9]*n?[^A-Za-z0-9]*"
)

URL_PASSWORD = re.compile(r"\w://[^\s/:@'\"`<>]*:(?P<secret>[^\s/@'\"`<>]+)@")

# What stands behind the name of a scheme of authorization, and in a connection string or a query.
IN_CONTEXT: tuple[re.Pattern[str], ...] = (
    re.compile(r"\b(?i:bearer|basic|token|apikey)[ :=]{1,2}(?P<secret>[\w.~+/=-]{12,})", re.ASCII),
    re.compile(
        r"(?i:(?:account|shared|access|secret)key|sig|signature|password|pwd)="
        r"(?P<secret>[^\s;&\"'`<>(){},]{8,})"
    ),
)

# What a random value follows that is known to be no secret: the name or the mark of a checksum.
CHECKSUM_BEFORE = re.compile(
    r"(?i:sha-?\d*|md5|hash(?:es)?|checksums?|digest|integrity|crc\d*|etag|fingerprint|commit"
    r"|revision|\brev|\bref|oid|blake\w+)(?:sum)?[\"'`\])]*\s*(?:=>|==?|[:,(\[{@-])?\s*[rbuRBU]?"
    r"[\"'`]?(?:sha\d+[-:])?\Z"
)
