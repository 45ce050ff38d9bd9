import { OndaError } from '@onda/contract';
import type { FailureReason, ModelStats } from './modelStats.ts';

const reasons: Readonly<Record<string, FailureReason>> = {
  unavailable: 'REJECTED',
  canceled: 'CANCELED',
  model: 'BACKEND',
  result: 'BACKEND',
  worker: 'BACKEND',
};

/** Counts one request of a model, however it ends, and hands its end on. */
export async function countRequest<Answer>(
  stats: ModelStats,
  answer: () => Answer | Promise<Answer>,
): Promise<Answer> {
  const since = performance.now();
  stats.active++;
  try {
    const result = await answer();
    stats.succeeded(performance.now() - since);
    return result;
  } catch (error) {
    const reason = error instanceof OndaError ? (reasons[error.code] ?? 'OTHER') : 'BACKEND';
    stats.failed(reason, performance.now() - since);
    throw error;
  } finally {
    stats.active--;
  }
}
