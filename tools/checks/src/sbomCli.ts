import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeSbom } from './sbom.ts';

// npm run sbom -- [FILE]
const file = path.resolve(process.env.INIT_CWD ?? '.', process.argv[2] ?? 'sbom.cdx.json');
const sbom = makeSbom(path.resolve(import.meta.dirname, '../../..'));
writeFileSync(`${file}.new`, `${JSON.stringify(sbom, null, 2)}\n`);
renameSync(`${file}.new`, file);
console.log(`${file}: ${sbom.components.length} packages (CycloneDX ${sbom.specVersion})`);
