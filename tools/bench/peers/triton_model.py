"""The example model in Triton's Python backend: Python's ONNX Runtime, one thread, requests that wait joined into one run."""

import os
import sys

# The stub starts a separate Python, outside any environment: a file beside this one contains the folder of the packages.
with open(os.path.join(os.path.dirname(__file__), "packages.txt")) as file:
    sys.path.insert(0, file.read().strip())

import numpy  # noqa: E402
import onnxruntime  # noqa: E402
import triton_python_backend_utils as backend  # noqa: E402


class TritonPythonModel:
    def initialize(self, args):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        file = os.path.join(args["model_repository"], args["model_version"], "model.onnx")
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self._inputs = [tensor.name for tensor in self._session.get_inputs()]
        self._outputs = [tensor.name for tensor in self._session.get_outputs()]

    def execute(self, requests):
        parts = [
            [backend.get_input_tensor_by_name(request, name).as_numpy() for request in requests]
            for name in self._inputs
        ]
        feeds = {name: numpy.concatenate(rows) for name, rows in zip(self._inputs, parts)}
        values = self._session.run(self._outputs, feeds)
        responses = []
        start = 0
        for rows in parts[0]:
            end = start + len(rows)
            tensors = [
                backend.Tensor(name, numpy.ascontiguousarray(value[start:end]))
                for name, value in zip(self._outputs, values)
            ]
            responses.append(backend.InferenceResponse(tensors))
            start = end
        return responses
