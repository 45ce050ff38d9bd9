"""PyTorch's side of `npm run bench -- training`: answers lines of JSON on stdin with lines of JSON on stdout.

What each question means and what comes back: ../src/training/workerAnswers.ts; the start file: ../src/training/start.ts.
`--fused` takes Adam's fused implementation instead of the default one.
"""

import sys
import time

import torch

from answer import answer_lines
from job import load_job


class Worker:
    def __init__(self, fused):
        self.fused = fused
        self.job = None

    def hello(self, _question):
        return {"version": f"PyTorch {torch.__version__}", "threads": torch.get_num_threads()}

    def prepare(self, question):
        self.job = load_job(question["start"], self.fused)
        return {}

    def run(self, question):
        losses = []
        started = time.perf_counter()
        for _ in range(question["steps"]):
            losses.append(self.job.step())
        elapsed = time.perf_counter() - started
        return {"ms": 1000 * elapsed, "losses": torch.stack(losses).tolist()}

    def product(self, question):
        size = question["size"]
        a, b = torch.full((size, size), 0.5), torch.full((size, size), 0.25)
        started = time.perf_counter()
        for _ in range(question["steps"]):
            torch.mm(a, b)
        return {"ms": 1000 * (time.perf_counter() - started)}


def main():
    worker = Worker("--fused" in sys.argv[1:])
    can = {"hello": worker.hello, "prepare": worker.prepare, "run": worker.run, "product": worker.product}
    answer_lines(can)


main()
