"""A peer's side of a bench: answers requests, lines of JSON on stdin, with lines of JSON on stdout."""

import json
import sys

answers_go_to = sys.stdout
# Everything else that is printed must stay out of the answers.
sys.stdout = sys.stderr


def answer_lines(handlers):
    """`handlers` maps the `do` of a request to a function from the request to the answer."""
    for line in sys.stdin:
        try:
            request = json.loads(line)
            reply = {"ok": handlers[request["do"]](request)}
        except (Exception, SystemExit) as error:
            first = (str(error).strip().splitlines() or [""])[0]
            reply = {"error": f"{type(error).__name__}: {first}"}
        answers_go_to.write(json.dumps(reply) + "\n")
        answers_go_to.flush()
