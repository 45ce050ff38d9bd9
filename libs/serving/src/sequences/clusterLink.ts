import { ConfigError } from '@onda/contract';
import type { RedisAddress } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import { Cluster, Command } from 'ioredis';
import type { Redis } from 'ioredis';
import { Circuit, circuitStates } from './circuit.ts';
import type { CircuitState } from './circuit.ts';
import { evictionProblem } from './redisSuitability.ts';
import {
  circuitOptions,
  COMMAND_MS,
  CONNECT_MS,
  isReplyError,
  retryDelayMs,
  scripts,
  SILENT_MS,
  StoreFailures,
} from './redisClient.ts';
import type { Scripts } from './redisClient.ts';

/** Time to connect at the start, milliseconds. */
const OPEN_MS = 10_000;
/** Interval at which the nodes of the slots are read, milliseconds; a node that has moved a slot says so at once. */
const REFRESH_MS = 2_000;
/** Time for a replica to acknowledge a change, milliseconds. */
const REPLICATION_MS = 500;

/** A result, and the node that computed it. */
export interface NodeResult<Result> {
  readonly result: Result;
  readonly node: Redis | undefined;
}

/**
 * The connections to the nodes of a Redis Cluster. The client follows moved slots (MOVED, ASK, TRYAGAIN) and failovers; a node that does
 * not reply has its own circuit breaker, so that sequences on the other nodes continue.
 *
 * A command without a reply is not sent again: it may have been executed, which a retry with the step number resolves.
 */
export class ClusterLink {
  /** How often a node that did not reply was reached again, or replaced. */
  reconnects = 0;
  readonly #client: Cluster;
  readonly #failures: StoreFailures;
  readonly #warn: (text: string) => void;
  /** Open connections, by `host:port`. */
  readonly #nodes = new Map<string, Redis>();
  /** By `host:port` of the nodes that have slots. */
  readonly #circuits = new Map<string, Circuit>();
  /** WAIT commands that will be sent at the end of this turn of the event loop; one is enough for all changes of a turn. */
  readonly #waits = new Map<Redis, Promise<number>>();

