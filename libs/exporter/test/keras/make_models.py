"""Models of Keras with what they give, for exportKeras.test.ts. Run by hand with Keras 2 (keras 2.15 of TensorFlow) and with Keras 3:

    python make_models.py > keras2.json
    KERAS_BACKEND=jax python make_models.py > keras3.json

Weights are multiples of 1/64, so that the file holds them exactly.
"""

import json

import keras
import numpy as np
from keras import layers

random = np.random.RandomState(7)


def draw(shape):
    return (random.randint(-40, 41, size=shape) / 64).astype("float32")


def sequence_layers():
    yield layers.Conv1D(4, 3, padding="causal", dilation_rate=2, name="causal")
    yield layers.BatchNormalization(axis=-1, name="batch_norm")
    yield layers.LayerNormalization(name="layer_norm")
    yield layers.LeakyReLU(0.1, name="leaky")
    yield layers.ReLU(max_value=0.9, negative_slope=0.25, threshold=0.125, name="relu")
    yield layers.GRU(3, return_sequences=True, recurrent_activation="hard_sigmoid", name="gru")
    yield layers.Bidirectional(layers.LSTM(2, return_sequences=True, name="lstm"), name="both")
    yield layers.TimeDistributed(layers.Dense(3, activation="tanh"), name="each")
    yield layers.SimpleRNN(3, activation="relu", go_backwards=True, return_sequences=True, name="back")
    yield layers.Softmax(axis=1, name="over_time")


def chain():
    return keras.Sequential([keras.Input((5, 2), name="x"), *sequence_layers()], name="chain")


def graph():
    x = keras.Input((5, 2), name="x")
    shared = layers.Dense(3, activation="swish", name="shared")
    a = shared(x)
    inner = keras.Sequential([keras.Input((5, 3)), layers.Dense(2, name="inner_dense")], name="inner")
    b = shared(inner(a))
    encoded, h, c = layers.LSTM(3, return_state=True, name="encoder")(b)
    decoded = layers.LSTM(3, return_sequences=True, name="decoder")(a, initial_state=[h, c])
    backwards = layers.BatchNormalization(axis=1, name="norm_time")(decoded)
    joined = layers.Add(name="sum")([backwards, a])
    scores = layers.Dot(axes=(2, 2), normalize=True, name="scores")([joined, a])
    return keras.Model(x, [scores, layers.Multiply(name="product")([encoded, h])], name="graph")


def words():
    return keras.Sequential(
        [
            keras.Input((6,), name="x"),
            layers.Embedding(5, 3, name="embedding"),
            layers.GRU(4, reset_after=True, name="gru"),
            layers.Dense(2, activation="softmax", name="y"),
        ],
        name="words",
    )


def entry(model, x):
    model.set_weights([np.abs(draw(w.shape)) + 0.5 if "variance" in name(w) else draw(w.shape) for w in model.weights])
    outputs = model.predict(x, verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    return {
        "topology": json.loads(model.to_json()),
        "weights": [
            {"name": name(w), "shape": list(w.shape), "values": np.array(w).ravel().tolist()} for w in model.weights
        ],
        "input": {"dims": list(x.shape), "values": x.ravel().tolist()},
        "outputs": [{"dims": list(y.shape), "values": [round(float(v), 7) for v in y.ravel()]} for y in outputs],
    }


def name(weight):
    return getattr(weight, "path", weight.name).removesuffix(":0")


models = {
    "chain": entry(chain(), draw((2, 5, 2))),
    "graph": entry(graph(), draw((2, 5, 2))),
    "words": entry(words(), random.randint(0, 5, size=(3, 6)).astype("float32")),
}
print(json.dumps({"keras": keras.__version__, "models": models}))
