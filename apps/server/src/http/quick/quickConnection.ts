import type { Socket } from 'node:net';
import type { Admitted } from '../../access/access.ts';
import { AccessError } from '../../access/accessError.ts';
import { replyClientError } from '../../errorReplies.ts';
import { letIn } from '../../letIn.ts';
import { timeouts } from '../../limits.ts';
import type { Service } from '../../service.ts';
import { failureAnswer } from '../errorAnswer.ts';
import type { HttpAnswer } from '../httpAnswer.ts';
import { inferAnswer } from '../inferAnswer.ts';
import { refusal } from '../refusal.ts';
import { answerText } from './answerText.ts';
import { INFER_START } from './inferPath.ts';
import { maybeRequestHead } from './requestHead.ts';
import type { RequestHead } from './requestHead.ts';

/** Head and body of a request that is read here; Node reads the larger ones, whose way costs little against their contents. */
const MOST_BYTES = 65_536;
const HEAD_END = '\r\n\r\n';
/** Node's limit too. */
const MOST_HEAD_BYTES = 16_384;
const nothing = Buffer.alloc(0);

/**
 * A connection as long as plain infer requests come over it, one at a time. With the first request that is out of the ordinary it
 * becomes one of Node's HTTP server, from that request's first byte on.
 */
export class QuickConnection {
  readonly #socket: Socket;
  readonly #service: Service;
  readonly #handOver: (socket: Socket) => void;
  /** What came and is not answered. */
  #bytes: Buffer = nothing;
  /** When the first byte of an incomplete request came, milliseconds of `performance.now`; 0: there is none. */
  #since = 0;
  #busy = false;
  /** The request that is read or answered. */
  #admitted: Admitted | undefined;
  #ended = false;
  /** When a request of this connection was refused, milliseconds of `performance.now`; a client that waited is not told apart. */
  #refusedAt = -Infinity;
  /** A client sends the same head again and again: its bytes with the empty line, and what they say. */
  #knownBytes = nothing;
  #knownHead: RequestHead | undefined;

