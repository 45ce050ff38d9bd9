import type { Manifest } from '@onda/contract';
import { tensorNames } from '@onda/contract';
import { floatTensor } from '@onda/runtime';
import type { TfjsReference } from '../export/tfjsReference.ts';
import type { Subject } from './subject.ts';
import { ownTensors } from './subject.ts';

/** An Onda net: x in the data's own units, drawn over the range that the data had. */
export function netSubject(reference: TfjsReference, manifest: Manifest): Subject {
  const { scaler } = manifest;
  const { inputs, outputs } = ownTensors(manifest);
  const range = { center: scaler.center, spread: scaler.scale.map((scale) => 2 * scale) };
  return {
    manifest,
    inputs: inputs.map((input) => ({ ...input, range })),
    outputs,
    run(feeds) {
      const { dims, data } = feeds[tensorNames.input];
      const [batch, time] = dims;
      const { y } = reference.forward(data, batch, time);
      return { [tensorNames.output]: floatTensor([batch, time, y.length / (batch * time)], y) };
    },
  };
}
