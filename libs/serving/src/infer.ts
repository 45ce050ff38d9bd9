import { ShapeError } from '@onda/contract';
import { bindRequest, ProtocolError, sequenceControls } from '@onda/protocol';
import type { InferRequest, InferResponse, RequestedOutput, SequenceControl } from '@onda/protocol';
import type { RunOptions } from './batcher.ts';
import type { RequestTrace } from './batchQueue.ts';
import { checkRequestSize, limits } from './limits.ts';
import { scheduled } from './models/configOptions.ts';
import { aloneMarks, controlFeeds } from './models/controlFeeds.ts';
import type { ModelRepository } from './models/modelRepository.ts';
import type { ServedModel } from './models/servedModel.ts';
import type { BoundStep } from './sequences/sequenceStep.ts';
import type { Tensors } from './sequences/sequenceStore.ts';
import { splitStates } from './sequences/stateLayout.ts';
import { progressParameters, rowsOutputs } from './sequences/stepOutputs.ts';

/** An infer request, independent of the transport. */
export interface InferCall<Answer> {
  readonly model: string;
  /** Undefined: the newest. */
  readonly version: string | undefined;
  /** Name of the client's token, which owns its sequences; undefined without authentication. */
  readonly client: string | undefined;
  readonly trace?: RequestTrace | undefined;
  /** Called once, after admission. */
  readonly decode: () => InferRequest;
  readonly encode: (response: InferResponse) => Answer;
  /** Whether the client has closed the request; it is not run then. */
  readonly isGone: () => boolean;
}

/**
 * Runs a decoded request.
 *
 * @param model the version that the call's name and version find
 * @throws ProtocolError, ShapeError, DataError; what the session throws
 */
export async function runInfer(
  repository: ModelRepository,
  model: ServedModel,
  call: Omit<InferCall<unknown>, 'encode'>,
): Promise<InferResponse> {
  const request = call.decode();
  const controls = sequenceControls(request, model.signature);
  if (controls !== undefined) return stepSequences(model, request, controls, call);
  // An unloaded version serves only its sequences.
  if (!repository.serves(model)) repository.find(call.model, call.version);
  const { inputs, outputs } = bindRequest(request, model.signature, limits.tensorValues);
  checkRequestSize(model, inputs);
  const fetches = outputs.map(({ name }) => name);
  const tensors = await model.batcher.run(
    withControls(model, inputs),
    fetches,
    runOptions(model, request, call),
  );
  return responseOf(model, request, namedOutputs(outputs, tensors), undefined);
}

async function stepSequences(
  model: ServedModel,
  request: InferRequest,
  controls: readonly SequenceControl[],
  call: Omit<InferCall<unknown>, 'encode'>,
): Promise<InferResponse> {
  const { client, version } = call;
  const binder = new StepBinder(request);
  const rows = await model.sequences.step({
    controls,
    client,
    version,
    bind: (bound) => binder.bind(bound),
    run: runOptions(model, request, call),
  });
  const [first] = rows;
  if (request.sequence === undefined) {
    const { outputs, parameters } = rowsOutputs(rows, binder.outputs);
    return responseOf(first.model ?? model, request, outputs, parameters);
  }
  const { error, tensors = {} } = first;
  if (error !== undefined) throw error;
  const parameters = progressParameters(request.sequence.id, first);
  return responseOf(first.model ?? model, request, namedOutputs(binder.outputs, tensors), parameters);
}

/** Checks a step's tensors against model versions, once per version; usually there is one. */
class StepBinder {
  readonly #request: InferRequest;
  readonly #bound = new Map<ServedModel, BoundStep>();
  #outputs: readonly RequestedOutput[] | undefined;

  constructor(request: InferRequest) {
    this.#request = request;
  }

  /** The requested outputs, by the first version; other versions must have them too. */
  get outputs(): readonly RequestedOutput[] {
    return this.#outputs ?? [];
  }

  bind(model: ServedModel): BoundStep {
    const known = this.#bound.get(model);
    if (known) return known;
    const request = this.#outputs ? { ...this.#request, outputs: this.#outputs } : this.#request;
    const { inputs: all, outputs } = bindRequest(request, model.signature, limits.tensorValues);
    checkRequestSize(model, all);
    const { inputs, states } = splitStates(model.layout, all);
    if (this.#request.sequence !== undefined) checkOneRow(inputs);
    else if (states !== undefined) {
      throw new ProtocolError(
        'malformed',
        `input "${Object.keys(states)[0]}": expected none beside an input "sequence_id", got one; start sequences with a state in separate requests`,
      );
    }
    const bound = { inputs, states, fetches: outputs.map(({ name }) => name) };
    this.#outputs ??= outputs;
    this.#bound.set(model, bound);
    return bound;
  }
}

function checkOneRow(inputs: Tensors): void {
  for (const name in inputs) {
    const { dims } = inputs[name];
    if (dims[0] === 1) continue;
    throw new ShapeError(
      `input "${name}": expected batch 1 for a step of a sequence, got ${dims[0]}; name the sequence of each row in an input "sequence_id"`,
    );
  }
}

function responseOf(
  { name, version }: ServedModel,
  { id }: InferRequest,
  outputs: InferResponse['outputs'],
  parameters: InferResponse['parameters'],
): InferResponse {
  return { modelName: name, modelVersion: version, id, parameters, outputs };
}

/**
 * Lists each property: in compiled code V8 creates a hidden class for every object of `{ ...output, tensor }`, which costs more
 * garbage collection than the rest of a request.
 */
function namedOutputs(outputs: readonly RequestedOutput[], tensors: Tensors): InferResponse['outputs'] {
  return outputs.map(({ name, binary }) => ({ name, binary, tensor: tensors[name] }));
}

/** Fills control inputs for a request outside a sequence. */
function withControls({ signature: { controls, maxRows } }: ServedModel, inputs: Tensors): Tensors {
  if (controls.length === 0) return inputs;
  const rows = maxRows > 0 ? Object.values(inputs)[0].dims[0] : 1;
  const marks = Array.from({ length: rows }, () => aloneMarks);
  return { ...inputs, ...controlFeeds(controls, marks) };
}

function runOptions(
  model: ServedModel,
  { schedule }: InferRequest,
  { isGone, trace }: Omit<InferCall<unknown>, 'encode'>,
): RunOptions {
  const { priority, timeoutMs } = scheduled(model.schedule, schedule);
  return { isGone, priority, deadline: performance.now() + timeoutMs, trace };
}
