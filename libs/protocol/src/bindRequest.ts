import { quoted, ShapeError, typedArrays } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import type { ProtocolTensor } from './datatypes.ts';
import { countWithin, inputText } from './inferRequest.ts';
import type { InferRequest, RequestedOutput } from './inferRequest.ts';
import { checkInput } from './modelTensors.ts';
import type { ModelTensors } from './modelTensors.ts';
import { isRowInput } from './sequenceRows.ts';
import { checkFinite, tensorFromBytes } from './tensorBytes.ts';

/** A request that fits a model. */
export interface BoundRequest {
  /** All inputs of the model; a step of a sequence may omit its states. */
  readonly inputs: Readonly<Record<string, ProtocolTensor>>;
  /** In the requested order. If the request names none: all outputs of the model, in a sequence without its states. */
  readonly outputs: readonly RequestedOutput[];
}

/**
 * Checks a request against a model: every input exists, occurs once, and has the model's datatype, rank and fixed dims; none is
 * missing; every output exists. Equal symbolic dims and dims of 0 are checked by the runtime.
 *
 * @param maxValues maximum values of one tensor
 * @throws ShapeError, DataError, ProtocolError
 */
export function bindRequest(request: InferRequest, model: ModelTensors, maxValues: number): BoundRequest {
  if (request.raw !== undefined) return bindRaw(request.raw, model, maxValues);
  const inputs: Record<string, ProtocolTensor> = {};
  let keepsState = request.sequence !== undefined;
  for (const input of request.inputs) {
    const { name, tensor } = input;
    const spec = model.inputs.find((candidate) => candidate.name === name);
    if (spec === undefined) {
      if (!isRowInput(name)) {
        throw new ShapeError(
          `${inputText(name)}: the model has no such input; send ${namesOf(model.inputs)}`,
        );
      }
      keepsState = true;
      continue;
    }
    if (Object.hasOwn(inputs, name)) {
      throw new ShapeError(`${inputText(name)}: expected once, got it twice; remove one`);
    }
    checkInput(input, spec);
    if (model.allowsNonFinite !== true) checkFinite(tensor, inputText(name));
    inputs[name] = tensor;
  }
  const { states = [] } = model;
  for (const { name } of model.inputs) {
    if (Object.hasOwn(inputs, name)) continue;
    if (keepsState && states.some(({ input }) => input === name)) continue;
    throw new ShapeError(`${inputText(name)} is missing; send ${namesOf(model.inputs)}`);
  }
  return { inputs, outputs: chooseOutputs(request, model, keepsState) };
}

function chooseOutputs(
  { outputs, binary }: InferRequest,
  model: ModelTensors,
  keepsState: boolean,
): readonly RequestedOutput[] {
  if (outputs === undefined) {
    const { states = [] } = model;
    const chosen: RequestedOutput[] = [];
    for (const { name } of model.outputs) {
      if (keepsState && states.some(({ output }) => output === name)) continue;
      chosen.push({ name, binary });
    }
    return chosen;
  }
  const seen = new Set<string>();
  for (const { name } of outputs) {
    if (!model.outputs.some((spec) => spec.name === name)) {
      throw new ShapeError(
        `output ${quoted(name)}: the model has no such output; it gives ${namesOf(model.outputs)}`,
      );
    }
    if (seen.has(name))
      throw new ShapeError(`output ${quoted(name)}: expected once, got it twice; remove one`);
    seen.add(name);
  }
  return outputs;
}

/**
 * Binds a raw binary request of the binary tensor extension: no JSON part, the body is the only input of the model, little-endian, or
 * one string. The response has all outputs as bytes.
 *
 * The shape follows from the model: of the dims that are not fixed, the last is inferred from the number of bytes, the others are 1.
 */
function bindRaw(body: Uint8Array, model: ModelTensors, maxValues: number): BoundRequest {
  const [spec] = model.inputs;
  if (model.inputs.length !== 1) {
    throw new ShapeError(
      `Inference-Header-Content-Length: expected the length of a JSON part, since the model takes ${namesOf(model.inputs)}, got 0; name each input in JSON before its bytes`,
    );
  }
  const dims = rawShape(spec, body.byteLength);
  const where = inputText(spec.name);
  const count = countWithin(dims, maxValues, where);
  const tensor = tensorFromBytes(textBehindLength(body, spec), spec.type, dims, count, where);
  if (model.allowsNonFinite !== true) checkFinite(tensor, where);
  return {
    inputs: { [spec.name]: tensor },
    outputs: model.outputs.map(({ name }) => ({ name, binary: true })),
  };
}

function rawShape({ type, shape }: TensorSpec, bytes: number): number[] {
  const values = type === 'string' ? 1 : Math.floor(bytes / typedArrays[type].BYTES_PER_ELEMENT);
  const fixed = shape.reduce<number>((size, dim) => (typeof dim === 'number' ? size * dim : size), 1);
  const open = shape.findLastIndex((dim) => typeof dim === 'string');
  return shape.map((dim, axis) => {
    if (typeof dim === 'number') return dim;
    return axis === open ? Math.floor(values / fixed) : 1;
  });
}

/** In the extension a string is prefixed with its length. */
function textBehindLength(body: Uint8Array, { type }: TensorSpec): Uint8Array {
  if (type !== 'string') return body;
  const bytes = new Uint8Array(Uint32Array.BYTES_PER_ELEMENT + body.byteLength);
  new DataView(bytes.buffer).setUint32(0, body.byteLength, true);
  bytes.set(body, Uint32Array.BYTES_PER_ELEMENT);
  return bytes;
}

function namesOf(specs: readonly TensorSpec[]): string {
  return specs.map(({ name }) => name).join(' and ');
}