  private constructor(client: Cluster, shown: string, warn: (text: string) => void) {
    this.#client = client;
    this.#warn = warn;
    this.#failures = new StoreFailures(shown, warn);
    client
      // Without a listener ioredis prints each error; commands are rejected with it too.
      .on('error', () => undefined)
      .on('+node', (node: Redis) => this.#nodes.set(addressOf(node), node))
      .on('-node', (node: Redis) => {
        const address = addressOf(node);
        if (this.#nodes.get(address) === node) this.#nodes.delete(address);
      })
      .on('refresh', () => {
        this.#forgetReplaced();
      });
  }

  /**
   * @param warn called with a sentence when a node is lost or reached again, and when Redis rejects commands
   * @throws ConfigError if the cluster cannot be used
   */
  static async open(
    { seeds, connection, shown }: RedisAddress,
    warn: (text: string) => void,
  ): Promise<ClusterLink> {
    const { db, username, password, tls } = connection;
    if (db !== 0) {
      throw new ConfigError(
        `sequence store ${shown}: expected no database number, since a cluster has database 0 only, got ${db}; leave it out`,
      );
    }
    const client = new Cluster([...seeds], {
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: retryDelayMs,
      slotsRefreshInterval: REFRESH_MS,
      maxRedirections: 5,
      // A command whose connection closed may have been executed.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      // Host names are passed on as they are: certificates have them.
      dnsLookup: (host, callback) => {
        callback(null, host);
      },
      redisOptions: {
        ...(password === undefined ? {} : { username, password }),
        ...(tls === undefined ? {} : { tls }),
        connectTimeout: CONNECT_MS,
        commandTimeout: COMMAND_MS,
        socketTimeout: SILENT_MS,
        scripts,
      },
      scripts,
    });
    const link = new ClusterLink(client, shown, warn);
    try {
      await link.#connect(shown);
    } catch (error) {
      client.disconnect();
      throw error;
    }
    return link;
  }

  /** @throws ConfigError */
  async #connect(shown: string): Promise<void> {
    // The client tries again by itself, for example while a failover is under way.
    this.#client.connect().catch(() => undefined);
    const isOpen = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, OPEN_MS, false);
      this.#client.once('ready', () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    if (!isOpen) {
      throw new ConfigError(
        `sequence store ${shown}: expected a reachable Redis Cluster, got no connection to its nodes; make the addresses of CLUSTER SLOTS reachable from here, or use memory`,
      );
    }
    const problems = await Promise.all(
      this.#client.nodes('master').map(async (node) => {
        const problem = evictionProblem(await node.info().catch(() => ''));
        return problem === undefined ? [] : [`Redis at ${addressOf(node)} ${problem}`];
      }),
    );
    for (const problem of problems.flat()) this.#warn(problem);
  }

  /** Commands that failed since the start. */
  get failures(): number {
    return this.#failures.count;
  }

  get connected(): boolean {
    return this.#client.status === 'ready';
  }

  /** The worst of all nodes. */
  get circuit(): CircuitState {
    const states = [...this.#circuits.values()].map(({ state }) => circuitStates.indexOf(state));
    return circuitStates[Math.max(0, ...states)];
  }

  /**
   * Runs a script on the node of a key.
   *
   * @throws ProtocolError 503 when the node is unreachable, does not answer in time, or rejects the command
   */
  async call<Result>(
    key: string,
    command: (scripts: Scripts) => Promise<Result>,
  ): Promise<NodeResult<Result>> {
    const slot = slotOf(key);
    const address = this.#masterOf(slot);
    const circuit = this.#circuitOf(address);
    if (this.#client.status !== 'ready' || !circuit.admits()) throw this.#failures.unreachable();
    const before = circuit.state;
    try {
      const done = await this.#send(slot, address, command);
      circuit.succeeded();
      if (before !== 'closed') this.#restored(`Redis at ${address} is reachable again`);
      return done;
    } catch (cause) {
      if (isReplyError(cause)) {
        circuit.succeeded();
        throw this.#failures.rejected(cause);
      }
      circuit.failed();
      if (before === 'closed' && circuit.state !== 'closed') {
        this.#warn(
          `Redis at ${address} does not reply; steps of its sequences get 503 until it does, or another node has replaced it`,
        );
      }
      throw this.#failures.unreachable(cause);
    }
  }

  async #send<Result>(
    slot: number,
    address: string,
    command: (scripts: Scripts) => Promise<Result>,
  ): Promise<NodeResult<Result>> {
    const node = this.#nodes.get(address);
    let target: string | undefined;
    if (node !== undefined) {
      try {
        return { result: await command(scriptsOf(node)), node };
      } catch (error) {
        if (!isReplyError(error)) throw error;
        const [kind, , redirected] = error.message.split(' ');
        if (kind !== 'MOVED' && kind !== 'ASK' && kind !== 'TRYAGAIN') throw error;
        target = redirected;
      }
    }
    // The client follows redirections. They were not executed, so they may be repeated.
    const result = await command(scriptsOf(this.#client));
    return { result, node: this.#nodes.get(target ?? this.#masterOf(slot)) };
  }

  /**
   * Waits until a replica has the changes that a node made: a failover would lose changes that only the master has.
   *
   * @throws ProtocolError 503 if no replica acknowledges them in time; the changes are not undone
   */
  async replicate(key: string, node: Redis | undefined): Promise<void> {
    const hasReplicas = this.#client.slots[slotOf(key)]?.length > 1;
    if (!hasReplicas) return;
    if (node !== undefined && (await this.#wait(node)) > 0) return;
    throw new ProtocolError(
      'unavailable',
      'the step was not copied to a replica of the sequence store (Redis) in time; retry in a moment, with the same sequence_step if the request had one',
    );
  }

  #wait(node: Redis): Promise<number> {
    let waiting = this.#waits.get(node);
    if (waiting === undefined) {
      waiting = new Promise((resolve) => {
        setImmediate(() => {
          this.#waits.delete(node);
          node.wait(1, REPLICATION_MS).then(resolve, () => {
            resolve(0);
          });
        });
      });
      this.#waits.set(node, waiting);
    }
    return waiting;
  }

  close(): Promise<void> {
    this.#client.disconnect();
    return Promise.resolve();
  }

  /** Empty if the slot's node is not known. */
  #masterOf(slot: number): string {
    return this.#client.slots[slot]?.[0] ?? '';
  }

  #circuitOf(address: string): Circuit {
    let circuit = this.#circuits.get(address);
    if (circuit === undefined) {
      circuit = new Circuit(circuitOptions);
      this.#circuits.set(address, circuit);
    }
    return circuit;
  }

  /** Drops the circuits of nodes without slots. */
  #forgetReplaced(): void {
    const masters = new Set(this.#client.slots.map(([master]) => master));
    for (const [address, circuit] of this.#circuits) {
      if (masters.has(address)) continue;
      this.#circuits.delete(address);
      if (circuit.state !== 'closed') this.#restored(`Redis at ${address} was replaced by another node`);
    }
  }

  #restored(text: string): void {
    this.reconnects++;
    this.#warn(text);
  }
}

/** `host:port`, as in `slots`. */
function addressOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}

function slotOf(key: string): number {
  return new Command('exists', [key]).getSlot();
}

/** The commands that the option `scripts` adds. */
function scriptsOf(client: Redis | Cluster): Scripts {
  return client as unknown as Scripts;
}
