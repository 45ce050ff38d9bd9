import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files of a self-signed certificate, in PEM form. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Whether the program openssl is there: Node cannot make certificates. */
export function findOpenssl(): boolean {
  const found = spawnSync('openssl', ['version']).status === 0;
  if (!found && process.env['CI'] === 'true') {
    throw new Error('expected the program openssl on PATH, got none; install the package openssl');
  }
  return found;
}

/**
 * Makes a certificate for 127.0.0.1 and localhost that is valid for a day.
 *
 * @param name    its common name
 * @param options further options of `openssl req`
 */
export function makeCertificate(name: string, options: readonly string[] = ['-nodes']): CertificateFiles {
  const folder = mkdtempSync(join(tmpdir(), 'onda-certificate-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-days', '1', ...subject, '-keyout', key, '-out', cert, ...options],
    { stdio: 'pipe' },
  );
  const files = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  rmSync(folder, { recursive: true });
  return files;
}
