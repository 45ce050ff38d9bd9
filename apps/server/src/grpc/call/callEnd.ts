import type { GrpcStatus } from '../grpcStatus.ts';

/**
 * Told once how a call ended.
 *
 * @param client the name of its client's token; undefined where nobody is asked, or it was not let in
 */
export type CallEnd = (code: GrpcStatus, client: string | undefined) => void;
