import { typedArrays, type Manifest, type TensorSpec, type TensorType } from '@onda/contract';
import { stateTensors } from '@onda/exporter';
import type { RuntimeTensor, Session } from '@onda/runtime';
import { joinSamples, takeSamples, type Values } from './values.ts';

/** What one run gave: the model's outputs in their order, and the states to go on with. */
export interface OnnxRun {
  readonly outputs: Values[];
  readonly states: Values[];
}

/** An exported layers model in ONNX Runtime. */
export class OnnxLayers {
  private readonly session: Session;
  private readonly inputs: readonly TensorSpec[];
  private readonly outputs: readonly TensorSpec[];
  private readonly states: readonly { input: string; output: string; size: number }[];

  constructor(session: Session, { tensors, state }: Manifest) {
    this.session = session;
    this.states = state === null ? [] : stateTensors(state);
    const hidden = new Set(this.states.flatMap(({ input, output }) => [input, output]));
    this.inputs = tensors.model.inputs.filter(({ name }) => !hidden.has(name));
    this.outputs = tensors.model.outputs.filter(({ name }) => !hidden.has(name));
  }

  get outputNames(): string[] {
    return this.outputs.map(({ name }) => name);
  }

  /** Whether a sequence can come in pieces: the model keeps states and takes any length. */
  get takesPieces(): boolean {
    return this.states.length > 0 && this.inputs.some(({ shape }) => typeof shape[1] === 'string');
  }

  /** @param states that an earlier run gave; zeros when left out */
  async run(inputs: readonly Values[], states?: readonly Values[]): Promise<OnnxRun> {
    const [batch] = inputs[0].dims;
    const feeds = Object.fromEntries([
      ...this.inputs.map(({ name, type }, index) => [name, runtimeTensor(type, inputs[index])] as const),
      ...this.states.map(({ input, size }, index) => {
        const given = states?.[index] ?? { dims: [batch, size], data: new Float32Array(batch * size) };
        return [input, runtimeTensor('float32', given)] as const;
      }),
    ]);
    const results = await this.session.run(feeds);
    return {
      outputs: this.outputs.map(({ name }) => valuesOf(results[name])),
      states: this.states.map(({ output }) => valuesOf(results[output])),
    };
  }

  /** One sequence in two pieces, the states handed on: outputs that have the time are joined, others are the second piece's. */
  async runPieces(inputs: readonly Values[], first: number): Promise<Values[]> {
    const open = this.inputs.map(({ shape }) => typeof shape[1] === 'string');
    const piece = (from: number, to?: number): Values[] =>
      inputs.map((input, index) => (open[index] ? takeSamples(input, from, to ?? input.dims[1]) : input));
    const a = await this.run(piece(0, first));
    const b = await this.run(piece(first), a.states);
    return this.outputs.map(({ shape }, index) =>
      typeof shape[1] === 'string' ? joinSamples(a.outputs[index], b.outputs[index]) : b.outputs[index],
    );
  }
}

function runtimeTensor(type: TensorType, { dims, data }: Values): RuntimeTensor {
  if (type === 'float32') return { type, dims, data };
  const list = type === 'int32' || type === 'bool' ? typedArrays[type].from(data) : null;
  if (list === null) throw new Error(`input of type ${type}: layers models have none`);
  return { type, dims, data: list } as RuntimeTensor;
}

function valuesOf({ dims, data }: RuntimeTensor): Values {
  return { dims, data: data instanceof Float32Array ? data : Float32Array.from(data as Int32Array) };
}
