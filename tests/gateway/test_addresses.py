"""Where a caller is, behind proxies and without (gateway/addresses.py)."""

import pytest

from exchange.gateway.addresses import LOCAL, Proxies, budget_subject, parse_network


@pytest.mark.parametrize(
    ("named", "peer", "forwarded", "caller"),
    [
        ("", "198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        ("", "127.0.0.1", ["203.0.113.9"], "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", "127.0.0.1", ["10.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", "127.0.0.1", ["10.1.1.1", "203.0.113.9"], "203.0.113.9"),
        (
            "127.0.0.1,10.0.0.0/8",
            "127.0.0.1",
            ["1.2.3.4, 203.0.113.9, 10.2.2.2"],
            "203.0.113.9",
        ),
        ("10.0.0.0/8", "10.1.1.1", ["10.2.2.2"], "10.2.2.2"),
        ("127.0.0.1", "127.0.0.1", ["203.0.113.9, nonsense"], "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", [""], "127.0.0.1"),
        ("::1", "::1", ["2001:db8::7"], "2001:db8::7"),
        ("127.0.0.1", "::ffff:127.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("unix", None, ["203.0.113.9"], "203.0.113.9"),
        ("", None, ["203.0.113.9"], LOCAL),
        ("unix", "127.0.0.1", ["203.0.113.9"], "127.0.0.1"),
    ],
)
def test_only_proxies_that_are_named_are_believed(
    named: str, peer: str | None, forwarded: list[str], caller: str
) -> None:
    assert Proxies(named).caller(peer, [value.encode() for value in forwarded]) == caller


@pytest.mark.parametrize("named", ["nobody", "10.0.0.1/8", "10.0.0.0/33", "１.2.3.4"])
def test_a_proxy_that_is_no_address_ends_the_start(named: str) -> None:
    with pytest.raises(ValueError):
        Proxies(named)


def test_an_ipv4_network_inside_ipv6_is_that_network() -> None:
    assert str(parse_network("::ffff:10.0.0.0/104")) == "10.0.0.0/8"


def test_neighbours_of_one_ipv6_network_share_a_budget() -> None:
    assert budget_subject("2001:db8:0:1::7") == budget_subject("2001:db8:0:1:ffff::9")
    assert budget_subject("2001:db8:0:2::7") != budget_subject("2001:db8:0:1::7")
    assert budget_subject("192.0.2.1") != budget_subject("192.0.2.2")
