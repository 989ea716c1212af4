"""Pages without a browser: the policy they carry, and what they say while the venue is down."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from exchange import selectors
from exchange.gateway import onboarding, pages, pictures, views
from exchange.gateway.figures import Figures
from exchange.gateway.finders import LightweightChartsFinder
from exchange.gateway.state import Component, Health, Look
from exchange.models import Maintenance
from exchange.pipeline.halts import Halt

pytestmark = pytest.mark.usefixtures("patient_pages")

BOOK = {
    "instrument_name": "BTC_USDC-PERPETUAL",
    "bids": [[61_659.7, 0.5], [61_659.6, 1.25]],
    "asks": [[61_659.8, 0.25]],
}
INSTRUMENT = {
    "instrument_name": "BTC_USDC-PERPETUAL",
    "tick_size": 0.1,
    "min_trade_amount": 0.001,
    "max_leverage": 50,
}


@pytest.fixture
def patient_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here each question has an event loop of its own, which must not end before its answer."""
    monkeypatch.setattr(pages, "FIRST_PICTURE_SECONDS", 30.0)


@pytest.mark.parametrize("key", ["\\000aaaaaaaaaaa", "../../etc", "A" * 32, "a" * 5_000])
def test_session_cookie_that_we_cannot_have_given_is_nobodys(client: Client, key: str) -> None:
    # Nothing is looked up for it: these tests may not touch the database.
    response = client.get("/", headers={"cookie": f'sessionid="{key}"'})

    assert response.status_code == 200
    assert "Log in" in response.text


def test_broken_page_says_so_in_the_readers_theme_without_asking_anything() -> None:
    request = RequestFactory().get("/portfolio")
    request.COOKIES["theme"] = "light"

    response = views.server_error(request)

    assert response.status_code == 500
    assert "Something broke on our side" in response.text
    assert 'style="color-scheme: light"' in response.text


def test_scripts_of_a_page_carry_the_nonce_of_its_policy(client: Client) -> None:
    response = client.get("/")

    policy = response.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy)
    assert nonce is not None
    assert set(re.findall(r'<script[^>]* nonce="([^"]*)"', response.text)) == {nonce[1]}
    assert "frame-ancestors 'none'" in policy
    assert "connect-src 'self' ws://testserver wss://testserver" in policy


def test_nonce_differs_from_answer_to_answer(client: Client) -> None:
    policies = {client.get("/").headers["Content-Security-Policy"] for _ in range(2)}

    assert len(policies) == 2


def test_pages_open_while_the_venue_is_down(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody listens there, whatever tests before this one left in the venue's own Valkey.
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path / 'nobody.sock'}")

    markets, trade = client.get("/"), client.get("/trade/BTC_USDC-PERPETUAL")

    assert "The venue is starting" in markets.text
    assert trade.status_code == 200
    assert "nv-ticket" in trade.text


def test_portfolio_asks_for_a_login(client: Client) -> None:
    response = client.get("/portfolio")

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/")


def test_unknown_address_has_a_page_of_its_own(client: Client) -> None:
    response = client.get("/no-such-page")

    assert response.status_code == 404
    assert "There is nothing here" in response.text


def test_error_page_needs_nothing_but_its_template() -> None:
    assert "Something broke on our side" in render_to_string("500.html")


def test_old_form_is_explained(rf: RequestFactory) -> None:
    request = rf.get("/")

    response = views.csrf_failure(request, "CSRF cookie not set.")

    assert response.status_code == 403
    assert b"The form was too old" in response.content


def test_finder_publishes_one_file_of_the_wheel() -> None:
    found = [path for path, _ in LightweightChartsFinder().list([])]

    assert found == ["lightweight-charts.js"]
    assert finders.find("vendor/lightweight-charts.js") is not None
    assert LightweightChartsFinder().find("vendor/__init__.py") is None


def test_first_book_is_summed_and_grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchange.gateway.pages.first_picture", lambda *_: [[INSTRUMENT], BOOK])

    picture = pictures.trade("BTC_USDC-PERPETUAL")

    assert picture is not None
    assert [row["price"] for row in picture["bids"]] == ["61,659.7", "61,659.6"]
    assert [row["total"] for row in picture["bids"]] == ["0.500", "1.750"]
    assert picture["bids"][1]["depth"] == "1.000"
    assert picture["spread"] == {"middle": "61,659.75", "words": "Spread 0.1 · 0.02 bp"}


