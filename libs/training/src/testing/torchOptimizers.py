"""Runs PyTorch's optimizers on made gradients and prints their weights: python torchOptimizers.py > torchOptimizers.json

Two weights of shapes [2, 3] and [4]; element i of both together (0 to 9) starts at cos(i), its gradient at step t (1, 2, ...) is
3 sin(1.7 i + 0.9 t) / t. Everything in float64, so what is left is the rounding of the side that is compared.
"""

import json
import math

import torch

STEPS = 12
CASES = [
    ("adam", torch.optim.Adam, dict(lr=0.01), None, {}),
    ("adam", torch.optim.Adam, dict(lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1), 2.0,
     dict(beta1=0.8, beta2=0.95, epsilon=1e-3, weightDecay=0.1)),
    ("adamw", torch.optim.AdamW, dict(lr=0.01), None, {}),
    ("adamw", torch.optim.AdamW, dict(lr=0.02, weight_decay=0.3), 0.5, dict(weightDecay=0.3)),
    ("rmsprop", torch.optim.RMSprop, dict(lr=0.01), None, {}),
    ("rmsprop", torch.optim.RMSprop, dict(lr=0.02, alpha=0.9, eps=1e-4, weight_decay=0.1), 1.0,
     dict(smoothing=0.9, epsilon=1e-4, weightDecay=0.1)),
    ("sgd", torch.optim.SGD, dict(lr=0.1), None, {}),
    ("sgd", torch.optim.SGD, dict(lr=0.05, momentum=0.9, weight_decay=0.1), 3.0,
     dict(momentum=0.9, weightDecay=0.1)),
]


def run(kind, make, settings, clip, names):
    start = torch.tensor([math.cos(i) for i in range(10)], dtype=torch.float64)
    weights = [start[:6].reshape(2, 3).clone().requires_grad_(), start[6:].clone().requires_grad_()]
    optimizer = make(weights, **settings)
    trace = []
    for t in range(1, STEPS + 1):
        gradient = torch.tensor([3 * math.sin(1.7 * i + 0.9 * t) / t for i in range(10)], dtype=torch.float64)
        weights[0].grad = gradient[:6].reshape(2, 3).clone()
        weights[1].grad = gradient[6:].clone()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(weights, clip)
        optimizer.step()
        trace.append([float(v) for w in weights for v in w.detach().flatten()])
    options = dict(kind=kind, learningRate=settings["lr"], **names)
    if clip is not None:
        options["clipNorm"] = clip
    return dict(options=options, weights=trace)


print(json.dumps(dict(torch=torch.__version__, cases=[run(*case) for case in CASES])))
