import { ProtocolError } from '@onda/protocol';
import type { EndedSequence, SequenceLimits } from './sequenceStore.ts';

/** How a sentence names a sequence. */
export function named(id: string): string {
  return `sequence ${JSON.stringify(id)}`;
}

/** 404 for a sequence that does not exist, 410 for one that has ended or expired. */
export function notLive(id: string, ended: EndedSequence | undefined): ProtocolError {
  return ended
    ? new ProtocolError('ended', `${named(id)} ${ended.why}; start it again`)
    : new ProtocolError('not-found', `${named(id)}: there is no such sequence; begin it with sequence_start`);
}

export function alreadyLive(id: string): ProtocolError {
  return new ProtocolError(
    'conflict',
    `${named(id)} is live already; end it with sequence_end, or choose another id`,
  );
}

/** A request for one version and a sequence on another. */
export function onOtherVersion(id: string, version: string, asked: string): ProtocolError {
  return new ProtocolError(
    'conflict',
    `${named(id)}: expected version ${version}, on which it lives, got ${JSON.stringify(asked)}; leave the version out`,
  );
}

/** A record of a version, file or state layout that this service does not have: its state means nothing here. */
export function notServedHere(id: string, version: string): ProtocolError {
  return new ProtocolError(
    'conflict',
    `${named(id)}: expected a version and state layout that this service serves, got ${version}; step it where that is served, or begin it again with sequence_start`,
  );
}

export function keepsNoState(model: string): ProtocolError {
  return new ProtocolError(
    'malformed',
    `model "${model}" keeps no state between requests; leave the sequence parameters out`,
  );
}

/** @param ofClient the share of one client is used up, not the whole service */
export function tooManySequences(
  { most, mostOfClient = 0 }: SequenceLimits,
  ofClient = false,
): ProtocolError {
  if (ofClient) {
    return new ProtocolError(
      'too-many',
      `${mostOfClient} sequences of this client are live already, which is its limit; end one, or try again in a moment`,
    );
  }
  return new ProtocolError(
    'unavailable',
    `${most} sequences are live already, which is the limit of the model; end one, or try again in a moment`,
  );
}

/** Why a sequence is no longer live. */
export const reasons = {
  ended: 'has ended',
  idle: (idleMs: number): string => `expired after ${idleMs / 1000} seconds without a step`,
  old: (ageMs: number): string => `expired ${ageMs / 1000} seconds after its start`,
};
