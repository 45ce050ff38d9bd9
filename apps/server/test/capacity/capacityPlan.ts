/** What one live sequence of a net with 32 state values takes, bytes, measured by capacity.test.ts and rounded up. */
export const bytesPerSequence = { memory: 640, redis: 1024 } as const;

/**
 * Steps a second that are planned on. Of a process, a request a step or many sequences in each message: `npm run bench -- serving` on two
 * quiet cores, client and all, gave 29,408 requests of 16 connections over HTTP, 29,885 of `steps-1000`, and of `sequences-100` and
 * `-1000` 181,381 and 450,421. With states in Redis, requests of 64 connections to 1,000 sequences took a process one second of its core
 * for 12,900 to 14,700 of them, and a Redis (two commands a step) one of its own for 38,800 to 45,700.
 */
export const stepsPerSecond = { process: 25_000, joined: 150_000, withRedis: 12_000, redis: 20_000 } as const;

/** What is planned on may be used to so much, so that one that fails can be borne. */
const MOST_USE = 0.5;

/** Processes, so that one may fail. */
const LEAST = 2;

const GIB = 2 ** 30;
/** Memory that a process and a Redis have for sequences, gibibytes. */
const memoryGib = { process: 4, redis: 16 } as const;

export interface Plan {
  live: number;
  /** Steps a second of all of them together. */
  steps: number;
  /** All states, gibibytes. */
  memoryGib: number;
  redisGib: number;
  processes: number;
  /** Where each message steps a hundred sequences and more, states in memory. */
  processesJoined: number;
  /** A request a step, states in Redis. */
  processesWithRedis: number;
  redisShards: number;
}

/**
 * What a number of live sequences needs.
 *
 * @param live      sequences at a time
 * @param intervalS seconds between two steps of one
 */
export function capacityPlan(live: number, intervalS: number): Plan {
  const steps = live / intervalS;
  const redisBytes = live * bytesPerSequence.redis;
  const memoryBytes = live * bytesPerSequence.memory;
  const processesWith = (stepsOfEach: number): number =>
    Math.max(LEAST, share(steps, stepsOfEach), share(memoryBytes, memoryGib.process * GIB));
  return {
    live,
    steps,
    memoryGib: memoryBytes / GIB,
    redisGib: redisBytes / GIB,
    processes: processesWith(stepsPerSecond.process),
    processesJoined: processesWith(stepsPerSecond.joined),
    processesWithRedis: Math.max(LEAST, share(steps, stepsPerSecond.withRedis)),
    redisShards: Math.max(1, share(steps, stepsPerSecond.redis), share(redisBytes, memoryGib.redis * GIB)),
  };
}

/** How many it takes when each is used to a part of what it can. */
function share(all: number, each: number): number {
  return Math.ceil(all / (each * MOST_USE));
}

/** A row of the table in docs/deploying.md. */
export function planRow(plan: Plan): string {
  const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  const gib = (value: number): string =>
    value < 0.1 ? '< 0.1' : value.toLocaleString('en-US', { maximumFractionDigits: 1 });
  const { live, steps, processes, processesJoined, processesWithRedis, redisShards } = plan;
  const counts = [processes, processesJoined, processesWithRedis, redisShards].map(number);
  return `| ${[number(live), number(steps), gib(plan.memoryGib), gib(plan.redisGib), ...counts].join(' | ')} |`;
}
