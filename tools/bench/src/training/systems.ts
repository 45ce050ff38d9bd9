import { ConfigError } from '@onda/contract';
import { ensurePytorch } from '../peers/pytorch.ts';
import { pythonCommand } from '../peers/pythonCommand.ts';
import { nodeCommand } from '../worker/nodeCommand.ts';
import type { SystemStart, WorkerSystem } from '../worker/openSystems.ts';

/** Something that trains. */
export interface System extends WorkerSystem {
  /** How many of the first losses must be PyTorch's; null: all that are compared. */
  comparable: (cell: string) => { losses: number | null; reason: string };
}

const all = { losses: null, reason: '' };

/** Every system by its name in rows and on the command line. */
export const systems = {
  'onda-native': {
    about: "Onda on tfjs-node with Onda's kernels in C++",
    comparable: () => all,
    start: () => startOnda('tensorflow'),
  },
  'onda-portable': {
    about: "Onda on TensorFlow.js's JavaScript backend, one thread",
    comparable: () => all,
    start: () => startOnda('cpu'),
  },
  pytorch: {
    about: 'PyTorch on the CPU: torch.nn layers, default Adam, default threads',
    comparable: () => all,
    start: (say) => startPytorch(say, []),
  },
  'pytorch-fused': {
    about: 'the same with Adam(fused=True)',
    comparable: () => all,
    start: (say) => startPytorch(say, ['--fused']),
  },
  'tfjs-node-layers': {
    about:
      "TensorFlow.js's own layers on tfjs-node, stepped by optimizer.minimize (trainOnBatch is no quicker)",
    comparable: (cell) =>
      cell === 'gru'
        ? { losses: 0, reason: "TensorFlow.js's GRU resets before the recurrent product, PyTorch's after it" }
        : { losses: 1, reason: 'one bias vector in place of two: Adam moves it half as far' },
    start: () => ({ command: nodeCommand(new URL('./workers/stockWorker.ts', import.meta.url)) }),
  },
} satisfies Record<string, System>;

export type SystemName = keyof typeof systems;

/** Those that are compared when nobody says which. */
export const usualSystems = ['onda-native', 'onda-portable', 'pytorch', 'tfjs-node-layers'] as const;

/** The system that ratios and losses refer to. */
export const peer = 'pytorch' satisfies SystemName;

/** @throws ConfigError for a name that is no system */
export function parseSystem(name: string): SystemName {
  if (name in systems) return name as SystemName;
  throw new ConfigError(
    `--systems: expected some of ${Object.keys(systems).join(', ')}, got ${JSON.stringify(name)}; correct the name`,
  );
}

function startOnda(want: 'tensorflow' | 'cpu'): SystemStart {
  return { command: nodeCommand(new URL('./workers/ondaWorker.ts', import.meta.url), [want]) };
}

async function startPytorch(say: (line: string) => void, args: readonly string[]): Promise<SystemStart> {
  const found = await ensurePytorch(say);
  return 'missing' in found
    ? { missing: `${found.missing}. Remedy: ${found.remedy}.` }
    : { command: pythonCommand(found.python, 'training.py', args) };
}
