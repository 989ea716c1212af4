"""A person's keys, second factors and sessions, in a real browser."""

import base64
import hashlib
import hmac
import json
import re
import struct
import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Opener
from tests.browser.terminal import DESK, PASSWORD, PHONE, Terminal


def totp(secret: str, shift: int = 0) -> str:
    """RFC 6238 with six digits of SHA-1, as apps compute it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = struct.pack(">Q", int(time.time()) // 30 + shift)
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def log_in(terminal: Terminal, name: str) -> None:
    terminal.go("/accounts/login/")
    form = terminal.page.locator("main form").first
    form.locator("[name=login]").fill(name)
    form.locator("[name=password]").fill(PASSWORD)
    form.get_by_role("button", name="Log in", exact=True).click()


def log_out(terminal: Terminal) -> None:
    terminal.page.locator(".menu summary").click()
    terminal.page.get_by_role("button", name="Log out").click()
    expect(terminal.page.get_by_role("link", name="Log in")).to_be_visible()


@pytest.mark.parametrize("viewport", [DESK, PHONE])
def test_a_key_is_made_shown_once_changed_and_removed(
    open_terminal: Opener, viewport: tuple[int, int]
) -> None:
    person = open_terminal(viewport, is_phone=viewport == PHONE)
    person.join()
    person.go("/account/keys")
    page = person.page
    expect(page.get_by_text("No keys yet")).to_be_visible()

    page.get_by_role("link", name="Make a key").click()
    person.confirm()
    page.locator("[name=name]").fill("my bot")
    page.get_by_label("Trade: place").check()
    page.get_by_label("BTC_USDC-PERPETUAL").check()
    page.locator("[name=allowed_ips]").fill("10.0.0.1/8")
    page.locator("[name=daily_loss]").fill("250.50")
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator(".errorlist")).to_contain_text("has host bits set")
    page.locator("[name=allowed_ips]").fill("127.0.0.1")
    page.get_by_role("button", name="Make the key").click()

    key, secret = page.locator(".secret code").all_inner_texts()
    page.locator(".secret button").last.click()
    expect(page.locator(".secret button").last).to_have_text(re.compile("Copied|Selected"))
    assert scopes_of(person.url, key, secret) == (
        "account:read connection mainaccount trade:read_write wallet:read"
    )
    page.get_by_role("link", name="I have copied it").click()
    row = page.locator(".keys tbody tr")
    expect(row).to_contain_text("my bot")
    expect(row).to_contain_text("250.5")
    assert secret not in page.content()
    assert no_sideways_scroll(person)
    row.get_by_role("link", name="Switch off").click()
    page.get_by_role("button", name="Switch off").click()
    expect(row).to_contain_text("off")
    assert scopes_of(person.url, key, secret) == "invalid_credentials"
    row.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No keys yet")).to_be_visible()


def test_nobody_opens_the_key_of_another(open_terminal: Opener) -> None:
    owner, stranger = open_terminal(), open_terminal()
    owner.join()
    stranger.join()
    owner.go("/account/keys/new")
    owner.confirm()
    owner.page.get_by_role("button", name="Make the key").click()
    owner.page.locator(".secret").wait_for()
    owner.go("/account/keys")
    address = owner.page.get_by_role("link", name="Change").get_attribute("href")
    assert address is not None

    stranger.go("/account/keys/new")
    stranger.confirm()
    statuses = []
    for end in ("", "/remove", "/reset", "/disable"):
        response = stranger.page.goto(stranger.url + address + end)
        statuses.append(response.status if response else 0)

    assert statuses == [404] * 4
    stranger.problems = [line for line in stranger.problems if "404" not in line]


def test_an_authenticator_app_is_asked_at_the_next_login(open_terminal: Opener) -> None:
    person = open_terminal()
    name, page = person.join(), person.page
    person.go("/accounts/2fa/")
    page.get_by_role("link", name="Set up").click()
    person.confirm()
    expect(page.locator("img.qr")).to_be_visible()
    secret = page.locator("#authenticator_secret").input_value()
    page.locator("[name=code]").fill(totp(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page.locator("textarea")).to_be_visible()
    codes = page.locator("textarea").input_value().split()
    log_out(person)

    log_in(person, name)
    page.locator("[name=code]").fill("000000")
    page.get_by_role("button", name="Sign In").click()
    expect(page.locator(".errorlist")).to_contain_text("Incorrect code")
    page.locator("[name=code]").fill(totp(secret, 1))
    page.get_by_role("button", name="Sign In").click()
    expect(page.locator(".menu")).to_be_visible()
    log_out(person)
    log_in(person, name)
    page.locator("[name=code]").fill(codes[0])
    page.get_by_role("button", name="Sign In").click()
    expect(page.locator(".menu")).to_be_visible()


def test_a_passkey_signs_in_without_a_password(browser: Browser, venue_url: str) -> None:
    # An address is no domain, and passkeys belong to domains.
    person = Terminal(browser, venue_url.replace("127.0.0.1", "localhost"), DESK)
    page = person.page
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    name = person.join()
    person.go("/accounts/2fa/webauthn/add/")
    person.confirm()
    page.locator("[name=name]").fill("my laptop")
    page.locator("[name=passwordless]").check()
    page.get_by_role("button", name="Add").click()
    expect(page.locator("textarea").or_(page.get_by_text("my laptop")).first).to_be_visible()
    log_out(person)

    person.go("/accounts/login/")
    page.get_by_role("button", name="Log in with a passkey").click()

    expect(page.locator(".menu summary")).to_contain_text(name[:15])
    problems = list(person.problems)
    person.close()
    assert problems == []


def test_other_sessions_are_signed_out_and_lose_their_sockets(open_terminal: Opener) -> None:
    desk, phone = open_terminal(), open_terminal()
    name = desk.join()
    log_in(phone, name)
    phone.go("/")
    phone.wait_until_live()
    desk.go("/accounts/sessions/")
    expect(desk.page.locator(".keys tbody tr")).to_have_count(2)

    desk.page.get_by_role("button", name="Sign out the others").click()

    expect(desk.page.locator(".keys tbody tr")).to_have_count(1)
    # The page that was open there learns of it by itself.
    expect(phone.page.get_by_role("link", name="Log in")).to_be_visible(timeout=15_000)
    desk.go("/portfolio")
    desk.wait_until_live()


def scopes_of(url: str, key: str, secret: str) -> str:
    """What the API lets the key do, or why not."""
    params = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
    body = json.dumps({"method": "public/auth", "params": params}).encode()
    request = urllib.request.Request(f"{url}/api/v2", body, method="POST")
    try:
        with urllib.request.urlopen(request) as response:
            return str(json.load(response)["result"]["scope"])
    except urllib.error.HTTPError as error:
        return str(json.load(error)["error"]["message"])


def no_sideways_scroll(terminal: Terminal) -> bool:
    script = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    return bool(terminal.evaluate(script))
