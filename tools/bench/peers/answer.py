"""A peer's side of a bench: answers lines of JSON on stdin with lines of JSON on stdout."""

import json
import sys

answers_go_to = sys.stdout
# Whatever else prints must not come between the answers.
sys.stdout = sys.stderr


def answer_lines(can):
    """`can` maps the `do` of a question to a function from the question to the answer."""
    for line in sys.stdin:
        try:
            question = json.loads(line)
            reply = {"ok": can[question["do"]](question)}
        except Exception as error:  # every reason goes back as an answer
            reply = {"error": f"{type(error).__name__}: {error}"}
        answers_go_to.write(json.dumps(reply) + "\n")
        answers_go_to.flush()
