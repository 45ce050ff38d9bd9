import { tensor3d, tidy } from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { openWasmBackend } from '@onda/kernels';
import type { NetSpec } from '@onda/nets';
import { Net } from '@onda/nets';
import type { ChunkSource } from '@onda/series';
import { createRandom } from '@onda/series';
import { fit, Optimizer } from '@onda/training';

// Trains small nets and generates samples with the WebAssembly kernels; runs in Node and in a browser (sameBits.test.ts).

const STEPS = 1000;
/** 1,000 sequences of 1,000 samples in closed loop. */
const SEQUENCES = 1000;
const SAMPLES = 1000;

const specs: NetSpec[] = [
  { cell: 'rnn', units: 16, layers: 1, features: 1, outputs: 1 },
  { cell: 'lstm', units: 9, layers: 2, features: 1, outputs: 1, dropout: { rate: 0.2, seed: 5 } },
  { cell: 'gru', units: 13, layers: 1, features: 1, outputs: 1, loss: { kind: 'gaussian' } },
];

/** SHA-256 of the weights of each net after 1,000 steps, then that of the samples that the first net generates. */
export async function hashes(): Promise<string[]> {
  await openWasmBackend();
  const results: string[] = [];
  for (const [index, spec] of specs.entries()) {
    const random = createRandom(index);
    const net = Net.create(spec, (low, high) => random.uniform(low, high));
    const optimizer = new Optimizer({ kind: 'adamw', learningRate: 0.003, clipNorm: 1 }, net.variables);
    await fit({ net, optimizer, source: walk(index), steps: STEPS, carry: true });
    results.push(await sha256(net.variables.map((weight) => weight.dataSync<'float32'>())));
    if (index === 0) results.push(await sha256(generate(net)));
    optimizer.dispose();
    net.dispose();
  }
  return results;
}

/** A damped random walk: no function whose rounding differs between engines. */
function walk(seed: number): ChunkSource {
  const random = createRandom(100 + seed);
  const [batch, time] = [4, 20];
  return {
    features: 1,
    outputs: 1,
    chunk: (step) => {
      let value = 0;
      const values = Float32Array.from({ length: batch * time + 1 }, () => {
        value = 0.9 * value + random.uniform(-0.3, 0.3);
        return value;
      });
      return {
        ...{ batch, time, features: 1, outputs: 1, startsSequence: step === 0 },
        x: values.subarray(0, -1),
        y: values.subarray(1),
      };
    },
  };
}

function* generate(net: Net): Generator<Float32Array> {
  const random = createRandom(9);
  let x: Tensor3D = tensor3d(
    Float32Array.from({ length: SEQUENCES }, () => random.uniform(-1, 1)),
    [SEQUENCES, 1, 1],
  );
  let state: Tensor2D = net.zeroState(SEQUENCES);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const [before, last] = [x, state];
    ({ y: x, state } = tidy(() => net.forward(before, last)));
    before.dispose();
    last.dispose();
    yield x.dataSync<'float32'>();
  }
  x.dispose();
  state.dispose();
}

async function sha256(parts: Iterable<Float32Array>): Promise<string> {
  const digest = await crypto.subtle.digest(
    'SHA-256',
    await new Blob([...parts] as BlobPart[]).arrayBuffer(),
  );
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
