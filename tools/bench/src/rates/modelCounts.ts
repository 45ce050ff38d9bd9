import { model } from '../serving/requests.ts';
import type { ServerProcess } from '../serving/serverProcess.ts';

/** Requests of the model that the service answered, and that it did not, since its start. */
export interface ModelCounts {
  success: number;
  fail: number;
}

/** By the statistics extension: gRPC's failures have the HTTP status of answers, so that no load maker of HTTP tells them apart. */
export async function modelCounts({ http }: ServerProcess): Promise<ModelCounts> {
  const body = (await (await fetch(`${http}/v2/models/${model}/stats`)).json()) as {
    model_stats: { inference_stats: Record<'success' | 'fail', { count: number }> }[];
  };
  const { success, fail } = body.model_stats[0].inference_stats;
  return { success: success.count, fail: fail.count };
}
