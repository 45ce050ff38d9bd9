"""Saves small Keras models as .keras and .h5 files with Keras' outputs: the fixtures of test/kerasFiles.test.ts.

usage: makeKerasFiles.py FOLDER

Needs a virtual environment with Keras 2.15 (tensorflow-cpu 2.15.1) or Keras 3.15 on TensorFlow; it is no part of npm test.
"""

import json
import os
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
np.random.seed(1)
KERAS3 = keras.__version__.startswith("3")
PREFIX = "keras3" if KERAS3 else "keras2"
MODELS = {}


def model(build):
    MODELS[build.__name__] = build
    return build


def draw(*shape):
    return np.random.uniform(-1, 1, shape).astype("float32")


def masked(*shape):
    values = draw(*shape)
    values[0, 3:] = 0
    values[1, 1] = 0
    return values


@model
def lstm():
    return keras.Sequential([keras.Input((None, 2)), L.LSTM(3, return_sequences=True), L.GRU(2), L.Dense(2)]), [
        draw(2, 5, 2)
    ]


@model
def bidi():
    return keras.Sequential(
        [
            keras.Input((5, 2)),
            L.Bidirectional(L.LSTM(3, return_sequences=True)),
            L.TimeDistributed(L.Dense(2)),
            L.BatchNormalization(),
            L.Conv1D(2, 2),
            L.Dropout(0.2),
        ]
    ), [draw(2, 5, 2)]


@model
def stacked():
    return keras.Sequential([keras.Input((None, 2)), L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True)]), [
        draw(2, 5, 2)
    ]


@model
def stackedstate():
    x = keras.Input((None, 2))
    r = L.RNN([L.LSTMCell(3), L.LSTMCell(2)], return_sequences=True, return_state=True)(x)
    return keras.Model(x, tf.nest.flatten(r)), [draw(2, 5, 2)]


@model
def ops():
    x = keras.Input((5, 2))
    h = L.LSTM(2, return_sequences=True)(x)
    y = h + x
    y = 2 * y - x / 3
    y = y[:, -1]
    return keras.Model(x, y), [draw(2, 5, 2)]


@model
def ops2():
    x = keras.Input((None, 4))
    h = L.Dense(4)(x)
    y = h * x
    z = y[:, 1:, ::2]
    w = y[:, :, 0] if not KERAS3 else y[..., 0]
    v = y[:, None, -1, 1:3]
    return keras.Model(x, [z, w, v, -y, y**2.0]), [draw(2, 5, 4)]


@model
def ops3():
    x = keras.Input((5, 4))
    h = L.Dense(4)(x)
    if KERAS3:
        o = keras.ops
        return keras.Model(
            x,
            [
                o.mean(h, axis=1),
                o.sum(h, axis=-1, keepdims=True),
                o.concatenate([h, x], axis=-1),
                o.reshape(h, (-1, 20)),
                o.transpose(h, (0, 2, 1)),
                o.expand_dims(h, -1),
                o.tanh(h),
                o.relu(h),
                o.matmul(h, o.transpose(x, (0, 2, 1))),
                o.maximum(h, 0.1),
                o.cast(h, "float32"),
                o.clip(h, -0.2, 0.3),
                o.softmax(h),
                o.squeeze(o.expand_dims(h, 1), 1),
            ],
        ), [draw(2, 5, 4)]
    return keras.Model(
        x,
        [
            tf.reduce_mean(h, axis=1),
            tf.reduce_sum(h, axis=-1, keepdims=True),
            tf.concat([h, x], axis=-1),
            tf.reshape(h, (-1, 20)),
            tf.transpose(h, (0, 2, 1)),
            tf.expand_dims(h, -1),
            tf.tanh(h),
            tf.nn.relu(h),
            tf.matmul(h, x, transpose_b=True),
            tf.maximum(h, 0.1),
            tf.cast(h, tf.float32),
            tf.clip_by_value(h, -0.2, 0.3),
            tf.nn.softmax(h),
            tf.squeeze(tf.expand_dims(h, 1), 1),
        ],
    ), [draw(2, 5, 4)]


@model
def twice():
    x = keras.Input((5, 2))
    a = L.LSTM(3, name="lstm")(x)
    b = L.LSTM(3, name="my/lstm" if not KERAS3 else "my_lstm")(x)
    return keras.Model(x, [a, b]), [draw(2, 5, 2)]


@model
def nested():
    def inner(n):
        x = keras.Input((5, 2))
        return keras.Model(x, L.Dense(2, name="dense")(L.LSTM(3, name="lstm")(x)), name=n)

    x = keras.Input((5, 2))
    return keras.Model(x, L.Dense(1, name="dense")(L.Concatenate()([inner("one")(x), inner("two")(x)]))), [
        draw(2, 5, 2)
    ]


@model
def named():
    a = keras.Input((2,), name="a")
    b = keras.Input((2,), name="b")
    return keras.Model({"b": b, "a": a}, {"z": L.Dense(2, name="z")(a), "q": L.Dense(1, name="q")(L.Add()([a, b]))}), {
        "a": draw(2, 2),
        "b": draw(2, 2),
    }


@model
def maskzero():
    x = keras.Input((5,))
    h = L.Embedding(6, 3, mask_zero=True)(x)
    h = L.LSTM(2, return_sequences=True)(h)
    return keras.Model(x, L.Dense(1)(L.GRU(2)(h))), [np.array([[1, 2, 0, 0, 0], [3, 0, 4, 5, 0]], dtype="float32")]


@model
def mha():
    x = keras.Input((5, 4))
    y = L.MultiHeadAttention(2, 3)(x, x)
    y = L.LayerNormalization()(L.Add()([x, y]))
    return keras.Model(x, L.GRU(2)(y)), [draw(2, 5, 4)]


