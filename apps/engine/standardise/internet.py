"""E-mail addresses and websites: the address, and the domain that somebody had to register."""

import re
from functools import lru_cache
from typing import Final

import tldextract
from email_validator import EmailNotValidError, validate_email

from apps.engine.standardise.contract import Parts
from apps.engine.standardise.folding import visible_text
from apps.engine.standardise.placeholders import is_placeholder_text
from apps.engine.tables import load_lines

_LONGEST_ADDRESS: Final = 254
_LONGEST_URL: Final = 500
_PLAIN_ADDRESS: Final = re.compile(
    r"[a-z0-9][a-z0-9_+-]{0,63}(?:\.[a-z0-9_+-]{1,63}){0,8}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}\Z"
)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,20}:/{1,3}|//|mailto:")
_HOST_END: Final = re.compile(r"[/?#\s,;]")
_HOST: Final = re.compile(r"[^\s@<>\"'()\[\]{}|\\^`]{1,253}\Z")
_FREE_MAIL: Final = load_lines("free_mail.txt")
_NOBODY: Final = frozenset(
    [
        "noreply", "no-reply", "no.reply", "no_reply", "donotreply", "do-not-reply", "do.not.reply", "nobody", "none",
        "na", "test", "unknown", "noemail", "no-email", "nomail", "no", "email", "example", "null", "xxx", "x",
        "abc", "asdf", "dummy", "placeholder", "invalid",
    ]
)  # fmt: skip
_NO_COMPANY_DOMAINS: Final = frozenset(
    [
        "example.com", "example.org", "example.net", "example.invalid", "test.com", "test.de", "test.test",
        "domain.com", "email.invalid", "none.com", "noemail.com", "nomail.com", "unknown.com", "na.com",
        "placeholder.com", "localhost.com", "xxx.com",
    ]
)  # fmt: skip
_SUFFIXES: Final = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
_NO_ADDRESS: Final[Parts] = (None, None)


def standardise_email(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return the address in lower case and its registrable domain; no domain for free mail, nothing for nobody@."""
    text = visible_text(raw).lower().removeprefix("mailto:").strip(" <>;,\"'")
    if len(text) > _LONGEST_ADDRESS or "@" not in text:
        return _NO_ADDRESS
    address = text if _PLAIN_ADDRESS.match(text) else _validated(text)
    if address is None:
        return _NO_ADDRESS
    local, _, host = address.rpartition("@")
    domain = registrable_domain(host)
    if domain is None or domain in _NO_COMPANY_DOMAINS:
        return _NO_ADDRESS
    if domain in _FREE_MAIL:
        return (None if local in _NOBODY else address), None
    return (None if local in _NOBODY else address), domain


def _validated(text: str) -> str | None:
    try:
        checked = validate_email(text, check_deliverability=False)
    except (EmailNotValidError, ValueError):
        return None
    return (checked.ascii_email or checked.normalized).lower()


def standardise_website(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return the registrable domain of a web address in any spelling; null for free mail and placeholder domains."""
    text = visible_text(raw[:_LONGEST_URL]).lower()
    host = (
        _HOST_END.split(_SCHEME.sub("", text, count=1), maxsplit=1)[0].rpartition("@")[2].partition(":")[0].strip(".")
    )
    if not _HOST.match(host) or "." not in host or is_placeholder_text(host):
        return (None,)
    domain = registrable_domain(host)
    return (None if domain is None or domain in _FREE_MAIL or domain in _NO_COMPANY_DOMAINS else domain,)


@lru_cache(maxsize=65_536)
def registrable_domain(host: str) -> str | None:
    """Return the domain under a public suffix, in ASCII, by the suffix list bundled with the library; None if none."""
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
        found = _SUFFIXES.extract_str(ascii_host)
    except (UnicodeError, ValueError):
        return None
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else None
