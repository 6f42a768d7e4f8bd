"""The portal's pages over a million decision records: of one busy organisation, of its customers, and for the bank's staff."""

import sys

from bank import described, filled
from pages import visits
from records import Records
from report import say, table
from settings import ROOT, VISITS, scaled

sys.path.insert(0, str(ROOT / "Tests/Shared"))
from servers import Customer as Visitor  # signs in as a browser does


def run(folder):
    records = Records(scaled(1_000_000))
    with filled(folder, records.sampled, records.fill) as product:
        say("", f"{product.database.name}, {records.count:,} decision records of {records.days} days, {records.busy_count:,} of them of one organisation with "
            f"{len(records.apps)} apps and five customers. Each page {VISITS} times one after another, then by 8 connections. Target: p95 under 50 ms.", "",
            f"- The product: {described(product)}.")
        table("page", "p50 / p95 / max ms", "with 8 connections", "SQL statements")
        for cookie, pages in [(developer(product), records.developer_pages()), (customer(product), records.customer_pages()), (staff(product), STAFF)]:
            for title, page in pages.items():
                row(product, title, page, cookie)
        say("", f"- At the end: {described(product)}.")


def row(product, title, page, cookie):
    visits(product, page, cookie, 1)  # the first finds its templates
    before = product.reading()
    alone = visits(product, page, cookie, VISITS)
    statements = (product.reading() - before).statements / len(alone.all)
    crowd = visits(product, page, cookie, VISITS, 8)
    say(f"| {title} | {times(alone)} | {times(crowd)} | {statements:.0f} |")


def times(measured):
    mark = "**" if measured.p95 >= 50 else ""
    return f"{mark}{measured.p50:.1f} / {measured.p95:.1f} / {measured.worst:.1f}{mark}"


def developer(product):
    return signed_in(product, "/portal/sign-in", "developer@example.test", "sandbox-developer")


def customer(product):
    return signed_in(product, "/my", "amina.traveler", "sandbox")


def staff(product):
    return signed_in(product, "/staff/sign-in", "staff@example.test", "sandbox-staff")


def signed_in(product, page, name, password):
    visitor = Visitor(name, password)
    form = visitor.follow(visitor.browser.get(product.address + page, allow_redirects=False))
    visitor.follow(visitor.submit(form, "password", {"username": name, "password": password}))
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.browser.cookies)


STAFF = {
    "audit log": "/staff", "audit log, one kind": "/staff?action=consent.authorised", "audit log, one actor": "/staff?actor=command_line",
    "audit log, one actor and kind": "/staff?actor=command_line&action=plan.changed", "organisations": "/staff/organisations",
    "held payments": "/staff/payments", "people": "/staff/people",
}
