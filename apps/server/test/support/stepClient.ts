import { floatsOf, grpcRequest } from './grpcClient.ts';
import type { InferAnswer, GrpcClient } from './grpcClient.ts';
import { post } from './requests.ts';
import type { InferBody } from './requests.ts';

/** One step of a sequence as a client requests it. */
export interface AskedStep {
  id: string;
  value: number;
  start?: boolean;
  end?: boolean;
  step?: number;
}

/** How it went: a value, or a status of the HTTP table (0: no answer came). */
export type Outcome =
  { kind: 'value'; value: number; step: number } | { kind: 'refused'; status: number; text: string };

export type AskStep = (step: AskedStep) => Promise<Outcome>;

type StepBody = InferBody & { error?: string; parameters: { sequence_step: number } };

/** Steps of the example model over HTTP. */
export function httpSteps(url: () => string): AskStep {
  return async ({ id, value, start = false, end = false, step }) => {
    const parameters = {
      sequence_id: id,
      sequence_start: start,
      sequence_end: end,
      ...(step === undefined ? {} : { sequence_step: step }),
    };
    const inputs = [{ name: 'x', shape: [1, 1, 1], datatype: 'FP32', data: [value] }];
    try {
      const { status, body } = await post<StepBody>(`${url()}/v2/models/lagged-sine/infer`, {
        parameters,
        inputs,
      });
      if (status !== 200) return { kind: 'refused', status, text: body.error ?? '' };
      return { kind: 'value', value: body.outputs[0].data[0], step: body.parameters.sequence_step };
    } catch (error) {
      return { kind: 'refused', status: 0, text: String(error) };
    }
  };
}

/** The HTTP statuses of the gRPC ones that steps end with. */
const statuses: Readonly<Record<number, number>> = { 3: 400, 5: 404, 6: 409, 9: 410, 14: 503 };

/** Steps of the example model as gRPC calls. */
export function grpcSteps(client: GrpcClient): AskStep {
  return async ({ id, value, start = false, end = false }) => {
    const parameters = {
      sequence_id: { string_param: id },
      sequence_start: { bool_param: start },
      sequence_end: { bool_param: end },
    };
    try {
      const answer = await client.call<InferAnswer>('ModelInfer', grpcRequest([value], { parameters }));
      const [got] = floatsOf(answer.raw_output_contents[0]);
      return { kind: 'value', value: got, step: Number(answer.parameters.sequence_step.int64_param) };
    } catch (error) {
      const { code, details } = error as { code: number; details: string };
      return { kind: 'refused', status: statuses[code] ?? 0, text: details };
    }
  };
}
