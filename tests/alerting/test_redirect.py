import pytest

from tapewatch.alerting.settings import AlertingSettings
from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import read_text

SETTINGS = """
inbox: %s
route: {receiver: desk}
receivers: [{name: desk, slack_configs: [{api_url: "https://hooks.slack.example/real"}]}]
"""


def channel(inbox):
    settings = read_text(SETTINGS % inbox, AlertingSettings)
    ((integration,),) = settings.configuration().integrations.values()
    return integration.settings


def test_without_an_inbox_messages_go_where_they_should():
    assert channel("''").api_url.reveal() == "https://hooks.slack.example/real"


def test_with_an_inbox_they_go_there():
    assert channel("http://127.0.0.1:9").api_url.reveal() == (
        "http://127.0.0.1:9/to/desk/slack/webhook"
    )


def test_a_file_of_alertmanager_is_redirected_too(tmp_path):
    file = tmp_path / "alertmanager.yml"
    file.write_text(SETTINGS.split("\n", 2)[2])
    settings = read_text(f"{{inbox: 'http://localhost:9', config_file: {file}}}", AlertingSettings)
    ((integration,),) = settings.configuration().integrations.values()
    assert "localhost:9/to/desk" in integration.settings.api_url.reveal()


@pytest.mark.parametrize("url", ["http://10.0.0.1:7603", "http://127.0.0.1", "inbox", "[::1"])
def test_an_inbox_is_on_this_machine_and_names_its_port(url):
    with pytest.raises(DocumentError, match="is no inbox: write an address of this machine"):
        read_text(SETTINGS % f"'{url}'", AlertingSettings)