  constructor(socket: Socket, service: Service, handOver: (socket: Socket) => void) {
    this.#socket = socket;
    this.#service = service;
    this.#handOver = handOver;
    socket
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('error', this.#onLost)
      .on('timeout', this.#onLost)
      .on('close', this.#release);
    socket.setTimeout(timeouts.keepAliveMs);
  }

  get idle(): boolean {
    return !this.#busy && this.#bytes.length === 0;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Lets go of a client that is slow to send. */
  checkTime(now: number): void {
    if (this.#since === 0 || this.#busy) return;
    const most = this.#bytes.includes(HEAD_END) ? timeouts.requestMs : timeouts.headersMs;
    if (now - this.#since < most) return;
    replyClientError(Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), this.#socket);
  }

  readonly #onData = (part: Buffer): void => {
    this.#bytes = this.#bytes.length === 0 ? part : Buffer.concat([this.#bytes, part]);
    if (!this.#busy) this.#next();
    // Requests sent behind one that runs wait; no more of them are read than fit here.
    else if (this.#bytes.length > MOST_BYTES) this.#socket.pause();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    if (!this.#busy) this.#socket.destroy();
  };

  readonly #onLost = (): void => {
    this.#socket.destroy();
  };

  /** Answers the next request, if all of it is there. */
  #next(): void {
    const bytes = this.#bytes;
    if (bytes.length === 0) return;
    if (!this.#readHead(bytes)) {
      this.#waitForHead();
      return;
    }
    const head = this.#knownHead;
    const bodyStart = this.#knownBytes.length;
    if (head === undefined || this.#service.draining || bodyStart + head.length > MOST_BYTES) {
      this.#leave();
    } else if (!this.#admit(head)) {
      this.#leave();
    } else if (bytes.length < bodyStart + head.length) {
      this.#wait();
    } else {
      const bodyEnd = bodyStart + head.length;
      this.#bytes = bytes.length === bodyEnd ? nothing : bytes.subarray(bodyEnd);
      this.#since = 0;
      this.#busy = true;
      const { name, version } = head.path;
      if (!letIn(this.#service, name, version, this.#isRestless())) {
        this.#refuse();
      } else {
        this.#refusedAt = -Infinity;
        void this.#answer(head, bytes.subarray(bodyStart, bodyEnd));
      }
    }
  }

  /** False for a request that is not let in: the guard of the HTTP server says so. */
  #admit({ headers }: RequestHead): boolean {
    try {
      this.#admitted ??= this.#service.access.admit(headers.authorization, this.#socket.remoteAddress ?? '');
      return true;
    } catch (error) {
      if (error instanceof AccessError) return false;
      throw error;
    }
  }

  readonly #release = (): void => {
    this.#admitted?.leave();
    this.#admitted = undefined;
  };

  /** Makes the head of the bytes the known one; false: it is not there whole. */
  #readHead(bytes: Buffer): boolean {
    const { length } = this.#knownBytes;
    if (length > 0 && bytes.length >= length && this.#knownBytes.compare(bytes, 0, length) === 0) return true;
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return false;
    this.#knownHead = maybeRequestHead(bytes.toString('latin1', 0, end));
    // A copy, so that it does not keep what came with it.
    this.#knownBytes = Buffer.from(bytes.subarray(0, end + HEAD_END.length));
    return true;
  }

  #waitForHead(): void {
    const start = this.#bytes.toString('latin1', 0, INFER_START.length);
    if (!INFER_START.startsWith(start) || this.#bytes.length > MOST_HEAD_BYTES) this.#leave();
    else this.#wait();
  }

  #wait(): void {
    if (this.#since === 0) this.#since = performance.now();
  }

  async #answer({ path, headers }: RequestHead, body: Uint8Array): Promise<void> {
    const socket = this.#socket;
    const { name, version } = path;
    const isGone = (): boolean => socket.destroyed;
    const call = { name, version, headers, body, client: this.#admitted?.client, isGone };
    const answer = await inferAnswer(this.#service, call).catch((error: unknown) =>
      failureAnswer(this.#service, error as Error),
    );
    this.#service.pressure.leave();
    this.#send(answer);
    this.#service.stayAwake();
  }

  /** Whether the client was refused and did not wait as it was told. */
  #isRestless(): boolean {
    return this.#refusedAt !== -Infinity && performance.now() - this.#refusedAt < timeouts.retryAfterMs;
  }

  /**
   * Answers, and reads on after a while: a client that asks again at once would take as much time to be refused as one that is
   * answered.
   */
  #refuse(): void {
    const socket = this.#socket;
    this.#refusedAt = performance.now();
    this.#release();
    const last = this.#ended || this.#service.draining;
    const { text, encoding } = answerText(refusal, last);
    socket.write(text, encoding);
    if (last) {
      socket.end();
      return;
    }
    socket.pause();
    setTimeout(() => {
      this.#busy = false;
      if (socket.destroyed) return;
      this.#goOn();
    }, timeouts.refusedMs);
  }

  #send(answer: HttpAnswer): void {
    const socket = this.#socket;
    this.#release();
    this.#busy = false;
    if (socket.destroyed) return;
    const last = this.#ended || this.#service.draining;
    const { text, encoding } = answerText(answer, last);
    const written = socket.write(text, encoding);
    if (last) {
      socket.end();
    } else if (written) {
      this.#goOn();
    } else {
      // A client that does not read its answers is not read either.
      this.#busy = true;
      socket.once('drain', () => {
        this.#busy = false;
        this.#goOn();
      });
    }
  }

  #goOn(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#next();
  }

  /** Gives the connection to Node's server, with the bytes that are not answered. */
  #leave(): void {
    const socket = this.#socket;
    socket.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onLost);
    socket.off('timeout', this.#onLost).off('close', this.#release).setTimeout(0);
    this.#release();
    socket.pause();
    socket.unshift(this.#bytes);
    this.#bytes = nothing;
    this.#handOver(socket);
    process.nextTick(() => socket.resume());
  }
}
