"""A team after a restore: nobody is in it before somebody who knows it says so."""

import re
import subprocess

import pytest
from conftest import BINARY, ROOT, Server, check, sign_in
from playwright.sync_api import expect
from test_portal import link_in_mail

OWNER, COLLEAGUE, STAFF = "developer@example.test", "baraka@acme.example", "staff@example.test"
PASSWORD = "after the restore, a new one"


@pytest.fixture
def restored(browse):
    """A server that was restored with two people in Acme Budget's team; staff have a password again."""
    server = Server()
    owner, colleague = browse(), browse()
    owner.goto(server.issuer + "/portal/sign-in")
    sign_in(owner, OWNER, "sandbox-developer")
    owner.goto(server.issuer + "/portal/team")
    owner.get_by_label("Work email").fill(COLLEAGUE)
    owner.get_by_role("button", name="Send invitation").click()
    expect(owner.get_by_text("The invitation is on its way.")).to_be_visible()
    colleague.goto(link_in_mail(colleague, server, COLLEAGUE, "/portal/invitation"))
    colleague.get_by_label("Name").fill("Baraka Otieno")
    colleague.get_by_label("Password").fill("lake turkana 1187")
    colleague.get_by_role("button", name="Create account and join").click()
    expect(colleague.locator(".top-bar")).to_contain_text("Acme Budget")
    assert server.stop() == 0
    command(server, "restore", "--in-place")
    command(server, "staff", "set-password", "--email", STAFF, typed=PASSWORD)
    server.start()
    yield server
    server.close()


def command(server, *words, typed=None):
    done = subprocess.run(
        [BINARY, *words, *(server.arguments[index] for index in (0, 1, 4, 5))], input=typed, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr


def with_a_new_password(page, server, email):
    page.goto(server.issuer + "/portal/forgotten-password")
    page.get_by_label("Work email").fill(email)
    with page.expect_navigation():
        page.get_by_role("button", name="Send the link").click()
    page.goto(link_in_mail(page, server, email, "/portal/reset-password"))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    sign_in(page, email, PASSWORD)


def found_by_staff(page, server, email):
    page.goto(server.issuer + "/staff/sign-in")
    sign_in(page, STAFF, PASSWORD)
    page.goto(server.issuer + "/staff/people")
    page.get_by_label("Sign-in name").fill(email)
    page.get_by_role("button", name="Find").click()


def test_staff_confirm_an_owner_who_confirms_the_others(restored, browse):
    owner, colleague, staff = browse(), browse(), browse()
    for page, email in ((owner, OWNER), (colleague, COLLEAGUE)):
        with_a_new_password(page, restored, email)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your place at Acme Budget waits to be confirmed")
    check(colleague, "held-place")

    found_by_staff(staff, restored, OWNER)
    expect(staff.get_by_text("Waits to be confirmed as owner of Acme Budget")).to_be_visible()
    check(staff, "staff-held-place")
    staff.get_by_role("button", name="Confirm").click()
    expect(staff.get_by_text("has their place in the team again")).to_be_visible()

    owner.goto(restored.issuer + "/portal/team")
    row = owner.get_by_role("row", name=re.compile("Baraka Otieno"))
    expect(row).to_contain_text("Unconfirmed")
    check(owner, "held-team")
    row.get_by_role("button", name="Confirm Baraka Otieno").click()
    expect(owner.get_by_text("The team is changed.")).to_be_visible()
    expect(owner.get_by_text("Unconfirmed")).to_have_count(0)

    colleague.reload()
    expect(colleague.get_by_role("heading", level=1)).to_have_text("Overview")


def test_staff_confirm_a_member_as_owner_who_changes_the_role_of_another(restored, browse):
    colleague, staff = browse(), browse()
    with_a_new_password(colleague, restored, COLLEAGUE)

    found_by_staff(staff, restored, COLLEAGUE)
    expect(staff.get_by_text("Waits to be confirmed as member of Acme Budget. Acme Budget has no confirmed owner yet.")).to_be_visible()
    check(staff, "staff-held-member")
    staff.get_by_role("button", name="Confirm as owner").click()
    expect(staff.get_by_text("has their place in the team again, as owner of Acme Budget.")).to_be_visible()

    colleague.goto(restored.issuer + "/portal/team")
    colleague.get_by_role("row", name=re.compile("Unconfirmed")).get_by_role("button", name="Make member").click()
    expect(colleague.get_by_text("The team is changed.")).to_be_visible()
    row = colleague.get_by_role("row", name=re.compile("Unconfirmed"))
    row.get_by_role("button", name="Confirm").click()
    expect(colleague.get_by_text("Unconfirmed")).to_have_count(0)
    expect(colleague.get_by_role("button", name="Make owner")).to_have_count(1)


def test_staff_who_let_somebody_in_as_a_member_make_them_owner_where_nobody_is(restored, browse):
    staff = browse()
    found_by_staff(staff, restored, COLLEAGUE)
    staff.get_by_role("button", name="Confirm as member of Acme Budget").click()
    expect(staff.get_by_text("has their place in the team again, as member of Acme Budget. Acme Budget has no confirmed owner yet.")).to_be_visible()

    staff.get_by_label("Sign-in name").fill(COLLEAGUE)
    staff.get_by_role("button", name="Find").click()
    expect(staff.get_by_text("Is in already, as member of Acme Budget. Acme Budget has no confirmed owner yet.")).to_be_visible()
    expect(staff.get_by_role("button", name="Confirm as member of Acme Budget")).to_have_count(0)
    check(staff, "staff-member-without-owner")
    staff.get_by_role("button", name="Confirm as owner of Acme Budget").click()
    expect(staff.get_by_text("has their place in the team again, as owner of Acme Budget.")).to_be_visible()
