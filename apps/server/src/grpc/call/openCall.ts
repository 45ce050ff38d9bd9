import { enterCall } from '../../access/grpcGuard.ts';
import { logCall } from '../../log/logCalls.ts';
import type { Http2Stream, StreamReceiver } from '../http2/http2Stream.ts';
import type { OpenRequest } from '../http2/streamTable.ts';
import type { Method } from '../method.ts';
import type { RequestHead } from '../http2/requestHead.ts';
import { CallError } from '../grpcErrors.ts';
import { GrpcStatus } from '../grpcStatus.ts';
import { inferenceService } from '../protoServices.ts';
import type { CallContext } from './callContext.ts';
import { httpBlock } from './callBlocks.ts';
import { maybeHttpStatus, readCallHead } from './callHead.ts';
import type { CallHead } from './callHead.ts';
import { GrpcCall } from './grpcCall.ts';

/**
 * Begins the calls of one connection.
 *
 * @param methods by path
 * @param address of its client
 */
export function openCalls(
  context: CallContext,
  methods: ReadonlyMap<string, Method>,
  address: string,
): OpenRequest {
  // A client sends the same head again and again: what it says is read once.
  const heads = new WeakMap<RequestHead, CallHead>();
  return (stream, head) => {
    const call = new GrpcCall(stream, context);
    let read = heads.get(head);
    if (read === undefined) {
      const httpStatus = maybeHttpStatus(head);
      if (httpStatus !== undefined) return refused(stream, httpStatus);
    }
    watch(call, context, head);
    try {
      if (read === undefined) {
        read = readCallHead(head);
        heads.set(head, read);
      }
      const method = methods.get(head.path);
      if (method === undefined) throw noSuchMethod(head.path, context.otherPort);
      const admitted = enterCall(context.access, head.path, head.fields.get('authorization'), address);
      call.begin(read, admitted, method(call, address));
    } catch (error) {
      call.failWith(error);
    }
    return call;
  };
}

function watch(call: GrpcCall, { service }: CallContext, { path, fields }: RequestHead): void {
  const { log, tracing } = service;
  const told = logCall(log, path, fields.get('traceparent'));
  if (told) call.watch(told);
  const traced = tracing?.call(path, fields.get('traceparent'), fields.get('tracestate'));
  if (traced) {
    call.trace = traced.trace;
    call.watch(traced.end);
  }
}

function noSuchMethod(path: string, otherPort: string): CallError {
  const isElsewhere = Object.values(inferenceService).some((method) => method.path === path);
  const says = isElsewhere
    ? `this port does not answer it; call the port that ${otherPort} opens`
    : 'the service has no such method; its .proto files list those it has';
  return new CallError(GrpcStatus.UNIMPLEMENTED, `${path.slice(0, 200)}: ${says}`);
}

/** What is no call gets an answer of HTTP alone. */
function refused(stream: Http2Stream, status: number): StreamReceiver {
  stream.sendHead(httpBlock(status), true);
  return {
    data: (bytes) => {
      stream.took(bytes.length);
    },
    cancelled: nothing,
    drained: nothing,
    checkTime: nothing,
  };
}

function nothing(): void {
  // Nobody waits for it.
}
