"""Settings of ``sns_configs``: Amazon's notification service."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults
from tapewatch.document.fields import option
from tapewatch.metrics.scrape.secrets import InlineSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSignature:
    """How requests are signed; unsaid, the environment knows."""

    region: str = option("The region.", default="")
    access_key: str = option("The id of our key.", default="")
    secret_key: InlineSecret | None = option("Our key.", default=None)
    profile: str = option("The section of the credentials file.", default="")
    role_arn: str = option("The role to take.", default="")
    external_id: str = option("What the role asks for.", default="")
    use_fips_sts_endpoint: bool = option(
        "Whether roles are taken at the FIPS endpoint.", default=False
    )

    def faults(self) -> Faults:
        """Check that the key is whole."""
        if bool(self.access_key) is not bool(self.secret_key):
            yield "secret_key", "access_key and secret_key are given together"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsSettings(ChannelSettings):
    """One topic, device or telephone."""

    api_url: str = option("The endpoint; unsaid, the region's.", default="")
    sigv4: AwsSignature = option("", default_factory=AwsSignature)
    topic_arn: str = option("The topic,", default="")
    phone_number: str = option("or the telephone,", default="")
    target_arn: str = option("or the device.", default="")
    subject: str = option("The subject.", default='{{ template "sns.default.subject" . }}')
    message: str = option("The words.", default='{{ template "sns.default.message" . }}')
    attributes: dict[str, str] = option("Attributes of the message.", default_factory=dict)
    use_aws_http_client: bool = option(
        "Read and kept for compatibility; requests are always ours.", default=False
    )

    def faults(self) -> Faults:
        """Check that there is one destination."""
        given = [
            name for name in ("topic_arn", "phone_number", "target_arn") if getattr(self, name)
        ]
        if len(given) != 1:
            yield "", "needs exactly one of topic_arn, target_arn and phone_number"
