/** A message of protobuf that is to be written: its size is known first, so that it is written once, where it goes. */
export interface WireMessage {
  /** Bytes. */
  readonly size: number;
  write(target: Uint8Array, at: number): void;
}
