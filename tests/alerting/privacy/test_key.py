import stat

from tapewatch.alerting.privacy.key import KEY_FILE, load_key


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("TAPEWATCH_REDACTION_KEY", raising=False)
    key = load_key(tmp_path)
    assert len(key) == 32
    assert load_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_a_desk_may_share_one_key(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPEWATCH_REDACTION_KEY", "shared")
    assert load_key(tmp_path) == b"shared"
    assert not (tmp_path / KEY_FILE).exists()
