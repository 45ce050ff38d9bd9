"""Python's ONNX Runtime in `npm run bench -- generation`: model.onnx, a run a sample.

What each question means and what comes back: ../src/generation/workerAnswers.ts.
"""

import base64
import json
import os
import time

import numpy
import onnxruntime

from answer import answer_lines


def load(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Worker:
    def hello(self, _question):
        return {"version": f"onnxruntime {onnxruntime.__version__}", "threads": os.cpu_count()}

    def prepare(self, question):
        with open(question["start"], encoding="utf-8") as file:
            start = json.load(file)
        path = question["start"].removesuffix(".json") + ".model.onnx"
        self.sessions = {threads: load(path, threads) for threads in (1, 0)}
        work = start["work"]
        batch, samples = work["batch"], work["samples"]
        prompt = numpy.frombuffer(base64.b64decode(start["x"]), "<f4")[: batch * samples]
        prompt = prompt.reshape(batch, samples, 1)
        size = self.sessions[1].get_inputs()[1].shape[1]
        zeros = numpy.zeros((batch, size), "float32")
        feeds = {"x": prompt[:, :-1].copy(), "state_in": zeros}
        _, self.state = self.sessions[1].run(["y", "state_out"], feeds)
        self.last = prompt[:, -1:].copy()
        return {}

    def generate(self, question, keep):
        session = self.sessions[question["threads"]]
        x, state = self.last, self.state
        started = time.perf_counter()
        for _ in range(question["steps"]):
            x, state = session.run(["y", "state_out"], {"x": x, "state_in": state})
            if keep is not None:
                keep.append(x[:, 0, 0])
        return 1000 * (time.perf_counter() - started)

    def run(self, question):
        return {"ms": self.generate(question, None)}

    def values(self, question):
        kept = []
        self.generate(question, kept)
        return {"values": base64.b64encode(numpy.stack(kept).astype("<f4").tobytes()).decode()}


worker = Worker()
answer_lines({"hello": worker.hello, "prepare": worker.prepare, "run": worker.run, "values": worker.values})
