import { encodeInferMessage } from '@onda/protocol';
import { withTrace } from '@onda/serving';
import { shed } from '../overload.ts';
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
    if (service.overloaded()) {
      await shed(service.repository, message.modelName, message.modelVersion || undefined);
    }
    const { trace, client } = call;
    return encodeInferMessage(await withTrace(trace, () => grpcInfer(service, message, isGone, client)));
  });
}
