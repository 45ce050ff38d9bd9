import { execFileSync } from 'node:child_process';

/** The used part of a CycloneDX 1.5 document. @see https://cyclonedx.org/docs/1.5/json/ */
export interface Sbom {
  bomFormat: string;
  specVersion: string;
  metadata: { component: { name: string } };
  components: { 'bom-ref': string; name: string; properties?: { name: string; value: string }[] }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

const DEVELOPMENT = 'cdx:npm:package:development';

/**
 * The runtime packages of package-lock.json. npm's `--omit dev` would also omit the packages that one workspace runs on and another only
 * tests with, so the packages for development alone are filtered out here.
 */
export function makeSbom(root: string): Sbom {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const text = execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const sbom = JSON.parse(text) as Sbom;
  const components = sbom.components.filter(
    ({ properties = [] }) => !properties.some(({ name, value }) => name === DEVELOPMENT && value === 'true'),
  );
  // npm names the document after the folder of the workspace.
  const { component } = sbom.metadata;
  component.name = 'onda';
  const refs = new Set(components.map((kept) => kept['bom-ref']));
  const dependencies = sbom.dependencies
    .filter(({ ref }) => refs.has(ref) || ref === (component as { 'bom-ref'?: string })['bom-ref'])
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  return { ...sbom, components, dependencies };
}
