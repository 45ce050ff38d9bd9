import { elementsOf, tensorNames } from '@onda/contract';
import type { Manifest, TensorSpec, TensorType } from '@onda/contract';
import type { ModelTensors } from '@onda/protocol';

/** A state that the service can keep for a sequence: fed as `input`, answered as `output`. */
export interface StateTensor {
  readonly input: string;
  readonly output: string;
  readonly type: TensorType;
  /** Of one sequence: without the batch. */
  readonly dims: readonly number[];
  /** Values of one sequence: the product of `dims`. */
  readonly size: number;
  /** What it is before the first step, in words of 32 bits; zeros when left out. */
  readonly start?: Int32Array;
}

/** An input by which a model hears where a sequence stands; the service fills it, a request does not have it. */
export interface ControlTensor {
  readonly input: string;
  /** `ready` says that the row is one of a sequence, which every row is here; `corrid` which one. */
  readonly kind: 'start' | 'end' | 'ready' | 'corrid';
  readonly type: TensorType;
  /** With the batch. */
  readonly shape: TensorSpec['shape'];
  /** Of a `corrid` nothing: it is the id. */
  readonly values: readonly [no: number, yes: number];
}

/** What a served model takes and gives, whoever made it. */
export interface ModelSignature extends ModelTensors {
  /** Of the ONNX file, in its order, states among them, controls not. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly states: readonly StateTensor[];
  readonly controls: readonly ControlTensor[];
  /** The most rows of a request, whose tensors all have the rows first; 0: no tensor has rows, and requests are not joined. */
  readonly maxRows: number;
  /** Values that the widest of its tensors has at one place of the dims that are not fixed: what a sample of a row takes. */
  readonly width: number;
}

/** The signature that a manifest gives. */
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

/** Whether its first dim is the rows of a request: how many they are is not fixed. */
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
