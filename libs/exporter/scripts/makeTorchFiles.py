"""Saves small PyTorch models as safetensors with PyTorch's outputs: the fixtures of test/torchModel.test.ts.

usage: makeTorchFiles.py FOLDER

Needs a Python with PyTorch; it is no part of npm test.
"""

import json
import os
import struct
import sys

import torch
from torch import nn

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
torch.manual_seed(1)


class Net(nn.Module):
    def __init__(self, before, recurrent, after):
        super().__init__()
        if before is not None:
            self.encoder = before
        self.rnn = recurrent
        if after is not None:
            self.head = after
        self.before = before

    def forward(self, x):
        if self.before is not None:
            x = self.encoder(x)
        x, _ = self.rnn(x)
        return self.head(x) if hasattr(self, "head") else x


MODELS = {
    "rnn": Net(None, nn.RNN(2, 3, batch_first=True), nn.Linear(3, 2)),
    "relu": Net(None, nn.RNN(2, 3, 2, nonlinearity="relu", batch_first=True), nn.Linear(3, 2)),
    "lstm": Net(None, nn.LSTM(2, 3, 2, batch_first=True), nn.Linear(3, 2)),
    "gru": Net(None, nn.GRU(2, 3, 2, batch_first=True), nn.Linear(3, 1)),
    "gru-alone": Net(None, nn.GRU(2, 3, batch_first=True), None),
    "bilstm": Net(nn.Linear(2, 5), nn.LSTM(5, 3, 2, batch_first=True, bidirectional=True), nn.Linear(6, 1)),
    "bigru": Net(None, nn.GRU(2, 3, 2, batch_first=True, bidirectional=True), nn.Linear(6, 2, bias=False)),
    "birnn-no-bias": Net(None, nn.RNN(2, 3, bias=False, batch_first=True, bidirectional=True), nn.Linear(6, 2)),
}


def save(tensors, path):
    """safetensors: the length of a JSON header, the header, the bytes."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


cases = {}
for name, model in MODELS.items():
    # A state dict has no order.
    tensors = {key: value for key, value in sorted(model.state_dict().items()) if not key.startswith("before.")}
    save(tensors, os.path.join(folder, f"{name}.safetensors"))
    x = torch.rand(2, 5, 2) * 2 - 1
    with torch.no_grad():
        y = model(x)
    cases[name] = {"x": x.flatten().tolist(), "y": y.flatten().tolist(), "outputs": y.shape[2]}
with open(os.path.join(folder, "cases.json"), "w") as file:
    json.dump(cases, file)
