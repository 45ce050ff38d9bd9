import { floatTensor } from '@onda/onnx';
import { UnsupportedError } from '../errors.ts';
import { axis } from '../graph/axis.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';

/** Inputs in one layout: time-major when all of them lie so. */
function alike({ builder, inputs }: LayerCall): Value[] {
  const timeMajor = inputs.every((input) => input.timeMajor);
  return inputs.map((input) => builder.inLayout(input, timeMajor));
}

/** The dims of a result to which inputs of one rank are broadcast. */
function broadcast(call: LayerCall, values: readonly Value[]): { shape: Dim[]; timeMajor: boolean } {
  const [first] = values;
  if (values.length < 2 || values.some(({ shape }) => shape.length !== first.shape.length)) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": expected two inputs or more of one rank, got ${values.map(({ shape }) => `[${shape.join(', ')}]`).join(', ')}; reshape them before`,
    );
  }
  const shape = first.shape.map(
    (dim, index) => values.find((value) => value.shape[index] !== 1)?.shape[index] ?? dim,
  );
  return { shape, timeMajor: first.timeMajor };
}

/** Inputs taken together two at a time, as TensorFlow.js does. */
function folded(op: string): LayerConverter {
  return (call) => {
    const values = alike(call);
    const like = broadcast(call, values);
    const [first, ...rest] = values;
    return [rest.reduce((sum, value) => call.builder.single(call.path, op, [sum, value], like), first)];
  };
}

export const convertAdd = folded('Add');
export const convertMultiply = folded('Mul');
export const convertMaximum = folded('Max');
export const convertMinimum = folded('Min');

export const convertAverage: LayerConverter = (call) => {
  const { builder, path, inputs } = call;
  const [sum] = convertAdd({ ...call, path: `${path}/sum` });
  const name = `float32.1/${inputs.length}`;
  const share = builder.shared(name, () => floatTensor(name, [], Float32Array.of(1 / inputs.length)));
  return [builder.single(path, 'Mul', [sum, share], sum)];
};

export const convertConcatenate: LayerConverter = (call) => {
  const values = alike(call);
  const [{ shape: first, timeMajor }] = values;
  const given = call.options.number('axis', -1);
  const place = given < 0 ? given + first.length : given;
  // In the time-major layout batch and time have changed places.
  const at = timeMajor && place < 2 ? 1 - place : place;
  const sizes = values.map(({ shape }) => shape[at]);
  if (
    !Number.isInteger(place) ||
    place < 1 ||
    place >= first.length ||
    values.some(({ shape }) => shape.length !== first.length)
  ) {
    throw new UnsupportedError(
      `layer "${call.options.layer}": axis: expected an axis after the batch that all inputs have, got ${given}; reshape them before`,
    );
  }
  const numbers = sizes.filter((size) => typeof size === 'number');
  const joined: Dim =
    numbers.length === sizes.length ? numbers.reduce((sum, size) => sum + size, 0) : `${call.path}/joined`;
  const shape = first.map((dim, index) => (index === at ? joined : dim));
  return [
    call.builder.single(call.path, 'Concat', values, { shape, timeMajor, type: values[0].type }, axis(at)),
  ];
};
