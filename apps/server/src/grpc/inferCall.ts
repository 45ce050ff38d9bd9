import { encodeInferMessage, ProtocolError } from '@onda/protocol';
import { withTrace } from '@onda/serving';
import { letIn, refusalText, tellLate } from '../letIn.ts';
import type { Service } from '../service.ts';
import type { CallHandler } from './call/callHandler.ts';
import type { GrpcCall } from './call/grpcCall.ts';
import { grpcInfer, readInferMessage } from './grpcInfer.ts';
import { answerOnce } from './unaryCall.ts';

/** `ModelInfer`. */
export function answerInfer(service: Service, call: GrpcCall): CallHandler {
  const isGone = (): boolean => call.over;
  return answerOnce(call, async (bytes) => {
    const message = readInferMessage(bytes);
    if (!letIn(service, message.modelName, message.modelVersion || undefined)) {
      await tellLate();
      throw new ProtocolError('unavailable', refusalText);
    }
    try {
      const { trace, client } = call;
      return encodeInferMessage(await withTrace(trace, () => grpcInfer(service, message, isGone, client)));
    } finally {
      service.pressure.leave();
      service.stayAwake();
    }
  });
}
