"""Draws random Keras models with their weights, an input and Keras' outputs, for compareKerasModels.ts.

usage: drawKerasModels.py COUNT SEED > FILE.json

Needs a virtual environment with Keras 2 (tensorflow 2.15) or Keras 3 on TensorFlow; it is no part of npm test.
"""

import json
import random
import sys

import keras
import numpy as np
from keras import layers

count, seed = int(sys.argv[1]), int(sys.argv[2])
keras3 = keras.__version__.startswith("3")
rng = random.Random(seed)
np.random.seed(seed)

ACTIVATIONS = ["tanh", "sigmoid", "relu", "linear", "hard_sigmoid", "elu", "softsign", "softplus", "selu", "gelu", "swish"]


def recurrent(return_sequences, in_bidirectional=False):
    kind = rng.choice(["SimpleRNN", "LSTM", "GRU"])
    activation = rng.choice(["tanh"] * 3 + ["relu", "linear", "hard_sigmoid"])
    options = {
        # More units of an unbounded activation overflow.
        "units": 1 if activation in ("relu", "linear") else rng.randint(1, 4),
        "return_sequences": return_sequences,
        "use_bias": rng.random() < 0.8,
        "activation": activation,
    }
    if kind != "SimpleRNN":
        options["recurrent_activation"] = rng.choice(["sigmoid", "sigmoid", "hard_sigmoid"])
    if kind == "GRU":
        options["reset_after"] = rng.random() < 0.6
    if not in_bidirectional:
        options["go_backwards"] = rng.random() < 0.25
        options["zero_output_for_mask"] = rng.random() < 0.3
    return getattr(layers, kind)(**options)


def bidirectional(return_sequences):
    forward = recurrent(return_sequences, in_bidirectional=True)
    options = {}
    if rng.random() < 0.3:
        config = forward.get_config()
        config.update(go_backwards=True, activation=rng.choice(["tanh", "linear"]), name=f"backward_{rng.randint(0, 999)}")
        options["backward_layer"] = type(forward).from_config(config)
    return layers.Bidirectional(forward, merge_mode=rng.choice(["concat", "sum", "ave", "mul"]), **options)


SEQUENCE_LAYERS = [
    lambda: layers.Dense(rng.randint(1, 4), activation=rng.choice(ACTIVATIONS)),
    lambda: layers.Activation(rng.choice(ACTIVATIONS)),
    lambda: layers.Activation("softmax"),
    lambda: layers.Dropout(0.3),
    lambda: layers.SpatialDropout1D(0.2),
    lambda: layers.LayerNormalization(epsilon=rng.choice([1e-3, 1e-2])),
    lambda: layers.BatchNormalization(),
    lambda: layers.LeakyReLU(0.2),
    lambda: layers.ReLU(max_value=rng.choice([None, 1.0]), negative_slope=rng.choice([0, 0.1]), threshold=rng.choice([0, 0.2])),
    lambda: layers.PReLU(shared_axes=[1]),
    lambda: layers.ELU(0.7),
    lambda: layers.TimeDistributed(layers.Dense(2, activation="tanh")),
    lambda: layers.Conv1D(
        rng.randint(1, 3),
        rng.randint(1, 3),
        padding=rng.choice(["same", "causal"]),
        dilation_rate=rng.randint(1, 2),
        activation=rng.choice(["linear", "tanh"]),
    ),
    lambda: layers.MaxPooling1D(2, strides=1, padding="same"),
    lambda: layers.AveragePooling1D(2, strides=1, padding="same"),
    lambda: layers.Permute((1, 2)),
    lambda: layers.Rescaling(0.5, offset=0.1),
    lambda: recurrent(True),
    lambda: recurrent(True),
    lambda: bidirectional(True),
    lambda: bidirectional(True),
]

SEQUENCE_ENDS = [
    lambda: [],
    lambda: [recurrent(False)],
    lambda: [bidirectional(False)],
    lambda: [layers.GlobalAveragePooling1D(keepdims=rng.random() < 0.3)],
    lambda: [layers.GlobalMaxPooling1D()],
    lambda: [layers.Dense(2)],
]

