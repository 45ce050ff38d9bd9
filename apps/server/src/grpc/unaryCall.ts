import type { WireMessage } from '@onda/protocol';
import type { CallHandler } from './call/callHandler.ts';
import type { GrpcCall } from './call/grpcCall.ts';
import { CallError } from './grpcErrors.ts';
import { GrpcStatus } from './grpcStatus.ts';

/** Answers a call that has one message and one answer. */
export function answerOnce(
  call: GrpcCall,
  answer: (bytes: Buffer) => WireMessage | Promise<WireMessage>,
): CallHandler {
  const run = async (bytes: Buffer): Promise<void> => {
    try {
      const message = await answer(bytes);
      if (!call.over) call.answer(message);
    } catch (error) {
      call.failWith(error);
    }
  };
  let came = false;
  return {
    streams: false,
    message: (bytes, last) => {
      if (!last) throw oneMessage('more');
      came = true;
      void run(bytes);
    },
    end: () => {
      if (!came) throw oneMessage('none');
    },
    drained: nothing,
    cancelled: nothing,
    finish: nothing,
  };
}

function oneMessage(got: string): CallError {
  return new CallError(GrpcStatus.INVALID_ARGUMENT, `the call: expected one message, got ${got}; send one`);
}

function nothing(): void {
  // What is not run is asked for by `over`.
}
