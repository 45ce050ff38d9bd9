import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { frameOf } from './grpcFrames.ts';
import { inferenceService, stepRequest } from './requests.ts';

/** Where a step stands in its sequence. */
export type StepKind = 'start' | 'goOn' | 'end';

/** The frames of ModelStreamInfer that step a sequence whose state the service keeps. */
export function stepFrames(sequence: number): Record<StepKind, Buffer> {
  const { requestSerialize } = inferenceService()['ModelStreamInfer'];
  const frame = (parameters: object): Buffer => frameOf(requestSerialize(stepRequest(sequence, parameters)));
  return {
    start: frame({ sequence_start: { bool_param: true } }),
    goOn: frame({}),
    end: frame({ sequence_end: { bool_param: true } }),
  };
}

/** A stream of ModelStreamInfer, as HTTP/2 sees it. */
export function openStepStream(session: ClientHttp2Session): ClientHttp2Stream {
  return session.request(
    {
      ':method': 'POST',
      ':path': inferenceService()['ModelStreamInfer'].path,
      'content-type': 'application/grpc',
      te: 'trailers',
    },
    { endStream: false },
  );
}
