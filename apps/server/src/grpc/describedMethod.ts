import type { MethodDefinition } from '@grpc/proto-loader';
import type { WireMessage } from '@onda/protocol';
import { CallError } from './grpcErrors.ts';
import { GrpcStatus } from './grpcStatus.ts';
import type { Method } from './method.ts';
import { answerOnce } from './unaryCall.ts';

/** A method that is asked now and then: its messages are read and written as the .proto file describes them. */
export function described<Message>(
  method: MethodDefinition<Message, object>,
  answer: (message: Message) => object | Promise<object>,
): [path: string, method: Method] {
  const reply = async (bytes: Buffer): Promise<WireMessage> =>
    messageOf(method.responseSerialize(await answer(read(method, bytes))));
  return [method.path, (call) => answerOnce(call, reply)];
}

function read<Message>(method: MethodDefinition<Message, object>, bytes: Buffer): Message {
  try {
    return method.requestDeserialize(bytes);
  } catch {
    throw new CallError(
      GrpcStatus.INVALID_ARGUMENT,
      `the message cannot be read as one of ${method.path.slice(1)}; send what the .proto file describes`,
    );
  }
}

function messageOf(bytes: Buffer): WireMessage {
  return {
    size: bytes.length,
    write: (target, at) => {
      target.set(bytes, at);
    },
  };
}
