"""The door for people: budgets on guessing, operators too, and what an outage says."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, override_settings

from exchange.gateway.people import TOO_MANY

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery 9"
NOWHERE = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "unix:///tmp/nobody-listens-here.sock",
    }
}


@pytest.fixture(autouse=True)
def full_budgets() -> Iterator[None]:
    """Nobody has guessed yet; and guessing costs us no second each."""
    cache.clear()
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", password=PASSWORD)


def log_in(name: str, password: str = "wrong", address: str = "192.0.2.1") -> str:
    response = Client(REMOTE_ADDR=address).post(
        "/accounts/login/", {"login": name, "password": password}
    )
    return "in" if response.status_code == 302 else response.text


def test_guesses_for_a_name_from_an_address_end(alice: User) -> None:
    answers = [log_in("alice") for _ in range(6)]

    assert [TOO_MANY in answer for answer in answers] == [False] * 5 + [True]
    assert TOO_MANY in log_in("alice", PASSWORD)
    assert log_in("alice", PASSWORD, "192.0.2.2") == "in"


def test_a_name_that_nobody_has_is_refused_in_the_same_words(alice: User) -> None:
    def words(text: str) -> str:
        return text.partition("<main")[2].replace("nobody", "alice").split("csrfmiddleware")[0]

    known = [log_in("alice", address="192.0.2.1") for _ in range(6)]
    unknown = [log_in("nobody", address="192.0.2.3") for _ in range(6)]

    assert list(map(words, known)) == list(map(words, unknown))


@pytest.mark.parametrize("other", ["ALICE", " alice ", "ａlice", "alıce"])
def test_another_spelling_is_no_other_budget(alice: User, other: str) -> None:
    for _ in range(5):
        log_in("alice")

    assert TOO_MANY in log_in(other)


def test_many_addresses_together_find_an_end(alice: User) -> None:
    answers = [log_in("alice", address=f"198.51.100.{i}") for i in range(51)]

    assert [TOO_MANY in answer for answer in answers] == [False] * 50 + [True]


def test_one_address_finds_an_end_over_many_names() -> None:
    answers = [log_in(f"name-{i}") for i in range(31)]

    assert TOO_MANY not in answers[29]
    assert TOO_MANY in answers[30] or "Too many requests" in answers[30]


def test_neighbours_of_an_ipv6_network_share_a_budget(alice: User) -> None:
    for i in range(5):
        log_in("alice", address=f"2001:db8::{i + 1}")

    assert TOO_MANY in log_in("alice", address="2001:db8::ffff")


def test_logins_that_succeed_do_not_use_the_budget_up(alice: User) -> None:
    assert {log_in("alice", PASSWORD) for _ in range(8)} == {"in"}


def test_operators_come_in_by_the_same_door(client: Client) -> None:
    User.objects.create_superuser("operator", password=PASSWORD)

    asked = client.get("/admin/login/?next=/admin/")
    tried = client.post("/admin/login/", {"username": "operator", "password": PASSWORD})

    assert (asked.status_code, tried.status_code) == (302, 302)
    assert asked.headers["Location"].startswith("/accounts/login/")
    assert tried.headers["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session


def test_a_form_from_elsewhere_is_refused(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)

    response = strict.post("/accounts/login/", {"login": "alice", "password": PASSWORD})

    assert response.status_code == 403


def test_nobody_is_let_in_while_valkey_is_away(alice: User) -> None:
    with override_settings(CACHES=NOWHERE):
        client = Client(raise_request_exception=False)
        client.cookies["theme"] = "light"
        response = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})

    assert response.status_code == 503
    assert "Back in a moment" in response.text
    assert 'style="color-scheme: light"' in response.text


@override_settings(SIGNUP_OPEN=False)
def test_a_venue_that_takes_nobody_says_so(client: Client) -> None:
    fields = {"username": "mallory", "password1": PASSWORD, "password2": PASSWORD}

    response = client.post("/accounts/signup/", fields)

    assert not User.objects.filter(username="mallory").exists()
    assert "_auth_user_id" not in client.session
    assert response.status_code == 200
