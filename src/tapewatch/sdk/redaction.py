"""
Taking out of a line what must not leave the process.

Secrets are removed: keys, passwords, signatures, tokens in headers and URLs, private keys, e-mail
addresses. Account ids are replaced by a keyed hash, so that lines of one account still belong
together while nobody without the key can tell whose they are. A line with nothing to hide costs a
few searches for plain words.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

KEY_VARIABLE: Final = "TAPEWATCH_REDACTION_KEY"
REMOVED: Final = "[redacted]"

_REMEMBERED_MAX: Final = 4096
_DEPTH_MAX: Final = 8

_HIDDEN_WORDS: Final = (
    r"secret|token|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|signing[_-]?key|signature|listen[_-]?key|authorization|cookie|session[_-]?id|credential"
)
_HIDDEN_NAME: Final = re.compile(rf"(?i){_HIDDEN_WORDS}")
_ACCOUNT_WORDS: Final = (
    r"(?:sub[_-]?)?account(?:[_-]?(?:id|number|no))?|acct(?:[_-]?id)?|uid|user[_-]?id|client[_-]?id"
)
_ACCOUNT_NAME: Final = re.compile(rf"(?i)(?:{_ACCOUNT_WORDS})")


class Rule(NamedTuple):
    """One kind of secret: the lowercase words without which it cannot be in a text, its form."""

    words: tuple[str, ...]
    form: re.Pattern[str]
    replacement: str


# Every repetition is bounded or cannot overlap what follows it, so no text takes quadratic time.
_ASSIGNED: Final = (
    Rule(
        ("secret", "token", "pass", "key", "sign", "auth", "cookie", "session", "cred"),
        re.compile(
            rf"(?i)(?<![A-Za-z0-9])([\w-]{{0,40}}(?:{_HIDDEN_WORDS})[\w-]{{0,40}}"
            r"\\?[\"']?[ ]{0,4}[=:][ ]{0,4}\\?[\"']?)"
            r"(?!\[redacted\]|bearer |basic )([^\s\"'\\&,;})\]]{1,4096})"
        ),
        rf"\1{REMOVED}",
    ),
    Rule(("bot",), re.compile(r"(?i)(\bbot)[0-9]{6,12}:[\w-]{30,64}"), rf"\1{REMOVED}"),
)
_ADDRESSED: Final = (
    Rule(("@",), re.compile(r"://[^/\s:@]{0,256}:[^/\s@]{1,256}@"), f"://{REMOVED}@"),
    Rule(
        ("@",),
        re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b"),
        REMOVED,
    ),
)
_BARE: Final = (
    Rule(
        ("private key-----",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----"
            r"(?:.*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|.*)",
            re.DOTALL,
        ),
        REMOVED,
    ),
    Rule(
        ("bearer ", "basic "),
        re.compile(
            r"(?i)\b(bearer [ ]{0,4}|basic [ ]{0,4}(?=[A-Za-z0-9+/]{16}))[\w.~+/=-]{6,4096}"
        ),
        rf"\1{REMOVED}",
    ),
    Rule(
        ("eyj",),
        re.compile(r"\beyJ[\w-]{8,4096}\.[\w-]{8,4096}(?:\.[\w-]{0,4096})?"),
        REMOVED,
    ),
    Rule(("xox",), re.compile(r"\bxox[abeprs]-[\w-]{10,256}"), REMOVED),
    Rule(
        ("hooks.slack.com", "/api/webhooks"),
        re.compile(
            r"((?:hooks\.slack\.com/\w{1,20}|discord(?:app)?\.com/api/webhooks)/)[\w/-]{8,256}"
        ),
        rf"\1{REMOVED}",
    ),
    Rule(("akia", "asia"), re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), REMOVED),
    Rule(("ghp_", "gho_", "ghs_"), re.compile(r"\bgh[pos]_[A-Za-z0-9]{36,255}\b"), REMOVED),
)
_ACCOUNT: Final = Rule(
    ("acc", "uid", "user", "client"),
    re.compile(
        rf"(?i)(?<![A-Za-z0-9])((?:{_ACCOUNT_WORDS})\\?[\"']?[ ]{{0,4}}[=:][ ]{{0,4}}\\?[\"']?)"
        r"(?!acct-[0-9a-f]{12}\b)([A-Za-z0-9][\w-]{2,127})"
    ),
    "",
)
RULES: Final = (*_BARE, *_ASSIGNED, *_ADDRESSED)

# The shortest secret that stands by itself: ``Bearer`` and six letters.
_BARE_MIN: Final = 13


class Redactor:
    """
    Cleans texts and fields.

    ``key`` (or the environment's ``TAPEWATCH_REDACTION_KEY``) is what account ids are hashed with;
    give every process the same one and their hashes agree. Without one each process draws its own.
    ``keep`` names fields that are shown although their names sound secret (``token`` where it
    means a coin).
    """

    def __init__(self, key: bytes | None = None, *, keep: Iterable[str] = ()) -> None:
        given = os.environ.get(KEY_VARIABLE, "").encode()
        self._key = key or given or os.urandom(32)
        self._treatments: dict[str, Callable[[object], object]] = dict.fromkeys(keep, _as_it_is)
        self._hashes: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Take secrets out of a text."""
        lowered = text.lower()
        if len(text) >= _BARE_MIN:
            text = _apply(_BARE, text, lowered)
        if "=" in lowered or ":" in lowered:
            text = self._assigned(text, lowered)
        if "@" in lowered:
            text = _apply(_ADDRESSED, text, lowered)
        return text

    def _assigned(self, text: str, lowered: str) -> str:
        text = _apply(_ASSIGNED, text, lowered)
        for word in _ACCOUNT.words:
            if word in lowered:
                return _ACCOUNT.form.sub(self._hash_match, text)
        return text

    def fields(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Clean every field, by its name first and by its text then."""
        return {name: self.field(name, value) for name, value in fields.items()}

    def field(self, name: str, value: object) -> object:
        """Clean one field."""
        treatment = self._treatments.get(name)
        if treatment is None:
            treatment = self._treatment(name)
            if len(self._treatments) < _REMEMBERED_MAX:
                self._treatments[name] = treatment
        return treatment(value)

    def account(self, account: object) -> object:
        """Replace an account id by its keyed hash, ``acct-`` and twelve digits."""
        if account is None or account == "":
            return account
        return self._hash(str(account))

    def _treatment(self, name: str) -> Callable[[object], object]:
        if _HIDDEN_NAME.search(name):
            return _remove
        if _ACCOUNT_NAME.fullmatch(name):
            return self.account
        return self._value

    def _value(self, value: object, depth: int = _DEPTH_MAX) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (int, float)) or value is None:
            return value
        if depth == 0:
            return REMOVED
        if isinstance(value, Mapping):
            return {str(name): self._inner(str(name), each, depth) for name, each in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._value(each, depth - 1) for each in value]
        return self.text(str(value))

    def _inner(self, name: str, value: object, depth: int) -> object:
        treatment = self._treatment(name)
        return self._value(value, depth - 1) if treatment == self._value else treatment(value)

    def _hash_match(self, match: re.Match[str]) -> str:
        return match[1] + self._hash(match[2])

    def _hash(self, account: str) -> str:
        known = self._hashes.get(account)
        if known is None:
            import hmac

            known = "acct-" + hmac.digest(self._key, account.encode(), "sha256").hex()[:12]
            if len(self._hashes) < _REMEMBERED_MAX:
                self._hashes[account] = known
        return known


def _apply(rules: tuple[Rule, ...], text: str, lowered: str) -> str:
    for words, form, replacement in rules:
        for word in words:
            if word in lowered:
                text = form.sub(replacement, text)
                break
    return text


def _remove(value: object) -> object:
    return REMOVED if value not in (None, "") else value


def _as_it_is(value: object) -> object:
    return value
