import { ensurePython } from './python.ts';
import type { FoundPython } from './python.ts';
import { peerFile } from './pythonCommand.ts';

/** Python's ONNX Runtime, in the version of onnxruntime-node. */
export function ensureOnnxRuntime(say: (line: string) => void): Promise<FoundPython> {
  return ensurePython(
    {
      name: 'OnnxRuntime',
      requirements: peerFile('requirements-onnxruntime.txt'),
      size: 'about 40 MB from PyPI, 150 MB on disk, once',
    },
    say,
  );
}
