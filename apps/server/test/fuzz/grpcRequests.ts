import { Client, credentials } from '@grpc/grpc-js';
import type { Random } from '@onda/series';
import { inferenceService } from '../../src/grpc/protoServices.ts';
import { grpcRequest } from '../support/grpcClient.ts';
import { mutateBytes } from './mutateBytes.ts';
import { mutateDocument, pick } from './mutateJson.ts';

const { ModelInfer, ModelStreamInfer } = inferenceService;
const zeros = Buffer.alloc(128);

/** Messages that are right, of which odd ones are made. */
const messages: readonly object[] = [
  grpcRequest([0.5], {
    inputs: [
      { name: 'x', datatype: 'FP32', shape: [1, 1, 1] },
      { name: 'state_in', datatype: 'FP32', shape: [1, 32] },
    ],
    raw_input_contents: [Buffer.alloc(4), zeros],
    outputs: [{ name: 'y' }],
  }),
  grpcRequest([0.5], {
    parameters: { sequence_id: { string_param: 'fuzz' }, sequence_start: { bool_param: true } },
  }),
  {
    model_name: 'lagged-sine',
    model_version: '1',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2, 1], contents: { fp32_contents: [0.5, 0.25] } }],
  },
];

/** How a call ended: gRPC's code, and its words. */
export interface GrpcEnd {
  code: number;
  details: string;
}

/** How long a call may take, milliseconds; one that takes longer ends with code 4. */
const PATIENCE_MS = 20_000;

const asIs = (bytes: Buffer): Buffer => bytes;

/** Calls with bytes that no client would make, over one connection. */
export class GrpcFuzzer {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure());
  }

  async send(random: Random): Promise<GrpcEnd> {
    return random.int(5) === 0 ? this.#stream(random) : this.#call(oddMessage(random));
  }

  #call(message: Buffer): Promise<GrpcEnd> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        ModelInfer.path,
        asIs,
        asIs,
        message,
        { deadline: Date.now() + PATIENCE_MS },
        (error) => {
          resolve({ code: error?.code ?? 0, details: error?.details ?? '' });
        },
      );
    });
  }

  /** A few messages in a stream that is ended, or left in the middle. */
  #stream(random: Random): Promise<GrpcEnd> {
    const stream = this.#client.makeBidiStreamRequest(ModelStreamInfer.path, asIs, asIs, {
      deadline: Date.now() + PATIENCE_MS,
    });
    const end = new Promise<GrpcEnd>((resolve) => {
      stream.on('status', ({ code, details }: { code: number; details: string }) => {
        resolve({ code, details });
      });
    });
    stream.on('error', () => undefined).on('data', () => undefined);
    for (let left = 1 + random.int(4); left > 0; left--) stream.write(oddMessage(random));
    if (random.int(3) === 0) stream.cancel();
    else stream.end();
    return end;
  }

  close(): void {
    this.#client.close();
  }
}

function oddMessage(random: Random): Buffer {
  const message = pick(random, messages);
  if (random.int(2) === 0) return mutateBytes(ModelInfer.requestSerialize(message), random);
  try {
    return ModelInfer.requestSerialize(mutateDocument(message, random) as object);
  } catch {
    // Not every odd document is a message; such a one is a message of odd bytes.
    return mutateBytes(ModelInfer.requestSerialize(message), random);
  }
}
