import { tensorNames } from '@onda/contract';
import type { Manifest, NetManifest, SeparateStates, TensorSpec } from '@onda/contract';
import { floatOutput } from './floatOutput.ts';
import { floatTensor } from './floatTensor.ts';
import type { FloatTensor } from './floatTensor.ts';
import type { Runtime, RuntimeTensor, Session, TensorInfo } from './session.ts';

/**
 * Lets models with separate states be run as those with all states in one row: `state_in` and `state_out` [batch, state] instead of
 * a tensor for each.
 */
export function packRuntime(runtime: Runtime, states: SeparateStates): Runtime {
  return {
    name: runtime.name,
    createSession: async (model) => packSession(await runtime.createSession(model), states),
  };
}

/** The manifest that a net with separate states has when it is seen through `packRuntime`. */
export function packManifest(
  manifest: Manifest & { net: NonNullable<Manifest['net']> },
  states: SeparateStates,
): NetManifest {
  const { model, generator } = manifest.tensors;
  const rows = states.rows.map(({ layer, kind, offset, size }) => ({ layer, kind, offset, size }));
  const pack = (graph: { inputs: TensorSpec[]; outputs: TensorSpec[] }): typeof graph => ({
    inputs: packTensors(graph.inputs, states, 'input', tensorNames.stateIn),
    outputs: packTensors(graph.outputs, states, 'output', tensorNames.stateOut),
  });
  return {
    ...manifest,
    state: { size: states.size, rows },
    tensors: { model: pack(model), generator: generator && pack(generator) },
  };
}

function packSession(session: Session, states: SeparateStates): Session {
  const outputs = packTensors(session.outputs, states, 'output', tensorNames.stateOut);
  return {
    inputs: packTensors(session.inputs, states, 'input', tensorNames.stateIn),
    outputs,
    provider: session.provider,
    async run({ [tensorNames.stateIn]: row, ...feeds }, fetches = outputs.map(({ name }) => name)) {
      const parts = splitRow(row as FloatTensor, states);
      const wanted = fetches.flatMap((name) =>
        name === tensorNames.stateOut ? states.rows.map(({ output }) => output) : [name],
      );
      const results = await session.run({ ...feeds, ...parts }, wanted);
      return Object.fromEntries(
        fetches.map((name) => [
          name,
          name === tensorNames.stateOut ? joinRow(results, states) : results[name],
        ]),
      );
    },
    release: () => session.release(),
  };
}

/** The tensors with one state row in the place of the first state. */
function packTensors<T extends TensorInfo>(
  tensors: readonly T[],
  { rows, size }: SeparateStates,
  side: 'input' | 'output',
  row: string,
): T[] {
  const names = rows.map((state) => state[side]);
  return tensors
    .filter(({ name }) => !names.slice(1).includes(name))
    .map((tensor) => (tensor.name === names[0] ? { ...tensor, name: row, shape: ['batch', size] } : tensor));
}

function splitRow(
  { dims: [batch], data }: FloatTensor,
  { rows, size }: SeparateStates,
): Record<string, FloatTensor> {
  return Object.fromEntries(
    rows.map(({ input, offset, size: width }) => {
      const part = new Float32Array(batch * width);
      for (let row = 0; row < batch; row++) {
        const start = row * size + offset;
        part.set(data.subarray(start, start + width), row * width);
      }
      return [input, floatTensor([batch, width], part)];
    }),
  );
}

function joinRow(results: Record<string, RuntimeTensor>, { rows, size }: SeparateStates): FloatTensor {
  const parts = rows.map(({ output }) => floatOutput(results, output));
  const [batch] = parts[0].dims;
  const data = new Float32Array(batch * size);
  rows.forEach(({ offset, size: width }, index) => {
    for (let row = 0; row < batch; row++) {
      data.set(parts[index].data.subarray(row * width, (row + 1) * width), row * size + offset);
    }
  });
  return floatTensor([batch, size], data);
}
