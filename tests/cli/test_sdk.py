def test_generate_writes_a_module(say, tmp_path):
    done = say("sdk", "generate", "example", "--out", "desk.py")
    assert done.exit_code == 0
    assert done.stderr == "desk.py: 4 metrics\n"
    text = (tmp_path / "desk.py").read_text()
    compile(text, "desk.py", "exec")
    assert say("sdk", "generate", "example").stdout == text


def test_a_service_that_the_pack_lacks_is_told(say):
    done = say("sdk", "generate", "example", "--service", "bott")
    assert done.exit_code == 2
    assert "example has no service 'bott'; did you mean bot?" in done.stderr


def test_a_pack_that_is_not_there_is_told(say):
    done = say("sdk", "generate", "nosuchpack")
    assert done.exit_code != 0
