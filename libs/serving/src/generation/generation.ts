import {
  decodeGenerateFrom,
  decodeGenerateRequest,
  encodeGenerateResponse,
  ProtocolError,
} from '@onda/protocol';
import { checkRunSize } from '../limits.ts';
import type { ModelRepository } from '../models/modelRepository.ts';
import type { ServedModel } from '../models/servedModel.ts';
import { joinSamples, loopPieces } from './closedLoop.ts';
import type { ClosedLoop, RunWithPermit, Samples } from './closedLoop.ts';
import { liveLoop, readDraws } from './liveLoop.ts';
import type { GenerationPlan } from './liveLoop.ts';
import type { Semaphore } from './semaphore.ts';

/** A generate request, independent of the transport. */
export interface GenerateCall {
  readonly model: string;
  /** Undefined: the newest. */
  readonly version: string | undefined;
  /** Name of the client's token, which owns its sequences; undefined without authentication. */
  readonly client: string | undefined;
  /** JSON. */
  readonly body: Uint8Array;
  /** Whether the client has closed the request; then no further run starts. */
  readonly isGone: () => boolean;
}

/**
 * Decodes a generate request and checks it against its model and the limits.
 *
 * @param model the version that the call's name and version find
 * @throws ProtocolError, ShapeError, DataError
 */
export async function planGeneration(
  repository: ModelRepository,
  semaphore: Semaphore,
  model: ServedModel,
  { version, client, body }: GenerateCall,
): Promise<GenerationPlan> {
  const { generator } = model;
  const from = decodeGenerateFrom(body);
  if (from) {
    if (generator === null && model.signature.states.length === 0) throw withoutGenerator(model);
    const found = await model.sequences.find(client, from.id, version);
    if (found.model.generator === null) throw withoutGenerator(found.model);
    const plan = liveLoop(found, found.model.generator, from);
    semaphore.checkRoom();
    return plan;
  }
  // An unloaded version serves only its sequences.
  if (!repository.serves(model)) repository.find(model.name, version);
  if (generator === null) throw withoutGenerator(model);
  const asked = decodeGenerateRequest(body, generator.form);
  const { prompt, samples, state, nesting, returnState } = asked;
  const [batch, time] = prompt.dims;
  checkRunSize(model, batch, time + samples);
  const { draws, seed } = readDraws(model.name, generator, asked, [batch, samples]);
  semaphore.checkRoom();
  return {
    model,
    ahead: undefined,
    loop: { generator, prompt, state, draws, samples },
    nesting,
    returnState,
    seed,
  };
}

/** The complete response as JSON. */
export async function generateAll(plan: GenerationPlan, run: RunWithPermit): Promise<string> {
  const pieces = generatePieces(plan, Infinity, run);
  try {
    const { value } = await pieces.next();
    return String(value);
  } finally {
    await pieces.return();
  }
}

/**
 * The response in pieces, each in the form of the complete one; the last one has the state.
 *
 * @param most samples of a piece
 * @param run  called for each run
 */
export async function* generatePieces(
  { model, loop, returnState, nesting, seed, ...plan }: GenerationPlan,
  most: number,
  run: RunWithPermit,
): AsyncGenerator<string, void> {
  let { ahead } = plan;
  const encode = (values: Samples, state: ClosedLoop['state'] | null): string =>
    encodeGenerateResponse({
      modelName: model.name,
      modelVersion: model.version,
      values,
      nesting,
      state: returnState ? (state ?? undefined) : undefined,
      seed,
    });
  // The sequence may end meanwhile, and its version be unloaded.
  model.stats.pinned++;
  try {
    for await (const { values, state } of loopPieces(loop, most, model.stats, run)) {
      yield encode(ahead ? joinSamples(ahead, values) : values, state);
      ahead = undefined;
    }
    if (ahead) yield encode(ahead, null);
  } finally {
    model.stats.pinned--;
  }
}

function withoutGenerator({ name }: Pick<ServedModel, 'name'>): ProtocolError {
  return new ProtocolError(
    'malformed',
    `model "${name}" has no generator: its outputs are not its inputs, or it was exported without one; use infer`,
  );
}
