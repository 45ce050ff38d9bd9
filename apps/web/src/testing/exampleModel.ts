import { parseNetManifest } from '@onda/contract';
import type { NetManifest } from '@onda/contract';
import { SequenceModel } from '@onda/runtime';
import { createWebRuntime } from '@onda/runtime-web';
import type { ClosedLoopModel } from '../generate/stream.ts';

/** Reads a file of examples/models/lagged-sine/1; the tests, which run in Node, pass this function. */
export type ReadExample = (file: string) => Uint8Array;

export function exampleManifest(read: ReadExample): NetManifest {
  return parseNetManifest(JSON.parse(new TextDecoder().decode(read('onda.json'))), 'onda.json');
}

/** The example model on onnxruntime-web's WebAssembly build. */
export async function exampleModel(read: ReadExample): Promise<ClosedLoopModel> {
  const runtime = createWebRuntime();
  return {
    sequence: new SequenceModel(await runtime.createSession(read('model.onnx')), exampleManifest(read)),
    generator: await runtime.createSession(read('generator.onnx')),
  };
}
