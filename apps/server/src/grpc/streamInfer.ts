import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { GrpcInferResponse } from '@onda/protocol';
import { grpcClientOf } from '../access/grpcGuard.ts';
import { limits } from '../limits.ts';
import type { Service } from '../service.ts';
import { withTrace } from '../tracing/requestTrace.ts';
import { grpcError } from './grpcErrors.ts';
import { grpcInfer } from './grpcInfer.ts';
import type { ModelInferRequest } from './grpcInfer.ts';

interface StreamAnswer {
  error_message: string;
  infer_response: Partial<GrpcInferResponse>;
}

export type InferStream = ServerDuplexStream<ModelInferRequest, StreamAnswer>;

/**
 * `ModelStreamInfer`: each request of the stream is answered when it is done, the steps of one sequence in order. One that fails
 * gives an answer with `error_message` and its id, and the stream goes on.
 *
 * The stream is read no faster than it is answered: a client that does not read its answers is not read either.
 *
 * @returns ends the stream once what was read is answered
 */
export function answerStream(service: Service, stream: InferStream): () => void {
  const client = grpcClientOf(stream);
  let underWay = 0;
  let ending = false;
  let full = false;
  const settle = (): void => {
    if (ending && underWay === 0) stream.end();
    else if (!full && underWay < limits.streamRequests) stream.resume();
  };
  const finish = (): void => {
    ending = true;
    stream.pause();
    settle();
  };
  const answer = async (message: ModelInferRequest): Promise<void> => {
    const reply = await withTrace(service.tracing?.traceOf(stream.metadata), () =>
      streamAnswer(service, message, () => stream.cancelled, client),
    );
    underWay--;
    if (stream.cancelled) return;
    full = !stream.write(reply);
    settle();
  };
  stream.on('data', (message: ModelInferRequest) => {
    underWay++;
    if (underWay >= limits.streamRequests) stream.pause();
    void answer(message);
  });
  stream.on('drain', () => {
    full = false;
    settle();
  });
  stream.on('end', finish);
  // Its client has gone; what waits for it is not run.
  stream.on('error', () => undefined);
  return finish;
}

async function streamAnswer(
  service: Service,
  message: ModelInferRequest,
  isGone: () => boolean,
  client: string | undefined,
): Promise<StreamAnswer> {
  try {
    return { error_message: '', infer_response: await grpcInfer(service, message, isGone, client) };
  } catch (error) {
    const { model_name: name, model_version: version, id } = message;
    return {
      error_message: grpcError(service, error).details,
      infer_response: { model_name: name, model_version: version, id },
    };
  }
}
