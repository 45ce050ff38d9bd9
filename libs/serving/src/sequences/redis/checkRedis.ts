/** What a server of Redis's protocol is that cannot keep the sequences, and what to do; by what its INFO says. */
const unfit: readonly [says: RegExp, problem: string][] = [
  [
    /^redis_mode:sentinel/m,
    'expected a Redis that keeps data, got a Sentinel; name the Redis that it watches, or a name that leads to it',
  ],
  [
    /^redis_mode:cluster/m,
    'expected a Redis of its own, got a node of a cluster, which has a part of the keys alone; name one without cluster mode',
  ],
  [
    /^role:slave/m,
    'expected a Redis that can be written to, got a replica; name the one that it follows, or a name that leads to it',
  ],
];

/**
 * Why a Redis that answers cannot keep sequences, told at the start and not at each step.
 *
 * @param info what INFO gave; empty where it is not allowed
 * @returns a clause; undefined: nothing speaks against it
 */
export function maybeUnfit(info: string): string | undefined {
  return unfit.find(([says]) => says.test(info))?.[1];
}

/**
 * What is to be said of a Redis that keeps sequences only as long as it has room, and drops live ones then.
 *
 * @param info what INFO gave
 * @returns a sentence but for the place that begins it; undefined: it refuses what it has no room for, or has no bound
 */
export function maybeEvicts(info: string): string | undefined {
  const [, bound = '0'] = /^maxmemory:([0-9]+)/m.exec(info) ?? [];
  const [, policy = 'noeviction'] = /^maxmemory_policy:(\S+)/m.exec(info) ?? [];
  if (bound === '0' || policy === 'noeviction') return undefined;
  return `drops sequences that live when it is full (maxmemory-policy ${policy}); set it to noeviction, with which it refuses new steps instead`;
}
