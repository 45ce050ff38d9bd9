import { credentials, Metadata, makeGenericClientConstructor } from '@grpc/grpc-js';
import type {
  ChannelCredentials,
  Client,
  ClientDuplexStream,
  ServiceDefinition,
  ServiceError,
} from '@grpc/grpc-js';
import { healthService, inferenceService } from '../../src/grpc/protoServices.ts';

export type Stream = ClientDuplexStream<object, StreamAnswer>;

export interface InferAnswer {
  id: string;
  parameters: Record<string, { int64_param?: string; string_param?: string; bool_param?: boolean }>;
  outputs: { name: string; datatype: string; shape: string[] }[];
  raw_output_contents: Buffer[];
}

export interface StreamAnswer {
  error_message: string;
  infer_response: InferAnswer;
}

/** A client made from the same .proto files; tools/ and docs/serving.md have tritonclient, which was made elsewhere. */
export class GrpcClient {
  readonly #client: Client;

  constructor(
    address: string,
    service: ServiceDefinition = inferenceService,
    channel: ChannelCredentials = credentials.createInsecure(),
  ) {
    const Constructor = makeGenericClientConstructor(service, 'service');
    this.#client = new Constructor(address, channel);
  }

  /** @throws ServiceError */
  call<Answer>(method: string, message: object, metadata = new Metadata()): Promise<Answer> {
    const client = this.#client as unknown as Record<
      string,
      (
        message: object,
        metadata: Metadata,
        done: (error: ServiceError | null, answer: Answer) => void,
      ) => void
    >;
    return new Promise((resolve, reject) => {
      client[method](message, metadata, (error, answer) => {
        if (error) reject(error);
        else resolve(answer);
      });
    });
  }

  stream(): Stream {
    return (this.#client as unknown as { ModelStreamInfer: () => Stream }).ModelStreamInfer();
  }

  close(): void {
    this.#client.close();
  }
}

export { healthService };

/** A `ModelInferRequest` of the example model. */
export function grpcRequest(values: readonly number[], more: object = {}): object {
  return {
    model_name: 'lagged-sine',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, values.length, 1] }],
    raw_input_contents: [bytesOf(values)],
    ...more,
  };
}

export function bytesOf(values: readonly number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

export function floatsOf(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
