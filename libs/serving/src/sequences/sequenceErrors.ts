import { ProtocolError } from '@onda/protocol';
import type { GoneSequence, SequenceLimits } from './sequenceState.ts';

/** A sequence as a sentence names it. */
export function named(id: string): string {
  return `sequence ${JSON.stringify(id)}`;
}

/** 404 for one that never was, 410 for one that has ended or was forgotten. */
export function notLiving(id: string, gone: GoneSequence | undefined): ProtocolError {
  return gone
    ? new ProtocolError('ended', `${named(id)} ${gone.why}; start it again`)
    : new ProtocolError('not-found', `${named(id)}: there is no such sequence; begin it with sequence_start`);
}

export function livesAlready(id: string): ProtocolError {
  return new ProtocolError(
    'conflict',
    `${named(id)} lives already; end it with sequence_end, or choose another id`,
  );
}

/** @param ofClient it is the client that has its share, not the service that is full */
export function tooManySequences(
  { most, mostOfClient = 0 }: SequenceLimits,
  ofClient = false,
): ProtocolError {
  if (ofClient) {
    return new ProtocolError(
      'too-many',
      `${mostOfClient} sequences of this client live already, as many as it may have; end one, or try again in a moment`,
    );
  }
  return new ProtocolError(
    'unavailable',
    `${most} sequences live already, and the service keeps no more; end one, or try again in a moment`,
  );
}

/** Why a sequence is gone. */
export const reasons = {
  ended: 'has ended',
  idle: (idleMs: number): string => `was forgotten after ${idleMs / 1000} seconds without a step`,
  old: (ageMs: number): string => `was forgotten ${ageMs / 1000} seconds after its start`,
};
