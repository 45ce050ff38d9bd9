import { Client, credentials } from '@grpc/grpc-js';
import type { ServerProcess } from './serverProcess.ts';
import { grpcRequest, inferenceService, jsonBody, model } from './requests.ts';

/** float32 of one ONNX Runtime in Node and in Python: other builds of its matrix product may add in another order. */
const ATOL = 1e-5;

/** The first value of the model's `y` as a server gives it over HTTP and over gRPC. */
export interface Answers {
  http: number;
  grpc: number;
}

export async function answersOf(server: ServerProcess): Promise<Answers> {
  const { bytes, headers } = jsonBody();
  const response = await fetch(`${server.http}/v2/models/${model}/infer`, {
    method: 'POST',
    headers,
    body: new Uint8Array(bytes),
  });
  const { outputs } = (await response.json()) as { outputs?: { name: string; data: number[] }[] };
  const y = outputs?.find(({ name }) => name === 'y')?.data.flat(3)[0] ?? NaN;
  return { http: y, grpc: await grpcAnswer(server.grpc) };
}

function grpcAnswer(address: string): Promise<number> {
  const client = new Client(address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = inferenceService()['ModelInfer'];
  return new Promise<number>((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, grpcRequest, (error, reply) => {
      if (error) reject(error);
      else resolve(firstOf(reply as GrpcReply));
    });
  }).finally(() => {
    client.close();
  });
}

interface GrpcReply {
  outputs: { name: string; contents: { fp32_contents: number[] } | null }[];
  raw_output_contents: Buffer[];
}

/** `y`, from the bytes after the outputs or from the output itself: MLServer does the second. */
function firstOf({ outputs, raw_output_contents: raw }: GrpcReply): number {
  const index = outputs.findIndex(({ name }) => name === 'y');
  return raw.length > index ? raw[index].readFloatLE() : (outputs[index].contents?.fp32_contents[0] ?? NaN);
}

/** Why what a server answers is not to be compared; undefined where it is. */
export function answerProblem(name: string, answers: Answers, expected: number): string | undefined {
  for (const transport of ['http', 'grpc'] as const) {
    const got = answers[transport];
    if (Math.abs(got - expected) <= ATOL) continue;
    return `${name} over ${transport}: expected y ${expected} as Onda gives, got ${got}; it does other work`;
  }
  return undefined;
}
