import { fileURLToPath } from 'node:url';
import type { WorkerCommand } from '../worker/lineProcess.ts';
import { ensurePython } from './python.ts';
import type { FoundPython } from './python.ts';

/** PyTorch as `pip install torch` brings it. On Linux that build carries CUDA libraries; the benches run it on the CPU. */
export function ensurePytorch(say: (line: string) => void): Promise<FoundPython> {
  return ensurePython(
    {
      name: 'PyTorch',
      requirements: peerFile('requirements.txt'),
      size: 'about 3.0 GB from PyPI, 5.4 GB on disk, once',
    },
    say,
  );
}

/** How to run one of the scripts in peers/, on the CPU and with PyTorch's own number of threads. */
export function pythonCommand(python: string, script: string, args: readonly string[] = []): WorkerCommand {
  return {
    program: python,
    args: [peerFile(script), ...args],
    env: { ...process.env, CUDA_VISIBLE_DEVICES: '' },
  };
}

function peerFile(name: string): string {
  return fileURLToPath(new URL(`../../peers/${name}`, import.meta.url));
}
