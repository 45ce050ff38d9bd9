"""Makes pytorchGradients.json: gradients of PyTorch's nets in float64, for src/pytorchGradients.test.ts. Usage: pytorchGradients.py > FILE

Weights and data follow from a formula that both sides compute, so the file holds gradients alone.
"""
import json
import math

import torch

torch.set_default_dtype(torch.float64)


def numbers(count, seed, size):
    """size * sin(12.9898 (i + 1) + seed), rounded to float32: the net's own precision."""
    values = [size * math.sin(12.9898 * (i + 1) + seed) for i in range(count)]
    return torch.tensor(values, dtype=torch.float32).double()


cases = [
    (cell, layers, units, batch, time)
    for cell in ("rnn", "lstm", "gru")
    for layers, units, batch, time in ((1, 1, 1, 1), (1, 7, 5, 2), (1, 33, 1, 2), (2, 7, 5, 3))
]
rows = []
for cell, layers, units, batch, time in cases:
    features = 2
    net = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](features, units, layers, batch_first=True)
    linear = torch.nn.Linear(units, 1)
    named = [(f"rnn.{name}", p) for name, p in net.named_parameters()] + [(f"linear.{name}", p) for name, p in linear.named_parameters()]
    for seed, (_, parameter) in enumerate(named):
        parameter.data = numbers(parameter.numel(), seed, 0.5).reshape(parameter.shape)
    x = numbers(batch * time * features, 100, 1.0).reshape(batch, time, features)
    y = numbers(batch * time, 101, 1.0).reshape(batch, time, 1)
    parts = [numbers(layers * batch * units, 102 + part, 0.5).reshape(layers, batch, units) for part in range(2 if cell == "lstm" else 1)]
    out, _ = net(x, tuple(parts) if cell == "lstm" else parts[0])
    loss = torch.nn.functional.mse_loss(linear(out), y)
    loss.backward()
    gradients = {name: [float(f"{v:.9g}") for v in p.grad.flatten().tolist()] for name, p in named}
    rows.append({"cell": cell, "layers": layers, "units": units, "batch": batch, "time": time, "loss": loss.item(), "gradients": gradients})
print(json.dumps({"torch": torch.__version__, "cases": rows}))
