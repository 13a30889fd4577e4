"""
Signing requests for Amazon's services (Signature Version 4).

Who signs is said by the settings, or by the environment and the credentials file as Amazon's own
tools read them.
"""

import configparser
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tapewatch.alerting.channels.settings.sns import AwsSignature

ALGORITHM: Final = "AWS4-HMAC-SHA256"
FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True, slots=True)
class AwsKey:
    """Who signs."""

    access_key: str
    secret_key: str
    session_token: str = ""


def find_key(settings: AwsSignature, environment: Mapping[str, str], home: Path) -> AwsKey | None:
    """Look for a key: in the settings, the environment, the credentials file."""
    if settings.access_key and settings.secret_key:
        return AwsKey(settings.access_key, settings.secret_key.reveal())
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    if not settings.profile and environment.get(names[0]) and environment.get(names[1]):
        return AwsKey(*(environment.get(name, "") for name in names))
    return _from_file(settings, environment, home)


def find_region(settings: AwsSignature, environment: Mapping[str, str]) -> str:
    """Look for the region."""
    return (
        settings.region
        or environment.get("AWS_REGION", "")
        or environment.get("AWS_DEFAULT_REGION", "")
    )


def sign(
    url: str,
    body: bytes,
    *,
    key: AwsKey,
    region: str,
    service: str,
    now_ns: int,
    content_type: str = FORM,
) -> dict[str, str]:
    """Return the headers of a signed POST of a form."""
    moment = datetime.fromtimestamp(now_ns / 1e9, UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    headers = {"content-type": content_type, "host": parts.netloc, "x-amz-date": moment}
    if key.session_token:
        headers["x-amz-security-token"] = key.session_token
    signed = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name]}\n" for name in sorted(headers)]
    canonical = "\n".join(
        ("POST", parts.path or "/", parts.query, "".join(lines), signed, _sha256(body))
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join((ALGORITHM, moment, scope, _sha256(canonical.encode())))
    signature = _signature(key.secret_key, scope, to_sign)
    said = f"Credential={key.access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
    # The client writes the host itself.
    sent = {name: value for name, value in headers.items() if name != "host"}
    return {**sent, "Authorization": f"{ALGORITHM} {said}"}


def _signature(secret: str, scope: str, to_sign: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _from_file(settings: AwsSignature, environment: Mapping[str, str], home: Path) -> AwsKey | None:
    path = Path(environment.get("AWS_SHARED_CREDENTIALS_FILE", home / ".aws" / "credentials"))
    parser = configparser.ConfigParser(interpolation=None)
    if not parser.read(path):
        return None
    profile = settings.profile or environment.get("AWS_PROFILE", "default")
    if not parser.has_section(profile):
        return None
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    found = [parser.get(profile, name, fallback="") for name in names]
    return AwsKey(*found) if found[0] and found[1] else None


def environment() -> Mapping[str, str]:
    """Return the environment of this process."""
    return os.environ
