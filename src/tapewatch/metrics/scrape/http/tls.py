"""TLS contexts, made anew when the files behind them change."""

import ssl
import tempfile
from pathlib import Path
from typing import Final, TypeAlias

from tapewatch.metrics.scrape.errors import Unreachable
from tapewatch.metrics.scrape.http.settings import TlsSettings

Stamp: TypeAlias = tuple[int, ...]

_VERSIONS: Final = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}


class TlsContexts:
    """Holds the one context of its settings."""

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._context: ssl.SSLContext | None = None
        self._stamp: Stamp = ()

    def current(self) -> ssl.SSLContext:
        """Return the context; raises ``Unreachable`` where its files cannot be used."""
        try:
            stamp = self._files_stamp()
            if self._context is None or stamp != self._stamp:
                self._context = make_context(self._settings)
                self._stamp = stamp
        except (OSError, ValueError) as fault:
            raise Unreachable("tls_config", str(fault)) from None
        return self._context

    def _files_stamp(self) -> Stamp:
        settings = self._settings
        files = (settings.ca_file, settings.cert_file, settings.key_file)
        return tuple(file.stat().st_mtime_ns for file in files if file is not None)


def make_context(settings: TlsSettings) -> ssl.SSLContext:
    """Build a context for clients."""
    own_trust = settings.ca_file is not None or settings.ca
    context = (
        ssl.create_default_context(cafile=settings.ca_file, cadata=settings.ca or None)
        if own_trust
        else ssl.create_default_context()
    )
    if settings.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.min_version:
        context.minimum_version = _VERSIONS[settings.min_version]
    if settings.max_version:
        context.maximum_version = _VERSIONS[settings.max_version]
    _load_own_certificate(context, settings)
    return context


def _load_own_certificate(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if not (settings.cert or settings.cert_file):
        return
    # The library reads certificates from files only; what stands in the document passes through
    # a directory that nobody else can read.
    with tempfile.TemporaryDirectory(prefix="tapewatch-") as folder:
        key_text = settings.key.reveal() if settings.key else ""
        cert = settings.cert_file or _written(Path(folder) / "cert.pem", settings.cert)
        key = settings.key_file or _written(Path(folder) / "key.pem", key_text)
        context.load_cert_chain(cert, key)


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="ascii")
    return path
