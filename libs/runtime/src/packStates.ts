import type { Manifest, NetManifest, SeparateStates, TensorSpec } from '@onda/contract';
import { tensorNames } from '@onda/contract';
import type { Runtime, Session, TensorInfo } from './session.ts';
import type { FloatTensor } from './tensors.ts';
import { floatOutput, floatTensor } from './tensors.ts';

/**
 * Wraps a runtime so that models with separate states have packed states: `state_in` and `state_out` [batch, state].
 */
export function packRuntime(runtime: Runtime, states: SeparateStates): Runtime {
  return {
    name: runtime.name,
    createSession: async (model) => packSession(await runtime.createSession(model), states),
  };
}

/** The manifest of a net with separate states in a runtime of `packRuntime`. */
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
          name === tensorNames.stateOut
            ? joinColumns(
                states.rows.map(({ output }) => floatOutput(results, output)),
                states.rows,
              )
            : results[name],
        ]),
      );
    },
    release: () => session.release(),
  };
}

/** Replaces the first state by the packed row and removes the others. */
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

function splitRow(row: FloatTensor, { rows }: SeparateStates): Record<string, FloatTensor> {
  const parts = splitColumns(row, rows);
  return Object.fromEntries(rows.map(({ input }, index) => [input, parts[index]]));
}

/** Columns of a state row. */
interface Columns {
  readonly offset: number;
  readonly size: number;
}

/**
 * Splits rows of packed states into one tensor per state.
 *
 * @returns [batch, size] each
 */
export function splitColumns(
  { dims: [batch, width], data }: FloatTensor,
  states: readonly Columns[],
): FloatTensor[] {
  return states.map(({ offset, size }) => {
    const part = new Float32Array(batch * size);
    for (let row = 0; row < batch; row++) {
      const start = row * width + offset;
      part.set(data.subarray(start, start + size), row * size);
    }
    return floatTensor([batch, size], part);
  });
}

/** Packs states, [batch, size] each, into rows [batch, state]. */
export function joinColumns(parts: readonly FloatTensor[], states: readonly Columns[]): FloatTensor {
  const [batch] = parts[0].dims;
  const width = states.reduce((sum, { size }) => sum + size, 0);
  const data = new Float32Array(batch * width);
  states.forEach(({ offset, size }, index) => {
    for (let row = 0; row < batch; row++) {
      data.set(parts[index].data.subarray(row * size, (row + 1) * size), row * width + offset);
    }
  });
  return floatTensor([batch, width], data);
}
