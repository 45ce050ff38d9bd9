import { Redis } from 'ioredis';
import { freePort, RedisServer } from './redisServer.ts';

const HOST = '127.0.0.1';
const SLOTS = 16_384;

interface Node {
  readonly server: RedisServer;
  readonly busPort: number;
  readonly id: string;
}

/** A Redis Cluster for one test: three masters, each with the given number of replicas. */
export class RedisCluster {
  /** The addresses of all nodes, as the option `--state` takes them. */
  readonly url: string;
  readonly #nodes: readonly Node[];

  private constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
    this.url = `redis://${nodes.map(({ server }) => `${HOST}:${server.port}`).join(',')}`;
  }

  /** @param timeoutMs time after which a silent master is replaced by a replica */
  static async start(replicas = 1, timeoutMs = 2_000, masters = 3): Promise<RedisCluster> {
    const nodes = await Promise.all(
      Array.from({ length: masters * (1 + replicas) }, () => startNode(timeoutMs)),
    );
    const cluster = new RedisCluster(nodes);
    const share = Math.ceil(SLOTS / masters);
    const [first] = nodes;
    for (const [index, { server, busPort }] of nodes.entries()) {
      if (index < masters) {
        const last = Math.min(SLOTS, (index + 1) * share) - 1;
        await cluster.cli(index, 'CLUSTER', 'ADDSLOTSRANGE', index * share, last);
      }
      // Different epochs, as redis-cli --cluster create gives them.
      await cluster.cli(index, 'CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      if (server === first.server) continue;
      await cluster.cli(0, 'CLUSTER', 'MEET', HOST, server.port, busPort);
    }
    await cluster.#eachIs(/cluster_known_nodes:(\d+)/, String(nodes.length));
    for (let index = masters; index < nodes.length; index++) {
      await cluster.cli(index, 'CLUSTER', 'REPLICATE', nodes[index % masters].id);
    }
    await cluster.healthy();
    return cluster;
  }

  /** Runs a command on one node. */
  async cli(index: number, command: string, ...args: (string | number)[]): Promise<unknown> {
    const redis = new Redis({ host: HOST, port: this.#nodes[index].server.port, retryStrategy: null });
    redis.on('error', () => undefined);
    try {
      return await redis.call(command, ...args);
    } finally {
      redis.disconnect();
    }
  }

  /** Nodes that have slots now, as the others see it. */
  async masters(): Promise<number[]> {
    const lines = await this.#lines();
    return this.#nodes.flatMap(({ id }, index) =>
      lines.some((line) => line.startsWith(id) && /\bmaster\b(?!,fail)/.test(line)) ? [index] : [],
    );
  }

  /** The master of a slot. */
  async masterOf(slot: number): Promise<number> {
    const master = masterIn((await this.#lines()).join('\n'), slot);
    if (master === undefined) throw new Error(`slot ${slot}: expected a master, found none`);
    return this.#nodes.findIndex(({ id }) => id === master);
  }

  /** A replica of a master. */
  async replicaOf(master: number): Promise<number> {
    const { id } = this.#nodes[master];
    const line = (await this.#lines()).find((one) => one.split(' ')[3] === id);
    return this.#nodes.findIndex((node) => line?.startsWith(node.id));
  }

  /** Resolves when all slots are served, and every node that runs has the state ok and is connected to its master. */
  async healthy(): Promise<void> {
    await this.#eachIs(/cluster_state:(\w+)/, 'ok');
    await until(async () => {
      const replies = await this.#each('INFO', 'replication');
      return replies.every((text) => !text.includes('role:slave') || text.includes('master_link_status:up'));
    });
  }

  /** SIGKILL, to simulate a machine failure. */
  kill(index: number): Promise<void> {
    return this.#nodes[index].server.kill();
  }

  restart(index: number): Promise<void> {
    return this.#nodes[index].server.restart();
  }

  pause(index: number): void {
    this.#nodes[index].server.pause();
  }

  resume(index: number): void {
    this.#nodes[index].server.resume();
  }

  /** Resolves when another node has the slots of a killed master. */
  async replaced(index: number): Promise<void> {
    await until(async () => !(await this.masters()).includes(index));
  }

  /**
   * Moves a slot, key by key, as `redis-cli --cluster reshard` does.
   *
   * @param onHalf called when half of the keys have moved
   */
  async moveSlot(
    slot: number,
    to: number,
    onHalf: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const from = await this.masterOf(slot);
    const [source, target] = [this.#nodes[from], this.#nodes[to]];
    await this.cli(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', source.id);
    await this.cli(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', target.id);
    const keys = (await this.cli(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 1_000_000)) as string[];
    const migrate = (some: readonly string[]): Promise<unknown> =>
      some.length === 0
        ? Promise.resolve()
        : this.cli(from, 'MIGRATE', HOST, target.server.port, '', 0, 5_000, 'KEYS', ...some);
    const half = keys.length >> 1;
    await migrate(keys.slice(0, half));
    await onHalf();
    await migrate(keys.slice(half));
    await this.cli(to, 'CLUSTER', 'SETSLOT', slot, 'NODE', target.id);
    await this.cli(from, 'CLUSTER', 'SETSLOT', slot, 'NODE', target.id);
  }

  /**
   * Resolves when all nodes know the master of a slot that was moved. A replica that does not know it would take the slot back, without
   * its keys, if its own master failed.
   */
  async agreed(slot: number): Promise<void> {
    await until(async () => {
      const views = await this.#each('CLUSTER', 'NODES');
      return new Set(views.map((view) => masterIn(view, slot))).size === 1;
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(({ server }) => server.stop()));
  }

  async #lines(): Promise<string[]> {
    for (const index of this.#nodes.keys()) {
      const nodes = await this.cli(index, 'CLUSTER', 'NODES').catch(() => undefined);
      if (typeof nodes === 'string') return nodes.trim().split('\n');
    }
    throw new Error('expected a running node, found none');
  }

  /** The replies of the nodes that run. */
  async #each(command: string, ...args: string[]): Promise<string[]> {
    const replies = await Promise.all(
      this.#nodes.map((_, index) => this.cli(index, command, ...args).catch(() => undefined)),
    );
    return replies.filter((reply) => typeof reply === 'string');
  }

  #eachIs(pattern: RegExp, value: string): Promise<void> {
    return until(async () => {
      const replies = await this.#each('CLUSTER', 'INFO');
      return replies.every((text) => pattern.exec(text)?.[1] === value);
    });
  }
}

/** The id of a slot's master in a reply to CLUSTER NODES. */
function masterIn(view: string, slot: number): string | undefined {
  for (const line of view.split('\n')) {
    const [id, , flags = '', , , , , , ...ranges] = line.split(' ');
    if (!flags.includes('master') || flags.includes('fail')) continue;
    const has = ranges.some((range) => {
      const [from, to = from] = range.split('-').map(Number);
      return from <= slot && slot <= to;
    });
    if (has) return id;
  }
  return undefined;
}

async function startNode(timeoutMs: number): Promise<Node> {
  const busPort = await freePort();
  const server = await RedisServer.start([
    ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
    ...['--cluster-node-timeout', String(timeoutMs), '--cluster-replica-validity-factor', '0'],
    ...['--cluster-require-full-coverage', 'no', '--repl-diskless-sync-delay', '0'],
  ]);
  const redis = new Redis(server.url);
  const id = await redis.cluster('MYID');
  redis.disconnect();
  return { server, busPort, id };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
