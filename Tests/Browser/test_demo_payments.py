"""Financial Copilot pays a bill: the customer approves it at the bank, and sees it arrive, come back, or wait."""

import pytest
from playwright.sync_api import expect

from conftest import Server, check, sign_in


@pytest.fixture(scope="module")
def server():
    """Money moves here that other tests count."""
    running = Server()
    yield running
    running.close()


def choose(page, server, bill="Kenya Power", scenario="settled"):
    page.goto(server.issuer + "/demo")
    page.get_by_role("link", name="Pay a bill").click()
    page.get_by_label(bill).check()
    page.get_by_label("What is to happen?").select_option(scenario)
    page.get_by_role("button", name="Pay at Wekeza").click()


def approve(page, name="amina.traveler"):
    sign_in(page, name)
    page.locator("input[type=radio]:enabled").first.check()
    page.get_by_role("button", name="Approve").click()


def statuses(page):
    return page.locator(".timeline__step strong").all_inner_texts()


def test_a_bill_is_paid_and_watched_until_it_arrives(page, server):
    page.goto(server.issuer + "/demo/pay")
    check(page, "demo-bills")
    choose(page, server)
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Acme Budget asks to pay KES 1,250.00")
    expect(page.locator("dl", has_text="Amount")).to_contain_text("Kenya Power")
    page.locator("input[type=radio]:enabled").first.check()
    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("On its way to Kenya Power")
    assert statuses(page) == ["received", "accepted"]
    page.get_by_role("link", name="Stop refreshing").click()
    expect(page.get_by_role("link", name="Look again")).to_be_visible()
    check(page, "demo-payment-on-its-way")
    # From here on the page looks by itself, with and without JavaScript.
    page.get_by_role("link", name="Refresh automatically").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kenya Power is paid", timeout=20000)
    assert statuses(page) == ["received", "accepted", "settled"]
    check(page, "demo-payment-settled")
    page.get_by_role("link", name="See it at Wekeza").click()
    expect(page.get_by_role("row", name="KES 1,250.00").first).to_contain_text("Acme Budget")


@pytest.mark.parametrize(
    "scenario, heading, steps",
    [
        ("held_then_rejected", "It was not paid", ["received", "held", "rejected"]),
        ("returned_account_closed", "It was not paid", ["received", "accepted", "rejected"]),
        ("declined_by_risk", "It was not paid", ["received", "rejected"]),
    ],
)
def test_a_scenario_is_watched_to_its_end(browse, server, scenario, heading, steps):
    page = browse()
    choose(page, server, "Nairobi Water", scenario)
    approve(page, "brian.parent")

    expect(page.get_by_role("heading", level=1)).to_have_text(heading, timeout=30000)
    assert statuses(page) == steps


def test_what_the_bank_does_not_take_can_be_sent_again(page, server):
    choose(page, server, "Nairobi Water", "insufficient_funds")
    approve(page, "chao.digital")

    expect(page.get_by_role("heading", level=1)).to_have_text("The bank did not take it")
    expect(page.get_by_text("insufficient_funds").first).to_be_visible()
    check(page, "demo-payment-refused")
    page.get_by_role("button", name="Send the same request again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("On its way to Nairobi Water")


def test_a_lost_answer_is_asked_for_again(page, server):
    choose(page, server, "Savanna Fibre", "answer_lost")
    approve(page, "elijah.boomer")

    expect(page.get_by_role("heading", level=1)).to_have_text("We do not know whether it was paid")
    check(page, "demo-payment-lost")
    page.get_by_role("button", name="Send the same request again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Savanna Fibre is paid", timeout=20000)
    page.goto(server.issuer + "/my/payments")
    expect(page.get_by_role("row").filter(has_text="Savanna Fibre").filter(has_text="Acme Budget")).not_to_have_count(0)


def test_saying_no_pays_nothing(page, server):
    choose(page, server)
    sign_in(page, "diana.student")
    page.get_by_role("button", name="Reject").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("You said no, and that is fine")
    expect(page.get_by_text("Nothing was paid.")).to_be_visible()
    page.get_by_role("button", name="Ask me again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay a bill")


def test_the_documentation_of_scenarios_and_robot(browse, server):
    page = browse()
    for name, heading in (("scenarios", "Payment scenarios"), ("robot", "Robot customer"), ("sandbox", "The sandbox")):
        page.goto(f"{server.issuer}/docs/{name}")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        check(page, f"docs-{name}")
