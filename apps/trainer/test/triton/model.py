"""A Triton Python model that runs the model.onnx beside it; nvidia-pytriton has no ONNX Runtime backend.

SITE stands for the folder of packages: the backend's own Python does not look there. Its backend does not hand on implicit states
either, so a state that a request does not bring is zeros.
"""
import json
import os
import sys

sys.path.insert(0, "SITE")

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb


class TritonPythonModel:
    def initialize(self, args):
        file = os.path.join(args["model_repository"], args["model_version"], "model.onnx")
        self.session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
        self.outputs = [output["name"] for output in json.loads(args["model_config"])["output"]]

    def execute(self, requests):
        return [self.answer({tensor.name(): tensor.as_numpy() for tensor in request.inputs()}) for request in requests]

    def answer(self, feeds):
        batch = next(iter(feeds.values())).shape[0]
        for state in self.session.get_inputs():
            if state.name not in feeds:
                feeds[state.name] = np.zeros([batch, *state.shape[1:]], np.float32)
        values = self.session.run(self.outputs, feeds)
        return pb.InferenceResponse([pb.Tensor(name, value) for name, value in zip(self.outputs, values)])
