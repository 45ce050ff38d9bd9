import type { InferRequest } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import { checkRunSize } from './admission.ts';
import type { ServedModel } from './servedModel.ts';

/**
 * The outputs that a decoded infer request asks for: what HTTP and gRPC share, from the request's limits on.
 *
 * @param isGone whether the client has gone; its request is not run then
 */
export function inferOutputs(
  model: ServedModel,
  { inputs, outputs }: InferRequest,
  isGone: () => boolean,
): Promise<Record<string, RuntimeTensor>> {
  const [batch, time] = inputs.x.dims;
  checkRunSize(model, batch, time);
  return model.batcher.run(
    inputs,
    outputs.map((output) => output.name),
    isGone,
  );
}
