"""Someone at the pages of several nodes."""

import re
from html import unescape

import requests
from conftest import in_turns
from phones import Phone
from servers import FormParser


class Pages:
    """Someone signed in to the pages, whose requests go to the nodes in turn."""

    def __init__(self, nodes):
        self.issuer = nodes[0].issuer
        self.browser = in_turns(requests.Session(), nodes)

    def open(self, path):
        answer = self.browser.get(self.issuer + path)
        assert answer.status_code == 200, answer.text
        return answer

    def send(self, page, action, **values):
        """Fills in the form whose address ends so."""
        parser = FormParser()
        parser.feed(page.text)
        form = next(form for form in parser.forms if form["action"].endswith(action))
        fields = dict(form["fields"]) | values
        answer = self.browser.post(self.issuer + form["action"], data=fields, headers={"Origin": self.issuer})
        assert answer.status_code == 200, answer.text
        return answer

    def turn_on_two_steps(self, name, password="sandbox"):
        """Signs a customer in and turns on their second factor.
        Returns the phone and the recovery codes."""
        self.send(self.open("/my/sign-in"), "/sign-in", username=name, password=password)
        shown = self.send(self.open("/my/security/second-factor"), "/begin")
        phone = Phone(unescape(re.search(r'href="(otpauth:[^"]+)"', shown.text)[1]))
        codes = self.send(shown, "/turn-on", code=phone.code(), password=password)
        return phone, re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}", codes.text)

    def after_password(self, name, password="sandbox"):
        """What the browser would send with the code: the form's fields and the cookies."""
        page = self.send(self.open("/my/sign-in"), "/sign-in", username=name, password=password)
        parser = FormParser()
        parser.feed(page.text)
        form = next(form for form in parser.forms if form["action"] == "/my/sign-in/code")
        return dict(form["fields"]), self.browser.cookies.get_dict()


def send_code(node, fields, cookies, code):
    """The code of a sign-in, sent to one node.
    Returns whether it signed in, and for how long the next one has to wait."""
    answer = requests.post(
        node.address + "/my/sign-in/code", data=fields | {"code": code}, cookies=cookies, headers={"Origin": node.issuer}, allow_redirects=False, timeout=20)
    assert answer.status_code in (303, 422, 429), answer.text
    return answer.status_code == 303 and "wkz_customer=" in answer.headers["Set-Cookie"], int(answer.headers.get("Retry-After", 0))
