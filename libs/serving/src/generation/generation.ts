import { decodeGenerateFrom, decodeGenerateRequest, encodeGenerateResponse } from '@onda/protocol';
import { scopedId } from '../sequences/sequenceScope.ts';
import { checkRunSize } from '../admission.ts';
import { findLive } from '../sequences/findLive.ts';
import type { ServedModel } from '../servedModel.ts';
import type { ModelRepository } from '../modelRepository.ts';
import type { RunGate } from './runGate.ts';
import { loopPieces } from './closedLoop.ts';
import type { ClosedLoop, TakeTurn } from './closedLoop.ts';
import { readDraws } from './draws.ts';
import type { GenerationPlan } from './generationPlan.ts';
import { liveLoop } from './liveLoop.ts';
import { joinSamples } from './timeAxis.ts';
import type { Samples } from './timeAxis.ts';
import { withoutGenerator } from './withoutGenerator.ts';

/** Who asks for what, over whichever endpoint. */
export interface GenerateCall {
  /** Of the path. */
  version: string | undefined;
  body: Uint8Array;
  /** The name of the client's token; undefined where there are no tokens. */
  client: string | undefined;
}

/**
 * Decodes a generate request and holds it against its model and the service's limits.
 *
 * @throws ProtocolError, ShapeError, DataError
 */
export async function readGeneration(
  service: { readonly repository: ModelRepository; readonly generations: RunGate },
  model: ServedModel,
  { version, body, client }: GenerateCall,
): Promise<GenerationPlan> {
  const { generator } = model;
  const from = decodeGenerateFrom(body);
  if (from) {
    if (generator === null && model.signature.states.length === 0) throw withoutGenerator(model);
    const found = await findLive(service.repository, model, version, scopedId(client, from.id), from.id);
    const generation = liveLoop(found, from);
    service.generations.checkRoom();
    return generation;
  }
  // A version that was taken away is there for its sequences alone.
  service.repository.find(model.name, version);
  if (generator === null) throw withoutGenerator(model);
  const asked = decodeGenerateRequest(body, generator.form);
  const { prompt, samples, state, nesting, returnState } = asked;
  const [batch, time] = prompt.dims;
  checkRunSize(model, batch, time + samples);
  const { draws, seed } = readDraws(model.name, generator, asked, [batch, samples]);
  service.generations.checkRoom();
  return {
    model,
    ahead: undefined,
    loop: { generator, prompt, state, draws, samples },
    nesting,
    returnState,
    seed,
  };
}

/** The whole answer as JSON. */
export async function generateAll(generation: GenerationPlan, takeTurn: TakeTurn): Promise<string> {
  const pieces = generatePieces(generation, Infinity, takeTurn);
  try {
    const { value } = await pieces.next();
    return String(value);
  } finally {
    await pieces.return();
  }
}

/**
 * The answer in pieces, each in the form of the whole: the state is in the last.
 *
 * @param most     samples of a piece
 * @param takeTurn asked for each run
 */
export async function* generatePieces(
  generation: GenerationPlan,
  most: number,
  takeTurn: TakeTurn,
): AsyncGenerator<string, void> {
  const { model, loop, returnState, nesting, seed } = generation;
  let { ahead } = generation;
  const encode = (values: Samples, state: ClosedLoop['state'] | null): string =>
    encodeGenerateResponse({
      modelName: model.name,
      modelVersion: model.version,
      values,
      nesting,
      state: returnState ? (state ?? undefined) : undefined,
      seed,
    });
  // The sequence may end meanwhile, and its version be taken away.
  model.stats.generating++;
  try {
    for await (const { values, state } of loopPieces(loop, most, model.stats, takeTurn)) {
      yield encode(ahead ? joinSamples(ahead, values) : values, state);
      ahead = undefined;
    }
    if (ahead) yield encode(ahead, null);
  } finally {
    model.stats.generating--;
  }
}
