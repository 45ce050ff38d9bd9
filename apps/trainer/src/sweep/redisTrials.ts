import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { SweepMetric } from '@onda/contract';
import { ConfigError, DataError, readRedisAddress } from '@onda/contract';
import { Queue, QueueEvents, WaitingError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { untilAborted } from '../exitSignal.ts';
import { writeFileAtomic } from '../files.ts';
import { ondaVersion } from '../versions.ts';
import type { TrialRunner } from './runSweep.ts';
import type { TrialOutcome } from './runTrial.ts';
import { runTrial } from './runTrial.ts';

/** Name of the BullMQ queue: workers serve all sweeps. */
const queueName = 'onda-trials';

/** Milliseconds to wait for the first connection. */
const connectMs = 5000;

/** Redis limits a value to 512 MB. */
const mostData = 400_000_000;

/** Seconds after its last use that a data file stays in Redis. */
const dataKeptS = 7 * 24 * 3600;

/** Data of a BullMQ job. Its version is that of Onda: the same configuration must mean the same fit. */
const jobSchema = z.strictObject({
  version: z.string(),
  trial: z.string(),
  config: z.record(z.string(), z.unknown()),
  metric: z.string().transform((metric) => metric as SweepMetric),
  /** The data file, stored gzipped at `key`. */
  data: z.strictObject({ key: z.string(), sha256: z.string(), ending: z.string() }).nullable(),
});
type JobData = z.input<typeof jobSchema>;

/**
 * Connects to Redis.
 *
 * @param url redis://[user:password@]host:port[/database], or rediss: for TLS
 * @throws ConfigError for another address; DataError if no Redis answers
 */
async function connectRedis(url: string): Promise<{ client: Redis; shown: string }> {
  const { connection, seeds, shown } = readRedisAddress(url, '--redis');
  if (seeds.length > 1) {
    throw new ConfigError(
      `--redis ${shown}: expected one Redis, got ${seeds.length} nodes; give one of them`,
    );
  }
  const client = new Redis({
    ...connection,
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectTimeout: connectMs,
  });
  let reason: string | undefined;
  client.on('error', (error) => {
    reason = error.message;
  });
  // After the first connection ioredis reconnects by itself.
  const timeout = new Promise<never>((_, reject) =>
    setTimeout(() => {
      reject(new Error(`no answer within ${connectMs} ms`));
    }, connectMs).unref(),
  );
  try {
    await Promise.race([client.connect().then(() => client.ping()), timeout]);
  } catch (error) {
    client.disconnect();
    // The event has the cause, the rejection says only that the connection was closed.
    throw new DataError(
      `--redis ${shown}: expected a Redis, got none (${reason ?? (error as Error).message}); start it, or correct the address`,
      { cause: error },
    );
  }
  return { client, shown };
}

interface RedisSweep {
  /** Identifies the trials of this sweep: name and hash of all that determines them. */
  id: string;
  /** Redis's address. */
  url: string;
  metric: SweepMetric;
  /** The fit configuration of a trial. */
  configOf(trial: Parameters<TrialRunner['run']>[0]): Record<string, unknown>;
  /** The data file; null for synthetic data. */
  data: { bytes: Uint8Array; ending: string } | null;
  /** Called while no worker is connected. */
  onNoWorker: (shown: string) => void;
}

/** Runs trials on the workers of a Redis. A trial that is queued or done there already keeps its job. */
export async function openRedisRunner(sweep: RedisSweep): Promise<TrialRunner> {
  const { client, shown } = await connectRedis(sweep.url);
  const queue = new Queue<JobData, TrialOutcome>(queueName, { connection: client });
  // BullMQ closes only connections that it has opened itself.
  const second = client.duplicate();
  const events = new QueueEvents(queueName, { connection: second });
  const data = await storeData(client, sweep.data);
  await events.waitUntilReady();
  const look = setInterval(() => {
    void queue.getWorkersCount().then((count) => {
      if (count === 0) sweep.onNoWorker(shown);
    }, ignore);
  }, connectMs);
  return {
    // The workers limit how many run at a time.
    concurrency: Infinity,
    async run(trial) {
      const job = await queue.add(
        'trial',
        { version: ondaVersion, trial: trial.id, config: sweep.configOf(trial), metric: sweep.metric, data },
        { jobId: `${sweep.id}-${trial.id}`, attempts: 3, backoff: { type: 'fixed', delay: 1000 } },
      );
      let outcome: TrialOutcome;
      try {
        outcome = await job.waitUntilFinished(events);
      } catch (error) {
        outcome = { metric: null, error: (error as Error).message };
      }
      // Its result is in the sweep's folder from now on. A worker that lost its lease may still hold it.
      await job.remove().catch(ignore);
      return outcome;
    },
    async close() {
      clearInterval(look);
      await Promise.allSettled([events.close(), queue.close()]);
      second.disconnect();
      client.disconnect();
    },
  };
}

const ignore = (): void => undefined;

async function storeData(client: Redis, data: RedisSweep['data']): Promise<JobData['data']> {
  if (data === null) return null;
  const sha256 = createHash('sha256').update(data.bytes).digest('hex');
  const key = `onda-data:${sha256}`;
  const packed = gzipSync(data.bytes);
  if (packed.length > mostData) {
    throw new DataError(
      `--redis: expected a data file of at most ${mostData} bytes compressed, got ${packed.length}; use a part of the data for the sweep`,
    );
  }
  await client.set(key, packed, 'EX', dataKeptS);
  return { key, sha256, ending: data.ending };
}

interface WorkerRequest {
  url: string;
  concurrency: number;
  /** Seconds after which the trials of a worker that has died run elsewhere. */
  leaseS: number;
  /** Folder for the files of its trials; each trial's are removed after it. */
  folder: string;
  threads: number;
  signal: AbortSignal;
  onMessage: (text: string) => void;
}

/**
 * Runs trials from Redis until the signal; those that run then go back to the queue. A worker that dies holds its trials until its
 * lease ends: then another one runs them.
 */
export async function runWorker(request: WorkerRequest): Promise<void> {
  const { url, concurrency, leaseS, signal, onMessage } = request;
  const { client, shown } = await connectRedis(url);
  const second = client.duplicate();
  const worker = new Worker<JobData, TrialOutcome>(
    queueName,
    async (job, token) => {
      const trial = jobSchema.parse(job.data);
      if (trial.version !== ondaVersion) {
        throw new Error(
          `expected a worker of version ${trial.version}, got ${ondaVersion}; install the same version`,
        );
      }
      onMessage(`trial ${trial.trial}: started`);
      const folder = path.join(request.folder, String(job.id));
      try {
        const outcome = await runTrial({
          config: await withData(client, trial, folder),
          metric: trial.metric,
          folder: path.join(folder, 'trial'),
          threads: request.threads,
          signal,
        });
        const { metric, error } = outcome;
        onMessage(
          `trial ${trial.trial}: ${metric === null ? `failed: ${error}` : `${trial.metric} ${metric.toPrecision(4)}`}`,
        );
        return outcome;
      } catch (error) {
        if (!signal.aborted) throw error;
        await job.moveToWait(token);
        throw new WaitingError();
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    {
      connection: second,
      concurrency,
      lockDuration: leaseS * 1000,
      stalledInterval: leaseS * 1000,
      // A trial that ends the worker, for example by its memory, must not end all of them.
      maxStalledCount: 2,
    },
  );
  worker.on('error', (error) => {
    onMessage(`Redis: ${error.message}`);
  });
  worker.on('failed', (job, error) => {
    onMessage(`trial ${job?.data.trial ?? ''}: ${error.message}`);
  });
  await worker.waitUntilReady();
  onMessage(`worker of ${shown}: ready for ${concurrency} trial${concurrency === 1 ? '' : 's'} at a time`);
  await untilAborted(signal);
  await worker.close();
  second.disconnect();
  client.disconnect();
}

/** The configuration with the data file on this machine. */
async function withData(
  client: Redis,
  { config, data }: z.output<typeof jobSchema>,
  folder: string,
): Promise<object> {
  if (data === null) return config;
  const packed = await client.getBuffer(data.key);
  if (packed === null)
    throw new Error('expected the data file of the sweep in Redis, got none; start the sweep again');
  const bytes = gunzipSync(packed);
  if (createHash('sha256').update(bytes).digest('hex') !== data.sha256) {
    throw new Error('expected the data file of the sweep in Redis, got other bytes; start the sweep again');
  }
  const file = path.resolve(folder, `data${data.ending}`);
  writeFileAtomic(file, bytes);
  return { ...config, data: { ...(config['data'] as object), file } };
}
