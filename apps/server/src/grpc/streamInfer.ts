import { encodeStreamAnswer, encodeStreamError } from '@onda/protocol';
import type { GrpcInferRequest, WireMessage } from '@onda/protocol';
import { withTrace } from '@onda/serving';
import { limits } from '../limits.ts';
import type { Service } from '../service.ts';
import type { CallHandler } from './call/callHandler.ts';
import type { GrpcCall } from './call/grpcCall.ts';
import { grpcError } from './grpcErrors.ts';
import { grpcInfer, readInferMessage } from './grpcInfer.ts';

/**
 * `ModelStreamInfer`: each request of the stream is answered when it is done, the steps of one sequence in order. One that fails
 * gives an answer with `error_message` and its id, and the stream goes on; bytes that are no request end it.
 *
 * The stream is read no faster than it is answered, nor than its client may send: a client that does not read its answers is not
 * read either.
 *
 * @param address of the client, by which it is told from others where there are no tokens
 */
export function answerStream(service: Service, call: GrpcCall, address: string): CallHandler {
  const { access } = service;
  const isGone = (): boolean => call.over;
  let underWay = 0;
  let messages = 0;
  let ending = false;
  let timer: NodeJS.Timeout | undefined;
  const settle = (): void => {
    if (ending && underWay === 0) call.end();
    else if (!ending && timer === undefined && !call.full && underWay < limits.streamRequests) call.resume();
  };
  const finish = (): void => {
    ending = true;
    call.pause();
    settle();
  };
  /** The first message was counted with the call. */
  const holdBack = (): void => {
    const ms = access.asks && messages++ > 0 ? access.delayMs(call.client, address) : 0;
    if (ms <= 0) return;
    call.pause();
    timer = setTimeout(() => {
      timer = undefined;
      settle();
    }, ms);
  };
  const answer = async (message: GrpcInferRequest): Promise<void> => {
    const reply = await withTrace(call.trace, () => streamAnswer(service, message, isGone, call.client));
    underWay--;
    if (call.over) return;
    call.send(reply);
    settle();
  };
  return {
    streams: true,
    message: (bytes) => {
      const message = readInferMessage(bytes);
      underWay++;
      if (underWay >= limits.streamRequests || call.full) call.pause();
      holdBack();
      void answer(message);
    },
    end: finish,
    drained: settle,
    cancelled: () => {
      clearTimeout(timer);
    },
    finish,
  };
}

async function streamAnswer(
  service: Service,
  message: GrpcInferRequest,
  isGone: () => boolean,
  client: string | undefined,
): Promise<WireMessage> {
  try {
    return encodeStreamAnswer(await grpcInfer(service, message, isGone, client));
  } catch (error) {
    return encodeStreamError(message, grpcError(service, error).details);
  }
}
