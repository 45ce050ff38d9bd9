import type { Access, Admitted } from './access.ts';
import { AccessError } from './accessError.ts';

/** As over HTTP, nobody has to say who he is to ask these. */
const probes: readonly string[] = [
  '/grpc.health.v1.Health/Check',
  '/inference.GRPCInferenceService/ServerLive',
  '/inference.GRPCInferenceService/ServerReady',
];

/**
 * Stands before every gRPC method, as `guard` does before HTTP's routes. A stream counts as one request under way.
 *
 * @returns who asks, to be counted out when the call is over; undefined where nobody is asked
 * @throws AccessError
 */
export function enterCall(
  access: Access,
  path: string,
  authorization: string | undefined,
  address: string,
): Admitted | undefined {
  if (!access.asks || probes.includes(path)) return undefined;
  try {
    return access.admit(authorization, address);
  } catch (error) {
    if (error instanceof AccessError) access.countRefusal(error);
    throw error;
  }
}