IMAGE_LAYERS = [
    lambda: layers.Conv2D(2, 2, padding=rng.choice(["same", "valid"]), strides=rng.randint(1, 2), activation="tanh"),
    lambda: layers.DepthwiseConv2D(2, padding="same"),
    lambda: layers.SeparableConv2D(2, 2, padding="same"),
    lambda: layers.Conv2DTranspose(2, rng.randint(1, 3), strides=rng.randint(1, 2), padding=rng.choice(["same", "valid"])),
    lambda: layers.UpSampling2D((rng.randint(1, 3), rng.randint(1, 3)), interpolation=rng.choice(["nearest", "bilinear"])),
    lambda: layers.Resizing(
        rng.randint(2, 7),
        rng.randint(2, 7),
        interpolation=rng.choice(["nearest", "bilinear"]),
        crop_to_aspect_ratio=rng.random() < 0.4,
    ),
    lambda: layers.CenterCrop(rng.randint(2, 5), rng.randint(2, 5)),
    lambda: layers.Cropping2D(((0, 1), (0, 0))),
    lambda: layers.ZeroPadding2D(((1, 0), (0, 2))),
    lambda: layers.MaxPooling2D(2, padding="same"),
    lambda: layers.AveragePooling2D(2, padding="same"),
    lambda: layers.BatchNormalization(axis=rng.choice([-1, 1])),
]

MERGES = [layers.Add, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum, layers.Concatenate]


def sequence_model():
    time, features = rng.choice([None, 5]), rng.randint(1, 3)
    words = rng.random() < 0.3
    stack = []
    if words:
        stack.append(layers.Embedding(6, features + 1, mask_zero=not keras3 and rng.random() < 0.7))
    elif rng.random() < 0.6:
        stack.append(layers.Masking(rng.choice([0.0, 0.0, 0.5])))
    stack += [rng.choice(SEQUENCE_LAYERS)() for _ in range(rng.randint(1, 4))]
    stack += rng.choice(SEQUENCE_ENDS)()
    return keras.Sequential([keras.Input((time,) if words else (time, features)), *stack]), words


def merged_model():
    source = keras.Input((rng.choice([None, 5]), 2))
    one, two = (layers.Masking(0.0)(source) if rng.random() < 0.7 else source for _ in range(2))
    one, two = layers.Dense(3, activation="tanh")(one), layers.Dense(3)(two)
    merged = rng.choice(MERGES)()([one, two])
    if rng.random() < 0.6:
        return keras.Model(source, recurrent(rng.random() < 0.5)(merged)), False
    first, *states = layers.LSTM(3, return_sequences=True, return_state=True)(merged)
    second = layers.LSTM(3, return_sequences=rng.random() < 0.5)(one, initial_state=states)
    return keras.Model(source, [first, second]), False


def image_model():
    source = keras.Input((rng.randint(3, 6), rng.randint(3, 6), 2))
    end = layers.Activation("tanh")(source)
    for _ in range(rng.randint(1, 3)):
        end = rng.choice(IMAGE_LAYERS)()(end)
    return keras.Model(source, end), False


def name_of(weight):
    return weight.path if keras3 else weight.name.split(":")[0]


def draw_weight(weight):
    low, high = (0.3, 1) if "variance" in name_of(weight) else (-0.7, 0.7)
    return np.random.uniform(low, high, weight.shape).astype("float32")


def draw_input(model, words):
    dims = [(3 if axis == 0 else 5) if dim is None else dim for axis, dim in enumerate(model.inputs[0].shape)]
    if words:
        return np.random.randint(0, 6, dims).astype("float32")
    values = np.random.uniform(-1, 1, dims).astype("float32")
    if len(dims) == 3:
        values[np.random.rand(*dims[:2]) < 0.35] = rng.choice([0, 0, 0.5])
    return values


def tensor(values):
    return {"shape": list(values.shape), "data": values.ravel().tolist()}


def draw_case():
    model, words = rng.choices([sequence_model, merged_model, image_model], [60, 15, 25])[0]()
    model.set_weights([draw_weight(weight) for weight in model.weights])
    values = draw_input(model, words)
    outputs = model(values, training=False)
    outputs = [np.array(output) for output in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]
    topology = json.loads(model.to_json())
    topology.setdefault("keras_version", keras.__version__)
    topology.setdefault("backend", keras.backend.backend())
    finite = all(output.size > 0 and np.isfinite(output).all() for output in outputs)
    return finite and {
        "topology": topology,
        "weights": [{"name": name_of(weight), **tensor(np.array(weight))} for weight in model.weights],
        "input": tensor(values),
        "outputs": [tensor(output) for output in outputs],
        "layers": [type(layer).__name__ for layer in model.layers],
    }


cases = []
while len(cases) < count:
    try:
        case = draw_case()
        if case:
            cases.append(case)
    except (ValueError, TypeError, IndexError) as error:
        # Keras rejects the combination, such as sizes below 1 or masks that do not fit.
        print("left out:", str(error).splitlines()[0][:100], file=sys.stderr)
    keras.backend.clear_session()
json.dump(cases, sys.stdout)
