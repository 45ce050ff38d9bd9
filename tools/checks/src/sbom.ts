import { execFileSync } from 'node:child_process';

/** What is used of a CycloneDX 1.5 document. @see https://cyclonedx.org/docs/1.5/json/ */
export interface Sbom {
  bomFormat: string;
  specVersion: string;
  metadata: { component: { name: string } };
  components: { 'bom-ref': string; name: string; properties?: { name: string; value: string }[] }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

const DEVELOPMENT = 'cdx:npm:package:development';

/**
 * The packages that Onda runs on, as package-lock.json has them. npm's own `--omit dev` also leaves out what one workspace runs on
 * and another only tests with, so that those for development alone are taken out here.
 */
export function makeSbom(root: string): Sbom {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const text = execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const sbom = JSON.parse(text) as Sbom;
  const components = sbom.components.filter(
    ({ properties = [] }) => !properties.some(({ name, value }) => name === DEVELOPMENT && value === 'true'),
  );
  // npm calls the whole after the folder that it lies in.
  const { component } = sbom.metadata;
  component.name = 'onda';
  const refs = new Set(components.map((kept) => kept['bom-ref']));
  const dependencies = sbom.dependencies
    .filter(({ ref }) => refs.has(ref) || ref === (component as { 'bom-ref'?: string })['bom-ref'])
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  return { ...sbom, components, dependencies };
}
