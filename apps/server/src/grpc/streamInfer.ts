import { failureOf } from '@onda/grpc-server';
import type { ServerCall, StreamHandler } from '@onda/grpc-server';
import { encodeStreamAnswer, encodeStreamError } from '@onda/protocol';
import type { GrpcInferRequest, InferResponse, WireMessage } from '@onda/protocol';
import type { Access } from '../access/access.ts';
import { limits } from '../limits.ts';
import type { Log } from '../telemetry/log.ts';
import type { CallContext } from './callContext.ts';
import { failureHooks } from './grpcErrors.ts';

type StreamCall = ServerCall<GrpcInferRequest, WireMessage, CallContext>;

type Infer = (message: GrpcInferRequest, call: StreamCall) => Promise<InferResponse>;

/**
 * `ModelStreamInfer`: each response is sent as soon as it is ready, those of one sequence in order. A message that fails gets a response
 * with `error_message` and its id, and the stream continues; a message that cannot be decoded ends the stream.
 *
 * Back-pressure: messages are read no faster than responses are sent and read by the client.
 */
export function streamInfer(
  access: Access,
  log: Log,
  infer: Infer,
): StreamHandler<GrpcInferRequest, WireMessage, CallContext> {
  const hooks = failureHooks(log);
  const encodeAnswer = async (message: GrpcInferRequest, call: StreamCall): Promise<WireMessage> => {
    try {
      return encodeStreamAnswer(await infer(message, call));
    } catch (error) {
      return encodeStreamError(message, failureOf(error, hooks).details);
    }
  };
  return (call) => {
    const { client, address } = call.context;
    let inFlight = 0;
    let messages = 0;
    let isEnding = false;
    let rateTimer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      if (isEnding && inFlight === 0) call.end();
      else if (
        !isEnding &&
        rateTimer === undefined &&
        !call.writableNeedDrain &&
        inFlight < limits.streamRequests
      ) {
        call.resume();
      }
    };
    /** Delays further messages of a client that exceeds its rate. The first message was counted with the call. */
    const limitRate = (): void => {
      const delayMs = access.asks && messages++ > 0 ? access.delayMs(client, address) : 0;
      if (delayMs <= 0) return;
      call.pause();
      rateTimer = setTimeout(() => {
        rateTimer = undefined;
        settle();
      }, delayMs);
    };
    const answer = async (message: GrpcInferRequest): Promise<void> => {
      const response = await encodeAnswer(message, call);
      inFlight--;
      if (call.cancelled) return;
      call.write(response);
      settle();
    };
    call
      .on('data', (message) => {
        inFlight++;
        if (inFlight >= limits.streamRequests || call.writableNeedDrain) call.pause();
        limitRate();
        void answer(message);
      })
      .on('drain', settle)
      .on('end', () => {
        isEnding = true;
        settle();
      })
      .on('cancelled', () => {
        clearTimeout(rateTimer);
      });
  };
}
