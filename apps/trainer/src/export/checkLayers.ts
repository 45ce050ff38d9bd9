import { modelFiles, ResultError, type Manifest, type ParityRow } from '@onda/contract';
import { createNodeRuntime } from '@onda/runtime-node';
import { createRandom } from '@onda/series';
import type { LayersModel } from '../fit/artifacts.ts';
import { compareValues, rowHolds } from './compare.ts';
import { createLayersReference, type InputKind } from './layersReference.ts';
import { OnnxLayers } from './onnxLayers.ts';
import type { ModelBytes } from './publishModel.ts';
import type { Values } from './values.ts';

/** Batches, and sizes of the dims that a model leaves open; the longest is what is cut into pieces too. */
const shapes = [
  { batch: 1, time: 1 },
  { batch: 3, time: 7 },
  { batch: 2, time: 40 },
] as const;
const firstPiece = 13;

/**
 * Compares an exported layers model with TensorFlow.js: values on several batches and lengths, and, where the states are inputs and
 * outputs, a sequence in two pieces against the whole.
 *
 * @throws ResultError when TensorFlow.js itself cannot run the model on any of the lengths
 */
export async function checkLayers(
  artifacts: LayersModel,
  manifest: Manifest,
  files: ModelBytes,
): Promise<ParityRow[]> {
  const reference = await createLayersReference(artifacts);
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const session = await runtime.createSession(files[modelFiles.sequence]);
  try {
    const onnx = new OnnxLayers(session, manifest);
    const rows: ParityRow[] = [];
    let refusal = '';
    for (const { batch: wished, time } of shapes) {
      const inputs = reference.inputs.map((kind, index) => drawInput(kind, wished, time, index));
      let expected: Values[];
      try {
        expected = reference.run(inputs);
      } catch (cause) {
        // A convolution without padding gives nothing for a sequence that is shorter than its window.
        refusal = cause instanceof Error ? cause.message : String(cause);
        continue;
      }
      const compare = (check: string, actual: readonly Values[]): void => {
        const of = { runtime: runtime.name, batch: inputs[0].dims[0], time };
        onnx.outputNames.forEach((name, index) => {
          const named = onnx.outputNames.length === 1 ? check : `${check}, ${name}`;
          rows.push(compareValues({ check: named, ...of }, expected[index].data, actual[index].data));
        });
      };
      compare('values', (await onnx.run(inputs)).outputs);
      if (time > firstPiece && onnx.takesPieces) {
        const whole = rows.every(rowHolds);
        compare(`split ${firstPiece} + ${time - firstPiece}`, await onnx.runPieces(inputs, firstPiece));
        if (whole && !rows.every(rowHolds)) throw notInPieces(manifest.name);
      }
    }
    if (rows.length > 0) return rows;
    throw new ResultError(
      `export of "${manifest.name}": expected TensorFlow.js to run the model on ${shapes.map(({ time }) => time).join(', ')} samples to compare with, got: ${refusal}; give the model's inputs fixed sizes, or export with --no-verify`,
    );
  } finally {
    reference.dispose();
    await session.release();
  }
}

function notInPieces(name: string): ResultError {
  return new ResultError(
    `export of "${name}": expected a sequence in two pieces to give what the whole gives, got other values, since a layer looks over several samples at once (a convolution, a pooling, a Flatten over the time); export without --stateful`,
  );
}

/** Uniform in +-1 from a fixed seed, or whole numbers that the model knows. */
function drawInput({ dims: shape, below }: InputKind, batch: number, time: number, index: number): Values {
  const random = createRandom(11 + time + 100 * index);
  const dims = shape.map((dim, axis) => dim ?? (axis === 0 ? batch : time));
  const size = dims.reduce((product, dim) => product * dim, 1);
  const draw = (): number => (below === null ? random.uniform(-1, 1) : random.int(below));
  return { dims, data: Float32Array.from({ length: size }, draw) };
}
