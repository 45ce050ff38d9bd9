import { quoted } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { EndedSequence, SequenceLimits } from './sequenceStore.ts';

/** The name of a sequence in messages. */
export function named(id: string): string {
  return `sequence ${quoted(id)}`;
}

/** 404 for a sequence that does not exist, 410 for one that has ended or expired. */
export function notLive(id: string, ended: EndedSequence | undefined): ProtocolError {
  return ended
    ? new ProtocolError('ended', `${named(id)} ${ended.why}; start it again`)
    : new ProtocolError(
        'not-found',
        `${named(id)}: the sequence does not exist; start it with sequence_start`,
      );
}

export function alreadyLive(id: string): ProtocolError {
  return new ProtocolError(
    'conflict',
    `${named(id)} is live already; end it with sequence_end, or choose another id`,
  );
}

/** The request names a version other than that of its sequence. */
export function onOtherVersion(id: string, version: string, asked: string): ProtocolError {
  return new ProtocolError(
    'conflict',
    `${named(id)}: expected version ${version}, which the sequence uses, got ${quoted(asked)}; omit the version`,
  );
}

/** The record has a version, file or state layout that this service does not serve, so its state cannot be used. */
export function notServedHere(id: string, version: string): ProtocolError {
  return new ProtocolError(
    'conflict',
    `${named(id)}: expected a version and state layout that this service serves, got ${version}; send the step to a service that has it, or start the sequence again with sequence_start`,
  );
}

export function keepsNoState(model: string): ProtocolError {
  return new ProtocolError(
    'malformed',
    `model "${model}" keeps no state between requests; omit the sequence parameters`,
  );
}

/** @param ofClient whether the limit of one client is reached, not that of the model */
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
