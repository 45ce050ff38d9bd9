"""One net in training, as a user of PyTorch writes it: torch.nn layers, MSELoss, Adam."""

import base64
import json

import numpy
import torch
from torch import nn

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def floats(text, *shape):
    return numpy.frombuffer(base64.b64decode(text), dtype="<f4").reshape(shape).copy()


class Net(nn.Module):
    """(x, state) -> (prediction of every sample, state)."""

    def __init__(self, spec):
        super().__init__()
        self.rnn = CELLS[spec["cell"]](spec["features"], spec["units"], spec["layers"], batch_first=True)
        self.linear = nn.Linear(spec["units"], spec["outputs"])

    def forward(self, x, state):
        hidden, state = self.rnn(x, state)
        return self.linear(hidden), state


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


class Job:
    """A net, its optimizer and its data."""

    def __init__(self, net, optimizer, x, y, carry):
        self.net, self.optimizer, self.loss = net, optimizer, nn.MSELoss()
        self.x, self.y, self.carry = x, y, carry
        self.state = None
        self.steps = 0

    def step(self):
        """One training step on the next chunk; returns the loss before it, as a tensor that nobody has read."""
        chunk = self.steps % len(self.x)
        self.steps += 1
        return self.step_on(self.x[chunk], self.y[chunk])

    def step_on(self, x, y):
        """One training step on arrays of shape [batch, samples, features] and [batch, samples, outputs]."""
        x, y = torch.from_numpy(x), torch.from_numpy(y)
        prediction, state = self.net(x, self.state)
        if self.carry:
            self.state = detached(state)
        loss = self.loss(prediction, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()


def load_job(path, fused=False):
    """The job of a start file."""
    with open(path, encoding="utf-8") as file:
        start = json.load(file)
    work = start["work"]
    spec = work["spec"]
    net = Net(spec)
    net.load_state_dict({w["name"]: torch.from_numpy(floats(w["values"], *w["shape"])) for w in start["weights"]})
    settings = {"fused": True} if fused else {}
    optimizer = torch.optim.Adam(net.parameters(), lr=start["learningRate"], **settings)
    sizes = (start["chunks"], work["batch"], work["samples"])
    x, y = floats(start["x"], *sizes, spec["features"]), floats(start["y"], *sizes, spec["outputs"])
    return Job(net, optimizer, x, y, work["carry"])
