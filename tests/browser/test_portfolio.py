"""The account area: what was made, statements, sub-accounts, and which of them one acts for."""

import csv
import io
from decimal import Decimal

from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.terminal import BTC
from tests.browser.tour import settle

NOW = "/portfolio/statement.csv?first=2026-01-01&last=2030-01-01"


def test_an_account_area_that_adds_up(open_terminal: Opener) -> None:
    person = open_terminal()
    settle(person)
    page = person.page

    person.go("/portfolio")
    table = page.locator(".profit-table table")
    expect(table.locator("tbody tr")).to_have_count(2)  # BTC, and the sum
    # Read at one moment: the figures live.
    cells = table.locator("tbody td").all_inner_texts()
    figures = [
        [Decimal(cell.replace("−", "-").replace(",", "").replace("+", "")) for cell in row[1:6]]
        for row in (cells[: len(cells) // 2], cells[len(cells) // 2 :])
    ]
    assert figures[0] == figures[1]
    assert abs(sum(figures[0][:4]) - figures[0][4]) <= Decimal(
        "0.02"
    )  # each is rounded to a cent
    expect(page.locator(".equity-canvas canvas").first).to_be_visible()
    expect(page.locator(".stress-table tbody tr")).to_have_count(8)
    page.get_by_label("Every mark moves by").fill("-12.5")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#stress-answer")).to_contain_text("At −12.50 % equity would be")

    answer = page.request.get(person.url + NOW)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.text())))
    changes = [Decimal(line["change_usdc"]) for line in lines[1:-2]]
    assert [line["what"] for line in lines[:2]] == ["opening balance", "deposit"]
    assert sum(changes) == Decimal(lines[-2]["change_usdc"])
    opening, closing = Decimal(lines[0]["balance_usdc"]), Decimal(lines[-1]["balance_usdc"])
    assert opening + sum(changes) == closing

    person.go("/portfolio/accounts")
    person.wait_until_live()
    expect(page.locator(".accounts tbody tr")).to_have_count(2)
    expect(page.locator(".accounts tbody tr").last.locator(".equity")).to_have_text("0.00")
    page.locator("#transfer-amount").fill("250.5")
    page.get_by_role("button", name="Move", exact=True).click()
    person.toast("Funds moved")
    expect(page.locator("nv-transfers tbody tr")).to_contain_text("To Carry")
    expect(page.locator("nv-transfers tbody tr")).to_contain_text("−250.500000")
    page.locator("[name=label]").first.fill("Basis")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator(".accounts tbody tr").last).to_contain_text("Basis")
    page.get_by_role("button", name="Trade as this").click()

    expect(page.locator(".messages")).to_contain_text("You now trade as Basis")
    person.wait_until_live()
    expect(page.locator("nv-account-health .equity")).to_have_text("250.50")
    person.go("/portfolio")
    person.wait_until_live()
    expect(page.locator("nv-positions")).not_to_contain_text("BTC")
    person.go("/portfolio/funds")
    expect(page.locator("nv-account-health .equity")).to_have_text("250.50")
    page.locator("#withdraw-amount").fill("300")
    page.get_by_role("button", name="Withdraw", exact=True).click()
    expect(page.locator("#withdraw-error")).to_have_text("At most 250.50 USDC are free.")
    page.locator("#withdraw-amount").fill("50")
    page.get_by_role("button", name="Withdraw", exact=True).click()
    person.toast("Withdrawal asked for")
    expect(page.locator("nv-deposits tbody tr")).to_contain_text("Withdrawal, held")


def test_another_tab_follows_when_one_acts_for_another_account(open_terminal: Opener) -> None:
    person = open_terminal()
    person.settle_in()
    person.trade()
    other = person.page.context.new_page()
    other.goto(f"{person.url}/trade/{BTC}")
    expect(other.locator("nv-account-health .equity")).to_have_text("100,000.00")
    person.go("/portfolio/accounts")
    person.page.get_by_role("button", name="Open it").click()

    person.page.get_by_role("button", name="Trade as this").click()
    person.wait_until_live()

    expect(other.locator("nv-account-health .equity")).to_have_text("0.00")
    expect(other.locator(".menu summary")).to_contain_text("Sub-account 1")
    # A page that the browser kept shows nobody else either, when one goes back to it.
    while "/trade/" not in person.page.url:
        person.page.go_back()
    expect(person.page.locator(".menu summary")).to_contain_text("Sub-account 1")


def test_nobody_reaches_into_anothers_account(open_terminal: Opener) -> None:
    owner, stranger = open_terminal(), open_terminal()
    owner.join()
    stranger.join()
    owner.go("/welcome")
    stranger.go("/portfolio/accounts")
    number = owner.page.locator("html").get_attribute("data-account-number")
    token = stranger.page.locator("main [name=csrfmiddlewaretoken]").first.input_value()
    headers = {"Referer": stranger.url + "/portfolio/accounts"}

    statuses = [
        stranger.page.request.post(
            f"{stranger.url}/portfolio/accounts/{number}/{action}",
            form={"csrfmiddlewaretoken": token, "label": "mine"},
            headers=headers,
        ).status
        for action in ("use", "name")
    ]
    file = stranger.page.request.get(f"{stranger.url}{NOW}&account={number}")

    assert statuses == [404, 404]
    assert file.status == 404


def test_markets_are_searched_starred_sorted_and_walked(open_terminal: Opener) -> None:
    visitor = open_terminal()
    visitor.go("/")
    visitor.wait_until_live()
    page = visitor.page
    rows = page.locator("nv-markets tr[data-name]:visible")
    expect(rows).to_have_count(3)

    page.keyboard.press("/")
    page.keyboard.type("sol")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Star SOL_USDC-PERPETUAL").click()
    page.reload()
    visitor.wait_until_live()
    expect(rows.first).to_contain_text("SOL")
    assert visitor.evaluate("localStorage['novate.favourites']") == "SOL_USDC-PERPETUAL"
    page.get_by_role("button", name="Star SOL_USDC-PERPETUAL").click()
    page.get_by_role("button", name="Last", exact=True).click()
    expect(page.locator("th[data-sort=last]")).to_have_attribute("aria-sort", "descending")
    expect(rows.first).to_contain_text("BTC")
    rows.first.locator("a").focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1).locator("a")).to_be_focused()
