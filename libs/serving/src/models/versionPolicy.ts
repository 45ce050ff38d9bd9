import { ModelError } from '@onda/contract';
import type { ConfigVersions } from '@onda/protocol';
import type { VersionPolicy } from './config/tritonConfig.ts';

/**
 * The versions that a policy wants served: the newest one without a policy, as in Triton.
 *
 * @param versions that are there, the newest first
 * @param path     of config.pbtxt, for errors
 * @throws ModelError for a policy that asks for one that is not there
 */
export function chosenVersions(
  versions: readonly number[],
  policy: VersionPolicy | undefined,
  path: string,
): number[] {
  if (policy?.all !== undefined) return [...versions];
  if (policy?.specific !== undefined) {
    const wanted = policy.specific.versions;
    const missing = wanted.find((version) => !versions.includes(version));
    if (missing === undefined && wanted.length > 0)
      return versions.filter((version) => wanted.includes(version));
    throw new ModelError(
      `${path}: version_policy: expected versions among ${versions.join(', ')}, got ${missing ?? 'none'}; correct it or put the version there`,
    );
  }
  return versions.slice(0, latestOf(policy));
}

/** What a policy comes to, for a model's configuration as it is answered. */
export function statedPolicy(policy: VersionPolicy | undefined): ConfigVersions {
  if (policy?.all !== undefined) return { all: {} };
  if (policy?.specific !== undefined) return { specific: { versions: policy.specific.versions } };
  return { latest: { num_versions: latestOf(policy) } };
}

function latestOf(policy: VersionPolicy | undefined): number {
  return Math.max(1, policy?.latest?.num_versions ?? 1);
}
