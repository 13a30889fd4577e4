import pytest

from tapewatch.document.reading import read_text
from tapewatch.metrics.scrape.http.origin import Origin, split_url
from tapewatch.metrics.scrape.http.proxy import ProxyChoice, is_exempt
from tapewatch.metrics.scrape.http.settings import HttpSettings


def origin(url):
    return split_url(url)[0]


def choice(text, **environment):
    return ProxyChoice(read_text(text, HttpSettings), environment)


@pytest.mark.parametrize(
    ("no_proxy", "url", "exempt"),
    [
        ("", "http://localhost/", True),
        ("", "http://127.0.0.1:1/", True),
        ("", "http://venue.example/", False),
        ("*", "http://venue.example/", True),
        ("venue.example", "http://venue.example/", True),
        ("venue.example", "http://api.venue.example/", True),
        (".venue.example", "http://venue.example/", False),
        ("*.venue.example", "http://api.venue.example/", True),
        ("venue.example:8080", "http://venue.example/", False),
        ("venue.example:8080", "http://venue.example:8080/", True),
        ("10.0.0.0/8", "http://10.1.2.3/", True),
        ("10.0.0.0/8", "http://11.1.2.3/", False),
        ("a, 10.1.2.3", "http://10.1.2.3/", True),
    ],
)
def test_no_proxy_names_hosts_domains_and_networks(no_proxy, url, exempt):
    assert is_exempt(origin(url), no_proxy) is exempt


def test_a_named_proxy_serves_every_host_that_is_not_exempt():
    chosen = choice("{proxy_url: 'http://u:p%40@proxy:3128', no_proxy: inside.example}")
    proxy = chosen.for_origin(origin("http://out.example/"))
    assert (proxy.origin, proxy.authorization) == (Origin("http", "proxy", 3128), "Basic dTpwQA==")
    assert chosen.for_origin(origin("http://inside.example/")) is None


def test_the_environment_is_only_asked_where_settings_say_so():
    assert choice("{}", HTTP_PROXY="http://p:1").for_origin(origin("http://a/")) is None
    chosen = choice("{proxy_from_environment: true}", https_proxy="p:1", NO_PROXY="b")
    assert chosen.for_origin(origin("https://a/")).origin == Origin("http", "p", 1)
    assert chosen.for_origin(origin("http://a/")) is None
    assert chosen.for_origin(origin("https://b/")) is None
