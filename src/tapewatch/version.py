"""The package's version, read by the build, the CLI and the HTTP faces."""

VERSION = "0.1.0"
