"""The documentation's lines on the robot customer and the payment scenarios, run as they are written: each scenario of the table keeps its promise."""

import html
import json
import re
import subprocess

import requests

from conftest import eventually


def code_blocks(server, page):
    """The code of a page of the documentation, by what a screen reader calls it."""
    text = requests.get(f"{server.issuer}/docs/{page}", timeout=10).text
    found = re.findall(r'<pre class="code"[^>]*aria-label="([^"]*)"><code>(.*?)</code></pre>', text, re.DOTALL)
    return {html.unescape(label): html.unescape(re.sub(r"<[^>]+>", "", code)) for label, code in found}


def run(*lines):
    """What the last line prints."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(lines)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Partner:
    """A partner's continuous integration: an app, and lines to paste."""

    def __init__(self, server):
        self.issuer = server.issuer
        self.app = json.loads(
            server.run("apps", "create", "--name", "Scenario CI", "--redirect-uri", "https://your-app.example/callback", "--plan", "unlimited", "--json"))
        self.robot, self.scenarios = code_blocks(server, "robot"), code_blocks(server, "scenarios")

    def token(self, scope):
        answer = requests.post(
            f"{self.issuer}/oauth2/token", auth=(self.app["client_id"], self.app["client_secret"]), data={"grant_type": "client_credentials", "scope": scope},
            timeout=10)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def table(self):
        return requests.get(f"{self.issuer}/sandbox/v1/scenarios", headers=self.token("consents.write"), timeout=10).json()["data"]

    def approved(self, customer="amina.traveler", decision="approve"):
        """The four steps of the robot's page, as lines that leave `CONSENT` and `ACCESS_TOKEN` behind."""
        steps = [
            "Lodge a payment consent", "Tell the robot what to decide", "Send the authorization request, and read the code from the redirect",
            "Exchange the code, as ever",
        ]
        lines = [self.robot[step] for step in steps]
        lines[1] = lines[1].replace("amina.traveler", customer).replace('"approve"', f'"{decision}"')
        return [f"CLIENT_ID={self.app['client_id']} SECRET={self.app['client_secret']}", "exec 3>&1 >&2", *lines, "exec >&3", "echo $CONSENT"]

    def pay(self, scenario):
        """Returns the consent, and the first answer's status and body."""
        line = self.scenarios["A scenario by its header"].replace("held_then_released", scenario)
        consent, answer = run(*self.approved(), line.replace("curl -i", "curl -s -i")).split("\n", 1)
        head, body = answer.replace("\r", "").split("\n\n", 1)
        return consent, int(head.split(" ")[1]), json.loads(body)

    def payments(self):
        """The app's payments, by their consents."""
        answer = requests.get(f"{self.issuer}/v1/payments", headers=self.token("payments.write"), timeout=10)
        return {payment["consent_id"]: payment for payment in answer.json()["data"]}


def test_each_scenario_keeps_its_promise_with_curl(server):
    partner = Partner(server)
    table = partner.table()
    assert len(table) >= 15
    consents = {}
    for scenario in table:
        promise = scenario["promises"]
        consents[scenario["name"]], status, body = partner.pay(scenario["name"])
        assert (status, body.get("code")) == (promise["status"], promise.get("code")), f"{scenario['name']}: {body}"

    def told(payments, scenario):
        payment = payments.get(consents[scenario["name"]])
        return [step["status"] for step in payment["timeline"]] if payment else []

    def all_kept():
        payments = partner.payments()
        return all(told(payments, scenario) == scenario["promises"]["timeline"] for scenario in table)

    # The slowest settles after half a minute.
    eventually(all_kept, within=60)
    payments = partner.payments()
    for scenario in table:
        promise, payment = scenario["promises"], payments.get(consents[scenario["name"]], {})
        assert told(payments, scenario) == promise["timeline"], scenario["name"]
        assert payment.get("status_reason") == promise.get("reason"), scenario["name"]
        assert payment.get("reason_code") == promise.get("reason_code"), scenario["name"]


def test_a_lost_answer_is_found_by_the_same_lines_again(server):
    partner = Partner(server)
    lines = partner.scenarios["An answer that is lost, and the same request again"].replace("curl -i", "curl -s -i")

    answers = run(*partner.approved(), lines).replace("\r", "")

    statuses = re.findall(r"HTTP/[\d.]+ (\d{3}) ", answers)
    assert statuses == ["502", "201"], answers
    assert re.search("^idempotency-replayed: true$", answers, re.MULTILINE | re.IGNORECASE)
    assert len(partner.payments()) == 1


def test_a_scenario_by_the_creditors_account_is_lodged_with_it(server):
    partner = Partner(server)
    account = "SANDBOX-RETURNED-ACCOUNT-CLOSED"
    approved = [line.replace("KPLC-882-001", account) for line in partner.approved()]
    line = partner.scenarios["A scenario by the creditor’s account"].replace("curl -i", "curl -s")

    consent, body = run(*approved, line).split("\n", 1)

    assert json.loads(body)["sandbox"]["scenario"] == "returned_account_closed", body
    assert eventually(lambda: partner.payments()[consent]["status"] == "rejected")
    assert partner.payments()[consent]["reason_code"] == "AC04"


def test_a_pushed_request_tells_the_robot_itself(server):
    partner = Partner(server)
    pair = partner.robot["Send the authorization request, and read the code from the redirect"].split("\n\n")[0]
    push, authorize = partner.robot["A pushed request that says it itself"].split("\n\n")
    credentials = f"CLIENT_ID={partner.app['client_id']} SECRET={partner.app['client_secret']}"

    uri = json.loads(run(credentials, pair, push.replace("curl ", "curl -s ", 1)))["request_uri"]
    address = run(credentials, f"REQUEST_URI={uri}", authorize)

    assert address.startswith("https://your-app.example/callback?code="), address


def test_the_robot_withdraws_what_it_approved(server):
    partner = Partner(server)
    withdraw = partner.robot["Withdraw as the customer"].replace("curl ", "curl -s ", 1)
    pay = partner.scenarios["A scenario by its header"].replace("curl -i", "curl -s").replace("held_then_released", "settled")

    consent, withdrawn = run(*partner.approved(), withdraw).split("\n", 1)
    assert json.loads(withdrawn)["status_reason"] == "robot_withdrew"
    consent = requests.get(f"{partner.issuer}/v1/consents/{consent}", headers=partner.token("consents.write"), timeout=10).json()
    assert (consent["status"], consent["status_actor"]) == ("revoked", "customer")
    assert "revoked" in json.loads(run(*partner.approved(), withdraw.replace("curl -s", "curl -s -o /dev/null"), "sleep 1.1", pay).split("\n", 1)[1])["code"]
