/** What answers a call. */
export interface CallHandler {
  /**
   * @param bytes a view that must not be kept beyond this turn
   * @param last  whether the body ends with it
   */
  message(bytes: Buffer, last: boolean): void;
  /** No more messages come. */
  end(): void;
  /** Answers that waited for the client have left. */
  drained(): void;
  /** The client has gone. */
  cancelled(): void;
  /** The service stops: answers what it has and ends. */
  finish: () => void;
  /** Whether there may be many messages, which come when they come; if not, the one is handed on once the body has ended. */
  readonly streams: boolean;
}
