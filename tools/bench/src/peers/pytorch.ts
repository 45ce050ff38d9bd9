import { ensurePython } from './python.ts';
import type { FoundPython } from './python.ts';
import { peerFile } from './pythonCommand.ts';

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