@pytest.mark.parametrize(
    ("rate", "text", "direction"),
    [(0.0001, "+0.0100 %", "up"), (-0.00056, "−0.0560 %", "down"), (0, "0.0000 %", "flat")],
)
def test_first_picture_has_the_funding_rate_so_that_nothing_moves_when_it_comes(
    monkeypatch: pytest.MonkeyPatch, rate: float, text: str, direction: str
) -> None:
    book = BOOK | {"funding_8h": rate}
    monkeypatch.setattr("exchange.gateway.pages.first_picture", lambda *_: [[INSTRUMENT], book])

    picture = pictures.trade("BTC_USDC-PERPETUAL")

    assert picture is not None
    assert (picture["market"]["funding"], picture["market"]["funding_direction"]) == (
        text,
        direction,
    )
    strip = render_to_string("trade/_strip.html", picture)
    assert f'data-field="funding" class="{direction}">{text}<' in strip


def test_unlisted_contract_has_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchange.gateway.pages.first_picture", lambda *_: [[INSTRUMENT], None])

    assert pictures.trade("DOGE_USDC-PERPETUAL") is None


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [("1234567.85", 1, "1,234,567.9"), (-0.5, 2, "−0.50"), (None, 1, "–"), (0, 0, "0")],
)
def test_numbers_are_grouped_with_the_decimals_of_their_tick(
    value: object, places: int, text: str
) -> None:
    assert pictures.grouped(value, places) == text


@pytest.mark.parametrize(
    ("healths", "state"),
    [(("ok",), "ok"), (("ok", "late"), "degraded"), (("ok", "late", "down"), "down")],
)
def test_verdict_is_that_of_the_worst_part(healths: tuple[Health, ...], state: str) -> None:
    parts: list[Component] = [
        {"name": health, "health": health, "detail": ""} for health in healths
    ]

    assert pictures.status(Look(parts, Figures(), []))["state"] == state


def test_status_page_shows_figures_and_halts() -> None:
    halt = Halt("BTC_USDC-PERPETUAL", 1_767_225_600 * 10**9, 7, "The index is <wrong>.")
    figures = Figures(sequence=1_234, order_to_ack_p50_seconds=0.0025, ledger_units=0)

    page = render_to_string("status.html", pictures.status(Look([], figures, [halt])))

    assert "2026-01-01 00:00 UTC" in page
    assert "The index is &lt;wrong&gt;." in page
    assert "1,234" in page
    assert "≤ 2.5 ms" in page


def test_status_page_says_what_is_planned_and_what_is_not() -> None:
    plan = Maintenance(
        begins=datetime(2026, 12, 1, 6, tzinfo=UTC),
        ends=datetime(2026, 12, 1, 7, 30, tzinfo=UTC),
        words="A new <engine>; orders are refused.",
    )

    planned = render_to_string(
        "status.html", pictures.status(Look([], Figures(), [], (), (plan,)))
    )
    quiet = render_to_string("status.html", pictures.status(Look([], Figures(), [])))

    assert "2026-12-01 06:00 UTC" in planned
    assert "until 2026-12-01 07:30 UTC" in planned
    assert "A new &lt;engine&gt;; orders are refused." in planned
    assert "Nothing is planned." in quiet


@pytest.mark.django_db
def test_only_maintenance_to_come_or_under_way_is_shown_the_next_one_first() -> None:
    noon = datetime(2026, 12, 1, 12, tzinfo=UTC)
    for begins, ends in ((-3, -1), (5, 6), (-1, 1)):
        Maintenance.objects.create(
            begins=noon + timedelta(hours=begins),
            ends=noon + timedelta(hours=ends),
            words=f"{begins}",
        )

    assert [one.words for one in selectors.planned_maintenance(noon)] == ["-1", "5"]


def test_account_name_can_not_be_taken_by_a_bot(django_user_model: type) -> None:
    person = django_user_model(pk=7, username="maker-btc")

    assert onboarding.account_name(person) == "user-7 maker-btc"


def test_panels_have_the_readers_sizes_in_the_first_picture(client: Client) -> None:
    client.cookies["layout"] = "bottom.284-book.320"

    response = client.get("/")

    assert 'style="--bottom-size: 284px;--book-size: 320px;"' in response.text


@pytest.mark.parametrize(
    "cookie",
    [
        "bottom.0284",
        "bottom.99999",
        "bottom.-5",
        "bottom.١٢٣",
        'bottom.9"><script>',
        "bottom.284;color:red",
        "roof.284",
        "bottom",
        "-" * 5_000,
    ],
)
def test_sizes_that_are_none_are_dropped(cookie: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["layout"] = cookie

    assert pages.shell(request)["panel_sizes"] == []
