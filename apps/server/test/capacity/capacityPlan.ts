/** Bytes of one live sequence of a net with 32 state values, measured by capacity.test.ts and rounded up. */
export const bytesPerSequence = { memory: 640, redis: 1152, cluster: 1024 } as const;

/**
 * Planned steps per second. Of a process: HTTP requests with a step each (16,800 measured at 16 connections on two quiet cores, client
 * included), or many sequences in each message of a gRPC stream (`sequences-100` and `-1000` of `npm run bench -- serving`: 181,381 and
 * 450,421). With states in Redis a step over HTTP takes a process about 150 microseconds of processor time (measured on a busy machine);
 * two commands per step take Redis one core for 38,800 to 45,700 steps. In a cluster with a replica of each master, which acknowledges
 * each step, a step takes the master 63 microseconds and the replica 27 (measured on a busy machine).
 */
export const stepsPerSecond = {
  process: 15_000,
  joined: 150_000,
  withRedis: 6_000,
  redis: 20_000,
  clusterMaster: 10_000,
} as const;

/** Planned utilization, so that the failure of one process can be absorbed. */
const MAX_UTILIZATION = 0.5;

/** Processes, so that one may fail. */
const MIN_PROCESSES = 2;

/** Masters of a cluster, so that the others can agree that one has failed. */
const MIN_MASTERS = 3;

const GIB = 2 ** 30;
/** Memory of a process and of a Redis for sequences, gibibytes. */
const memoryGib = { process: 4, redis: 16 } as const;

export interface Plan {
  live: number;
  /** Steps per second of all sequences. */
  steps: number;
  /** All states, gibibytes. */
  memoryGib: number;
  redisGib: number;
  processes: number;
  /** With a hundred and more sequences per message, states in memory. */
  processesJoined: number;
  /** With a request per step, states in Redis. */
  processesWithRedis: number;
  redisShards: number;
  /** Masters of a Redis Cluster, each with a replica besides. */
  clusterMasters: number;
}

/**
 * The processes and memory for a number of live sequences.
 *
 * @param live      number of live sequences
 * @param intervalS seconds between two steps of a sequence
 */
export function capacityPlan(live: number, intervalS: number): Plan {
  const steps = live / intervalS;
  const redisBytes = live * bytesPerSequence.redis;
  const memoryBytes = live * bytesPerSequence.memory;
  const processesWith = (stepsOfEach: number): number =>
    Math.max(MIN_PROCESSES, share(steps, stepsOfEach), share(memoryBytes, memoryGib.process * GIB));
  return {
    live,
    steps,
    memoryGib: memoryBytes / GIB,
    redisGib: redisBytes / GIB,
    processes: processesWith(stepsPerSecond.process),
    processesJoined: processesWith(stepsPerSecond.joined),
    processesWithRedis: Math.max(MIN_PROCESSES, share(steps, stepsPerSecond.withRedis)),
    redisShards: Math.max(1, share(steps, stepsPerSecond.redis), share(redisBytes, memoryGib.redis * GIB)),
    clusterMasters: Math.max(
      MIN_MASTERS,
      share(steps, stepsPerSecond.clusterMaster),
      share(live * bytesPerSequence.cluster, memoryGib.redis * GIB),
    ),
  };
}

/** The number needed at the planned utilization. */
function share(all: number, each: number): number {
  return Math.ceil(all / (each * MAX_UTILIZATION));
}

/** A row of the table in docs/deploying.md. */
export function planRow(plan: Plan): string {
  const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  const gib = (value: number): string =>
    value < 0.1 ? '< 0.1' : value.toLocaleString('en-US', { maximumFractionDigits: 1 });
  const { live, steps, processes, processesJoined, processesWithRedis, redisShards, clusterMasters } = plan;
  const counts = [processes, processesJoined, processesWithRedis, redisShards, clusterMasters].map(number);
  return `| ${[number(live), number(steps), gib(plan.memoryGib), gib(plan.redisGib), ...counts].join(' | ')} |`;
}
