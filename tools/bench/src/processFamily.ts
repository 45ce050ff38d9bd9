import { readdirSync, readFileSync } from 'node:fs';

/** The processes and all that they started and that still run; themselves alone where the system does not tell (proc(5), `children`). */
export function processFamily(pids: readonly number[]): number[] {
  return pids.flatMap((pid) => [pid, ...processFamily(childrenOf(pid))]);
}

/** A thread's children are listed with the thread that started them. */
function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
        .trim()
        .split(/\s+/)
        .filter(Boolean)
        .map(Number),
    );
  } catch {
    return [];
  }
}
