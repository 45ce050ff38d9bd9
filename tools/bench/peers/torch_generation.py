"""PyTorch's side of `npm run bench -- generation`: a call of the module a sample, without gradients.

What each question means and what comes back: ../src/generation/workerAnswers.ts.
"""

import base64
import time

import numpy
import torch

from answer import answer_lines
from job import load_job


class Worker:
    def __init__(self):
        self.own_threads = torch.get_num_threads()

    def hello(self, _question):
        return {"version": f"PyTorch {torch.__version__}", "threads": self.own_threads}

    def prepare(self, question):
        job = load_job(question["start"])
        self.net = job.net.eval()
        prompt = torch.from_numpy(job.x[0])
        with torch.no_grad():
            _, self.state = self.net(prompt[:, :-1], None)
        self.last = prompt[:, -1:]
        return {}

    def generate(self, question, keep):
        torch.set_num_threads(question["threads"] or self.own_threads)
        net, x, state = self.net, self.last, self.state
        started = time.perf_counter()
        with torch.no_grad():
            for _ in range(question["steps"]):
                x, state = net(x, state)
                if keep is not None:
                    keep.append(x[:, 0, 0].numpy())
        return 1000 * (time.perf_counter() - started)

    def run(self, question):
        return {"ms": self.generate(question, None)}

    def values(self, question):
        kept = []
        self.generate(question, kept)
        return {"values": base64.b64encode(numpy.stack(kept).astype("<f4").tobytes()).decode()}


worker = Worker()
answer_lines({"hello": worker.hello, "prepare": worker.prepare, "run": worker.run, "values": worker.values})
