import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { percentile } from './loadResult.ts';
import type { LoadResult } from './loadResult.ts';
import { inferenceService, model } from './requests.ts';

/** Streams that the sequences are shared out to: while the answer of one is read, the other's steps run. */
const STREAMS = 2;

interface StreamAnswer {
  error_message: string;
  infer_response: { parameters: Readonly<Record<string, unknown>> };
}

type Stream = ClientDuplexStream<object, StreamAnswer>;

/**
 * Steps sequences whose state the service keeps, one sample at a time, over gRPC streams: a message steps all sequences of its
 * stream, and the next one is sent when its answer has come.
 *
 * @returns steps a second of all sequences; the times are those of a message
 */
export async function runSequences(address: string, sequences: number, seconds: number): Promise<LoadResult> {
  const Client = makeGenericClientConstructor(inferenceService(), 'service');
  const client = new Client(address, credentials.createInsecure());
  const open = client as unknown as { ModelStreamInfer: () => Stream };
  const streams = Math.min(STREAMS, sequences);
  const share = (stream: number): number => Math.floor(((stream + 1) * sequences) / streams);
  const times: number[] = [];
  let steps = 0;
  let failures = 0;
  const since = performance.now();
  const until = since + seconds * 1000;
  const walk = (stream: Stream, first: number, rows: number): Promise<void> =>
    new Promise((resolve, reject) => {
      let sent = performance.now();
      let last = false;
      const send = (control: number): void => {
        sent = performance.now();
        last = control === END;
        stream.write(stepMessage(first, rows, control));
      };
      stream.on('error', reject);
      stream.on('data', ({ error_message: error, infer_response: answer }: StreamAnswer) => {
        times.push(performance.now() - sent);
        if (error !== '' || 'sequence_failed' in answer.parameters) failures++;
        else steps += rows;
        if (!last) send(performance.now() < until ? GO_ON : END);
        else stream.end();
      });
      stream.on('end', resolve);
      send(START);
    });
  try {
    const walks = Array.from({ length: streams }, (_, index) => {
      const first = index === 0 ? 0 : share(index - 1);
      return walk(open.ModelStreamInfer(), first + 1, share(index) - first);
    });
    await Promise.all(walks);
  } finally {
    client.close();
  }
  const rate = (steps / (performance.now() - since)) * 1000;
  times.sort((a, b) => a - b);
  return { rate, p50: percentile(times, 0.5), p99: percentile(times, 0.99), failures };
}

/** Values of `sequence_control_input`. */
const [GO_ON, START, END] = [0, 1, 2];

/** `ModelInferRequest`: one sample for each of some sequences. */
function stepMessage(first: number, rows: number, control: number): object {
  const numbers = Array.from({ length: rows }, (_, row) => row);
  const ids = BigInt64Array.from(numbers, (row) => BigInt(first + row));
  const x = Float32Array.from(numbers, (row) => Math.sin(first + row));
  return {
    model_name: model,
    inputs: [
      { name: 'x', datatype: 'FP32', shape: [rows, 1, 1] },
      { name: 'sequence_id', datatype: 'INT64', shape: [rows] },
      { name: 'sequence_control_input', datatype: 'UINT32', shape: [rows] },
    ],
    raw_input_contents: [x, ids, Uint32Array.from(numbers, () => control)].map(({ buffer }) =>
      Buffer.from(buffer),
    ),
  };
}
