import { ProtocolError } from '@onda/protocol';
import type { InferRequest, InferResponse } from '@onda/protocol';
import { scopedRequest, unscopedResponse } from './sequences/sequenceScope.ts';
import { checkRequestSize } from './admission.ts';
import type { RunOptions } from './batching/batcher.ts';
import type { Tensors } from './batching/joinTensors.ts';
import { stepRowsByVersion } from './sequences/rowsByVersion.ts';
import { rowsOutputs } from './sequences/rowsOutputs.ts';
import { standingParameters } from './sequences/sequenceSteps.ts';
import { aloneMarks, controlFeeds } from './models/controlFeeds.ts';
import type { RoutedRequest } from './models/routeRequest.ts';
import { scheduled } from './models/scheduleRules.ts';
import { splitStates } from './sequences/stateLayout.ts';
import type { ServedModel } from './servedModel.ts';

/**
 * The answer to a decoded infer request: what HTTP and gRPC share, from the request's limits on.
 *
 * @param isGone whether the client has gone; its request is not run then
 * @param client the name of its token, whose sequences are its own; undefined where there are no tokens
 */
export async function inferOutputs(
  { model, request, rowModels }: RoutedRequest,
  isGone: () => boolean,
  client?: string,
): Promise<InferResponse> {
  const routed = { model, request: scopedRequest(client, request), rowModels };
  const response = await runRequest(routed, isGone);
  return unscopedResponse(client, response);
}

async function runRequest(
  { model, request, rowModels }: RoutedRequest,
  isGone: () => boolean,
): Promise<InferResponse> {
  const { id, inputs, outputs, sequence, rows } = request;
  checkRequestSize(model, inputs);
  const run = runOptions(model, request, isGone);
  const fetches = outputs.map((output) => output.name);
  const answer = (
    answered: InferResponse['outputs'],
    parameters?: InferResponse['parameters'],
  ): InferResponse => ({
    modelName: model.name,
    modelVersion: model.version,
    id,
    parameters,
    outputs: answered,
  });
  if (sequence === undefined && rows === undefined) {
    const tensors = await model.batcher.run(withControls(model, inputs), fetches, run);
    return answer(answeredOutputs(outputs, tensors));
  }
  if (model.signature.states.length === 0) {
    throw new ProtocolError(
      'malformed',
      `model "${model.name}" keeps no state from one request to the next; leave the sequence parameters out`,
    );
  }
  const step = splitStates(model.steps.layout, inputs);
  if (sequence === undefined) {
    if (step.states) {
      throw new ProtocolError(
        'malformed',
        `input "${Object.keys(step.states)[0]}": expected none beside an input "sequence_id", got one; begin sequences from a state in requests of their own`,
      );
    }
    const rowsStep = { controls: rows ?? [], inputs: step.inputs, fetches, run };
    const ends = rowModels
      ? await stepRowsByVersion(
          rowsStep,
          rowModels.map(({ rowSteps }) => rowSteps),
        )
      : await model.rowSteps.run(rowsStep);
    const rowsAnswer = rowsOutputs(ends, outputs);
    return answer(rowsAnswer.outputs, rowsAnswer.parameters);
  }
  const { tensors, stands } = await model.steps.run({ control: sequence, ...step, fetches, run });
  return answer(answeredOutputs(outputs, tensors), standingParameters(sequence.id, stands));
}

/**
 * Names each property: V8 gives every object of `{ ...output, tensor }` a hidden class of its own once that is compiled, and the
 * garbage of these costs more than all other garbage of a request.
 */
function answeredOutputs(outputs: InferRequest['outputs'], tensors: Tensors): InferResponse['outputs'] {
  return outputs.map(({ name, binary }) => ({ name, binary, tensor: tensors[name] }));
}

/** A model with control inputs is told that the request belongs to no sequence. */
function withControls(
  { signature: { controls, maxRows } }: ServedModel,
  inputs: InferRequest['inputs'],
): InferRequest['inputs'] {
  if (controls.length === 0) return inputs;
  const rows = maxRows > 0 ? Object.values(inputs)[0].dims[0] : 1;
  return {
    ...inputs,
    ...controlFeeds(
      controls,
      Array.from({ length: rows }, () => aloneMarks),
    ),
  };
}

function runOptions(model: ServedModel, { schedule }: InferRequest, isGone: () => boolean): RunOptions {
  const { priority, timeoutMs } = scheduled(model.schedule, schedule);
  // Infinity as well: what is waited for without end is waited for so.
  return { isGone, priority, deadline: performance.now() + timeoutMs };
}
