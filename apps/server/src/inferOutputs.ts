import { ProtocolError } from '@onda/protocol';
import type { InferRequest, InferResponse } from '@onda/protocol';
import { scopedRequest, unscopedResponse } from './access/sequenceScope.ts';
import { checkRequestSize } from './admission.ts';
import { splitStates } from './sequences/stateLayout.ts';
import type { ServedModel } from './servedModel.ts';

/**
 * The answer to a decoded infer request: what HTTP and gRPC share, from the request's limits on.
 *
 * @param isGone whether the client has gone; its request is not run then
 * @param client the name of its token, whose sequences are its own; undefined where there are no tokens
 */
export async function inferOutputs(
  model: ServedModel,
  request: InferRequest,
  isGone: () => boolean,
  client?: string,
): Promise<InferResponse> {
  const response = await runRequest(model, scopedRequest(client, request), isGone);
  return unscopedResponse(client, response);
}

async function runRequest(
  model: ServedModel,
  { id, inputs, outputs, sequence }: InferRequest,
  isGone: () => boolean,
): Promise<InferResponse> {
  checkRequestSize(model, inputs);
  const fetches = outputs.map((output) => output.name);
  const answer = { modelName: model.name, modelVersion: model.version, id };
  if (sequence === undefined) {
    const tensors = await model.batcher.run(inputs, fetches, { isGone });
    return { ...answer, outputs: outputs.map((output) => ({ ...output, tensor: tensors[output.name] })) };
  }
  if (model.signature.states.length === 0) {
    throw new ProtocolError(
      'malformed',
      `model "${model.name}" keeps no state from one request to the next; leave the sequence parameters out`,
    );
  }
  const step = splitStates(model.steps.layout, inputs);
  const { tensors, parameters } = await model.steps.run({
    control: sequence,
    ...step,
    fetches,
    run: { isGone },
  });
  return {
    ...answer,
    parameters,
    outputs: outputs.map((output) => ({ ...output, tensor: tensors[output.name] })),
  };
}
