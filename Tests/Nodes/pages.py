"""Someone at the pages of several nodes."""

import requests
from conftest import in_turns
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