@model
def mhacausal():
    x = keras.Input((None, 4))
    v = keras.Input((None, 4))
    y, s = L.MultiHeadAttention(2, 3, value_dim=2, output_shape=3)(
        x, v, use_causal_mask=True, return_attention_scores=True
    )
    return keras.Model([x, v], [y, s]), [draw(2, 5, 4), draw(2, 5, 4)]


@model
def mhamask():
    x = keras.Input((5, 4))
    h = L.Masking()(x)
    y = L.MultiHeadAttention(2, 3)(h, h)
    return keras.Model(x, y), [masked(2, 5, 4)]


@model
def att():
    x = keras.Input((5, 4))
    v = keras.Input((6, 4))
    y = L.Attention()([x, v])
    z = L.Attention(use_scale=True)([x, v], use_causal_mask=True)
    w = L.AdditiveAttention()([x, v])
    u = L.Attention(score_mode="concat", use_scale=True)([x, v])
    return keras.Model([x, v], [y, z, w, u]), [draw(2, 5, 4), draw(2, 6, 4)]


@model
def attmask():
    x = keras.Input((5, 4))
    h = L.Masking()(x)
    g = L.LSTM(4, return_sequences=True)(h)
    y = L.Attention()([g, h])
    return keras.Model(x, L.GRU(2)(y)), [masked(2, 5, 4)]


@model
def norms():
    x = keras.Input((5, 4))
    y = [
        L.GroupNormalization(2)(x),
        L.GroupNormalization(-1)(x),
        L.UnitNormalization()(x),
        L.UnitNormalization(axis=1)(x),
        L.LayerNormalization()(x),
    ]
    if KERAS3:
        y.append(L.RMSNormalization()(x))
    y.append(L.Normalization(mean=[1, 2, 3, 4.0], variance=[1, 2, 3, 0.5])(x))
    y.append(L.Normalization(axis=None, mean=0.3, variance=2.0)(x))
    y.append(L.Normalization(mean=[1, 2, 3, 4.0], variance=[1, 2, 3, 0.5], invert=True)(x))
    y.append(L.Rescaling(2.0, offset=[1.0, 2.0, 3.0, 4.0])(x))
    return keras.Model(x, y), [draw(2, 5, 4)]


@model
def disc():
    x = keras.Input((5,))
    return keras.Model(x, L.Embedding(4, 3)(L.Discretization(bin_boundaries=[-0.5, 0.0, 0.5])(x))), [draw(2, 5)]


@model
def normadapt():
    n = L.Normalization()
    n.adapt(draw(20, 5, 4))
    m = keras.Sequential([keras.Input((5, 4)), n])
    m.set_weights = lambda w: None
    return m, [draw(2, 5, 4)]


@model
def conv1d():
    x = keras.Input((8, 4))
    return keras.Model(
        x,
        [
            L.Conv1DTranspose(3, 3, strides=2, padding="same")(x),
            L.DepthwiseConv1D(3, padding="same", depth_multiplier=2)(x),
            L.SeparableConv1D(3, 3, padding="causal" if not KERAS3 else "same", activation="relu")(x),
            L.ZeroPadding1D((1, 2))(x),
            L.Cropping1D((1, 2))(x),
            L.UpSampling1D(3)(x),
            L.Subtract()([x, L.Dense(4)(x)]),
            L.Conv1D(4, 3, groups=2)(x),
            L.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d", activation="relu")(x),
            L.EinsumDense("abc,bd->adc", output_shape=(5, 4), bias_axes="c")(x),
            L.Conv1D(4, 3, dilation_rate=2, padding="causal")(x),
            L.ActivityRegularization(0.1)(x),
        ],
    ), [draw(2, 8, 4)]


@model
def image():
    x = keras.Input((6, 6, 2))
    return keras.Model(
        x,
        [
            L.DepthwiseConv2D(3, dilation_rate=2, padding="same")(x),
            L.Conv2D(4, 3, groups=2)(x),
            L.ZeroPadding2D(((1, 0), (0, 2)))(x),
            L.Cropping2D(1)(x),
            L.RandomFlip()(x),
            L.SpatialDropout2D(0.2)(x),
            L.GlobalAveragePooling2D(keepdims=True)(x),
            L.Conv2DTranspose(2, 3, strides=2, padding="same")(x),
        ],
    ), [draw(2, 6, 6, 2)]


@model
def volume():
    x = keras.Input((4, 4, 4, 2))
    return keras.Model(
        x,
        [
            L.GlobalMaxPooling3D()(x),
            L.GlobalAveragePooling3D()(x),
            L.ZeroPadding3D(1)(x),
            L.Cropping3D(1)(x),
            L.Conv3D(2, 2)(x),
        ],
    ), [draw(2, 4, 4, 4, 2)]


def weight(variable):
    name = variable.path if KERAS3 else variable.name
    return np.random.uniform(0.3 if "var" in name else -0.6, 0.8, variable.shape).astype("float32")


def tensor(value):
    value = np.array(value)
    return {"shape": list(value.shape), "data": value.astype(float).ravel().tolist()}


for name, build in MODELS.items():
    made, inputs = build()
    made.set_weights([weight(variable) for variable in made.weights])
    given = inputs if hasattr(inputs, "keys") or len(inputs) > 1 else inputs[0]
    outputs = made(given, training=False)
    path = os.path.join(folder, f"{PREFIX}-{name}")
    made.save(f"{path}.keras")
    made.save(f"{path}.h5")
    with open(f"{path}.cases.json", "w") as file:
        tensors = {"inputs": tf.nest.flatten(inputs), "outputs": tf.nest.flatten(outputs)}
        json.dump({side: [tensor(value) for value in values] for side, values in tensors.items()}, file)
    keras.backend.clear_session()
