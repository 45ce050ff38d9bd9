/** Where a case is sent to. */
export interface Target {
  readonly port: number;
  readonly grpcPort: number;
  /** undefined: without authentication, which the service requires. */
  readonly token: string | undefined;
}

/** Something that no useful client sends, in a variable amount. */
export interface MisuseCase {
  readonly name: string;
  /** What `count` counts. */
  readonly unit: string;
  /** N: the suite sends N and 10 N. */
  readonly count: number;
  /** Sends it, and waits until the service has handled it. */
  readonly send: (target: Target, count: number) => Promise<void>;
}
