import { elementsOf, tensorNames } from '@onda/contract';
import type { Manifest, TensorSpec, TensorType } from '@onda/contract';
import type { ModelTensors } from '@onda/protocol';

/** A state that the service can keep for a sequence: input and output of the model. */
export interface StateTensor {
  readonly input: string;
  readonly output: string;
  readonly type: TensorType;
  /** Dims of one sequence, without the batch. */
  readonly dims: readonly number[];
  /** Values of one sequence: the product of `dims`. */
  readonly size: number;
  /** Initial value in words of 32 bits; default: zeros. */
  readonly start?: Int32Array;
}

/** A control input, which the service fills: the sequence of a row, its start or its end. */
export interface ControlTensor {
  readonly input: string;
  /** `ready`: the row belongs to a sequence, always true here; `corrid`: the sequence's id. */
  readonly kind: 'start' | 'end' | 'ready' | 'corrid';
  readonly type: TensorType;
  /** Shape with the batch dim. */
  readonly shape: TensorSpec['shape'];
  /** Unused by `corrid`. */
  readonly values: readonly [no: number, yes: number];
}

/** Inputs and outputs of a served model, from any tool. */
export interface ModelSignature extends ModelTensors {
  /** In the order of the ONNX file, with states, without controls. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly states: readonly StateTensor[];
  readonly controls: readonly ControlTensor[];
  /** Maximum rows of a request, the first dim of all its tensors; 0: tensors have no rows, and requests are not batched. */
  readonly maxRows: number;
  /** Values per sample and row of the widest tensor: the product of its fixed dims. */
  readonly width: number;
}

/** The signature of a manifest. */
export function signatureOfManifest(manifest: Manifest, maxRows: number): ModelSignature {
  const { inputs, outputs } = manifest.tensors.model;
  const tensors = [...inputs, ...outputs];
  return {
    inputs,
    outputs,
    states: statesOf(manifest),
    controls: [],
    maxRows: tensors.every(hasRows) ? maxRows : 0,
    width: widthOf(tensors),
  };
}

/** Whether its first dim is symbolic: the rows of a request. */
export function hasRows({ shape }: Pick<TensorSpec, 'shape'>): boolean {
  return typeof shape.at(0) === 'string';
}

export function widthOf(tensors: readonly TensorSpec[]): number {
  const widths = tensors.map(({ shape }) =>
    elementsOf(shape.map((dim) => (typeof dim === 'number' ? dim : 1))),
  );
  return Math.max(1, ...widths);
}

function statesOf({ state, tensors }: Manifest): StateTensor[] {
  if (state === null) return [];
  const pairs =
    'packing' in state
      ? state.rows.map(({ input, output }) => ({ input, output }))
      : [{ input: tensorNames.stateIn, output: tensorNames.stateOut }];
  return pairs.map((pair) => {
    const spec = tensors.model.inputs.find(({ name }) => name === pair.input);
    const dims = (spec?.shape ?? []).slice(1).map(Number);
    return { ...pair, type: spec?.type ?? 'float32', dims, size: elementsOf(dims) };
  });
}
