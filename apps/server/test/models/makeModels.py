"""Makes the ONNX files beside it: models that Onda did not export, good ones and ones that a service must not load.

Run it with the Python of the tests (onnx, numpy); the files are checked in, so that the tests need neither.
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save
from onnx.external_data_helper import set_external_data

HERE = Path(__file__).parent
OPSET = [helper.make_opsetid("", 17)]


def write(name, nodes, inputs, outputs, initializers=(), opsets=OPSET):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="makeModels.py")
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


FLOAT, INT64, BOOL, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL, TensorProto.STRING
HALF, DOUBLE, UINT8 = TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.UINT8

# picked: the numbers where `keep` is true, else their negatives; words and halves as they came.
write(
    "types",
    [
        helper.make_node("Neg", ["numbers"], ["negative"]),
        helper.make_node("Where", ["keep", "numbers", "negative"], ["picked"]),
        helper.make_node("Not", ["keep"], ["dropped"]),
        helper.make_node("Identity", ["words"], ["said"]),
        helper.make_node("Add", ["halves", "halves"], ["wholes"]),
        helper.make_node("Cast", ["numbers"], ["bytes"], to=UINT8),
        helper.make_node("Cast", ["numbers"], ["precise"], to=DOUBLE),
    ],
    [
        value("numbers", INT64, ["n", 3]),
        value("keep", BOOL, ["n", 3]),
        value("words", STRING, ["n", 2]),
        value("halves", HALF, ["n", 1]),
    ],
    [
        value("picked", INT64, ["n", 3]),
        value("dropped", BOOL, ["n", 3]),
        value("said", STRING, ["n", 2]),
        value("wholes", HALF, ["n", 1]),
        value("bytes", UINT8, ["n", 3]),
        value("precise", DOUBLE, ["n", 3]),
    ],
)

# Two states of two types and a control: y = total + x + 100 * begin, total' = total + x, count' = count + 1.
write(
    "counter",
    [
        helper.make_node("Add", ["total_in", "x"], ["total_out"]),
        helper.make_node("Add", ["count_in", "one"], ["count_out"]),
        helper.make_node("Mul", ["begin", "hundred"], ["offset"]),
        helper.make_node("Add", ["total_out", "offset"], ["y"]),
        helper.make_node("Identity", ["count_out"], ["count"]),
    ],
    [
        value("x", FLOAT, ["batch", 2]),
        value("begin", FLOAT, ["batch", 1]),
        value("count_in", INT64, ["batch", 1]),
        value("total_in", FLOAT, ["batch", 2]),
    ],
    [
        value("y", FLOAT, ["batch", 2]),
        value("count", INT64, ["batch", 1]),
        value("count_out", INT64, ["batch", 1]),
        value("total_out", FLOAT, ["batch", 2]),
    ],
    [
        numpy_helper.from_array(np.array([[1]], np.int64), "one"),
        numpy_helper.from_array(np.array([[100]], np.float32), "hundred"),
    ],
)

# y = x + the sequence's id; z is x without the last of its dims. The state says nothing.
write(
    "named",
    [
        helper.make_node("Add", ["x", "id"], ["y"]),
        helper.make_node("Squeeze", ["x", "last"], ["z"]),
        helper.make_node("Identity", ["s_in"], ["s_out"]),
    ],
    [value("x", INT64, ["batch", 1]), value("id", INT64, ["batch", 1]), value("s_in", FLOAT, ["batch", 1])],
    [value("y", INT64, ["batch", 1]), value("z", INT64, ["batch"]), value("s_out", FLOAT, ["batch", 1])],
    [numpy_helper.from_array(np.array([1], np.int64), "last")],
)

# y = x + number: any response identifies the file that computed it.
for number in (1, 2, 3):
    write(
        f"plus{number}",
        [helper.make_node("Add", ["x", "number"], ["y"])],
        [value("x", FLOAT, ["batch", 2])],
        [value("y", FLOAT, ["batch", 2])],
        [numpy_helper.from_array(np.array([number], np.float32), "number")],
    )
    # The same with a state that holds it: a sequence's answers are number, 2 * number, ... while it stays on one file.
    write(
        f"adds{number}",
        [
            helper.make_node("Add", ["sum_in", "number"], ["sum_out"]),
            helper.make_node("Add", ["x", "sum_out"], ["y"]),
        ],
        [value("x", FLOAT, ["batch", 1]), value("sum_in", FLOAT, ["batch", 1])],
        [value("y", FLOAT, ["batch", 1]), value("sum_out", FLOAT, ["batch", 1])],
        [numpy_helper.from_array(np.array([[number]], np.float32), "number")],
    )

# y = x + z, whose rows have names of their own: ONNX Runtime would spread one row over several.
write(
    "pairs",
    [helper.make_node("Add", ["x", "z"], ["y"])],
    [value("x", FLOAT, ["n", 1]), value("z", FLOAT, ["m", 1])],
    [value("y", FLOAT, ["k", 1])],
)

# A state that grows with each step: it has no row of a fixed size.
write(
    "grows",
    [helper.make_node("Concat", ["s_in", "x"], ["s_out"], axis=1), helper.make_node("Identity", ["x"], ["y"])],
    [value("x", FLOAT, ["batch", 1]), value("s_in", FLOAT, ["batch", "s"])],
    [value("y", FLOAT, ["batch", 1]), value("s_out", FLOAT, ["batch", "t"])],
)

# Rows are not independent: requests for this model must not be batched together.
write(
    "mixesRows",
    [helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1), helper.make_node("Sub", ["x", "mean"], ["y"])],
    [value("x", FLOAT, ["batch", 2])],
    [value("y", FLOAT, ["batch", 2])],
)

# No batch: the dims are fixed.
write(
    "fixed",
    [helper.make_node("Relu", ["x"], ["y"])],
    [value("x", FLOAT, [2, 3])],
    [value("y", FLOAT, [2, 3])],
)

# --- What a service must not load. ---
write(
    "foreignOperator",
    [helper.make_node("Steal", ["x"], ["y"], domain="evil.example")],
    [value("x", FLOAT, ["batch", 2])],
    [value("y", FLOAT, ["batch", 2])],
    opsets=[*OPSET, helper.make_opsetid("evil.example", 1)],
)

branch = lambda name, op, domain="": helper.make_graph(  # noqa: E731
    [helper.make_node(op, ["x"], [f"{name}_y"], domain=domain)], name, [], [value(f"{name}_y", FLOAT, None)]
)
write(
    "foreignInside",
    [
        helper.make_node("If", ["yes"], ["y"], then_branch=branch("good", "Identity"), else_branch=branch("bad", "Steal", "evil.example"))
    ],
    [value("x", FLOAT, ["batch", 2])],
    [value("y", FLOAT, ["batch", 2])],
    [numpy_helper.from_array(np.array(True), "yes")],
    opsets=[*OPSET, helper.make_opsetid("evil.example", 1)],
)

write(
    "endless",
    [
        helper.make_node(
            "Loop",
            ["", "yes", "x"],
            ["y"],
            body=helper.make_graph(
                [helper.make_node("Identity", ["go"], ["again"]), helper.make_node("Identity", ["v"], ["w"])],
                "body",
                [value("turn", INT64, []), value("go", BOOL, []), value("v", FLOAT, None)],
                [value("again", BOOL, []), value("w", FLOAT, None)],
            ),
        )
    ],
    [value("x", FLOAT, ["batch", 2])],
    [value("y", FLOAT, ["batch", 2])],
    [numpy_helper.from_array(np.array(True), "yes")],
)

# y is x in another shape, which the request names.
write(
    "reshapes",
    [helper.make_node("Reshape", ["x", "shape"], ["y"])],
    [value("x", FLOAT, ["n"]), value("shape", INT64, ["dims"])],
    [value("y", FLOAT, None)],
)

# sum_out = sum_in + n, counted one by one: as long as the request says.
write(
    "loops",
    [
        helper.make_node("ReduceMax", ["n"], ["turns"], keepdims=0),
        helper.make_node(
            "Loop",
            ["turns", "yes", "sum_in"],
            ["sum_out"],
            body=helper.make_graph(
                [helper.make_node("Identity", ["go"], ["again"]), helper.make_node("Add", ["v", "one"], ["w"])],
                "body",
                [value("turn", INT64, []), value("go", BOOL, []), value("v", FLOAT, None)],
                [value("again", BOOL, []), value("w", FLOAT, None)],
            ),
        ),
        helper.make_node("Identity", ["sum_out"], ["y"]),
    ],
    [value("n", INT64, ["batch", 1]), value("sum_in", FLOAT, ["batch", 1])],
    [value("y", FLOAT, ["batch", 1]), value("sum_out", FLOAT, ["batch", 1])],
    [numpy_helper.from_array(np.array(True), "yes"), numpy_helper.from_array(np.array(1, np.float32), "one")],
)

elsewhere = numpy_helper.from_array(np.zeros(2, np.float32), "number")
set_external_data(elsewhere, "../../../../etc/passwd", offset=0, length=8)
elsewhere.ClearField("raw_data")
elsewhere.data_location = TensorProto.EXTERNAL
write(
    "dataElsewhere",
    [helper.make_node("Add", ["x", "number"], ["y"])],
    [value("x", FLOAT, ["batch", 2])],
    [value("y", FLOAT, ["batch", 2])],
    [elsewhere],
)

write(
    "hugeDims",
    [helper.make_node("Relu", ["x"], ["y"])],
    [value("x", FLOAT, [1 << 20, 1 << 20])],
    [value("y", FLOAT, [1 << 20, 1 << 20])],
)

# A third-party recurrent net: with batch 0 or time 0 ONNX Runtime for Node ends the process.
units = 4
random = np.random.default_rng(5)
weights = [
    numpy_helper.from_array(random.normal(size=(1, 3 * units, n)).astype(np.float32), name) for n, name in ((2, "W"), (units, "R"))
]
write(
    "gru",
    [
        helper.make_node("Transpose", ["x"], ["steps"], perm=[1, 0, 2]),
        helper.make_node("GRU", ["steps", "W", "R"], ["", "last"], hidden_size=units),
        helper.make_node("Squeeze", ["last", "first"], ["y"]),
    ],
    [value("x", FLOAT, ["batch", "time", 2])],
    [value("y", FLOAT, ["batch", units])],
    [*weights, numpy_helper.from_array(np.array([0], np.int64), "first")],
)
