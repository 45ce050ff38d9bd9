/** Servers that cannot store sequences, recognized by their INFO, and the remedy. */
const unsuitable: readonly [says: RegExp, problem: string][] = [
  [
    /^redis_mode:sentinel/m,
    'expected a Redis that stores data, got a Sentinel; give the address of the Redis that it monitors, or a name that resolves to it',
  ],
  [
    /^role:slave/m,
    'expected a writable Redis, got a replica; give the address of its primary, or a name that resolves to it',
  ],
];

/**
 * The reason why a Redis cannot store sequences; checked once, at the start.
 *
 * @param info the reply to INFO; empty if the command is not permitted
 * @returns a clause; undefined if it can store them
 */
export function unsuitability(info: string): string | undefined {
  return unsuitable.find(([says]) => says.test(info))?.[1];
}

/**
 * The problem of a Redis that evicts live sequences when it is full.
 *
 * @param info the reply to INFO
 * @returns a clause; undefined if it rejects writes when it is full, or has no limit
 */
export function evictionProblem(info: string): string | undefined {
  const [, bound = '0'] = /^maxmemory:([0-9]+)/m.exec(info) ?? [];
  const [, policy = 'noeviction'] = /^maxmemory_policy:(\S+)/m.exec(info) ?? [];
  if (bound === '0' || policy === 'noeviction') return undefined;
  return `evicts live sequences when it is full (maxmemory-policy ${policy}); set it to noeviction, so that it rejects new steps instead`;
}
