import { ConfigError } from '@onda/contract';
import { ensureOnnxRuntime } from '../peers/onnxRuntime.ts';
import { pythonCommand } from '../peers/pythonCommand.ts';
import { ensurePytorch } from '../peers/pytorch.ts';
import type { FoundPython } from '../peers/python.ts';
import { nodeCommand } from '../worker/nodeCommand.ts';
import type { SystemStart, WorkerSystem } from '../worker/openSystems.ts';

/** Something that runs a net in closed loop. */
export interface System extends WorkerSystem {
  /** Thread counts that it is measured with, the better of which counts; 0: its own choice. */
  threads: readonly number[];
  /** Why its values may be others for a cell; empty where they must agree. */
  unlike: (cell: string) => string;
}

const both = [1, 0] as const;
const alike = (): string => '';

/** Every system by its name in rows and on the command line. */
export const systems = {
  'onda-generator': {
    about: 'generator.onnx in onnxruntime-node: the loop inside the graph',
    threads: both,
    unlike: alike,
    start: () => onnxWorker('generator'),
  },
  'onnxruntime-node': {
    about: 'model.onnx in onnxruntime-node, a run a sample',
    threads: both,
    unlike: alike,
    start: () => onnxWorker('model'),
  },
  'onnxruntime-python': {
    about: "model.onnx in Python's ONNX Runtime, a run a sample",
    threads: both,
    unlike: alike,
    start: async (say) => pythonWorker(await ensureOnnxRuntime(say), 'onnx_generation.py'),
  },
  pytorch: {
    about: 'PyTorch on the CPU: torch.nn layers, a call a sample, no gradient',
    threads: both,
    unlike: alike,
    start: async (say) => pythonWorker(await ensurePytorch(say), 'torch_generation.py'),
  },
  'tfjs-node': {
    about: "Onda's net on tfjs-node with its kernels in C++, a call a sample",
    threads: [0],
    unlike: alike,
    start: () => ({ command: nodeCommand(new URL('./workers/netWorker.ts', import.meta.url)) }),
  },
  'tfjs-node-layers': {
    about: "TensorFlow.js's own layers on tfjs-node, a call a sample",
    threads: [0],
    unlike: (cell) =>
      cell === 'gru'
        ? "TensorFlow.js's GRU resets before the recurrent product, the others after it: another net of the same size"
        : '',
    start: () => ({ command: nodeCommand(new URL('./workers/layersWorker.ts', import.meta.url)) }),
  },
} satisfies Record<string, System>;

export type SystemName = keyof typeof systems;

export const systemNames = Object.keys(systems) as SystemName[];

/** The system that goals are set for. */
export const ours = 'onda-generator' satisfies SystemName;

/** The plain loop, whose values the others are held against. */
export const plainLoop = 'onnxruntime-node' satisfies SystemName;

/** @throws ConfigError for a name that is no system */
export function parseSystem(name: string): SystemName {
  if (Object.hasOwn(systems, name)) return name as SystemName;
  throw new ConfigError(
    `--systems: expected some of ${systemNames.join(', ')}, got ${JSON.stringify(name)}; correct the name`,
  );
}

function onnxWorker(file: 'generator' | 'model'): SystemStart {
  return { command: nodeCommand(new URL('./workers/onnxWorker.ts', import.meta.url), [file]) };
}

function pythonWorker(found: FoundPython, script: string): SystemStart {
  return 'missing' in found
    ? { missing: `${found.missing}. Remedy: ${found.remedy}.` }
    : { command: pythonCommand(found.python, script) };
}
