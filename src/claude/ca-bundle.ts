import { resolve } from 'node:path';
import { PUBLIC_MODE } from '../files.ts';
import type { Paths } from '../paths.ts';
import { contentName, ensureLaunchFile } from './launch-files.ts';
import { readCertificates } from './read-certificates.ts';
import { readRegularFile } from './read-regular-file.ts';
import type { VariableSource } from './settings-sources.ts';

export const CA_VARIABLE = 'NODE_EXTRA_CA_CERTS';

/** The system bundles of all distributions are below 1 MiB. */
const FILE_BYTES = 16_777_216;

export interface BundleOptions {
  readonly paths: Paths;
  /** Our own root certificates, PEM. */
  readonly roots: string;
  readonly sources: readonly VariableSource[];
  /** Relative paths in the variable count from here, as they do for Claude. */
  readonly cwd: string;
  warn(line: string): void;
}

interface Input {
  readonly bytes: Buffer;
  /** For messages: who names which file. */
  readonly name: string;
}

function readInputs({ roots, sources, cwd, warn }: BundleOptions): Input[] {
  const inputs: Input[] = [{ bytes: Buffer.from(roots), name: 'our own roots' }];
  const seen = new Set<string>();
  for (const { name, variables } of sources) {
    const value = variables[CA_VARIABLE];
    if (!value) continue;
    const file = resolve(cwd, value);
    if (seen.has(file)) continue;
    seen.add(file);
    const read = readRegularFile(file, FILE_BYTES);
    const input = `${CA_VARIABLE} of ${name}: ${file}`;
    if ('problem' in read) warn(`${input} ${read.problem}; its certificates are left out`);
    else inputs.push({ bytes: read.bytes, name: input });
  }
  return inputs;
}

/** One after another, LF only, each certificate once: the one form that every Claude reads whole. */
function encode(inputs: readonly Input[], warn: BundleOptions['warn']): string {
  const encoded = new Set<string>();
  for (const { bytes, name } of inputs) {
    const { certificates, broken } = readCertificates(bytes);
    if (broken > 0) warn(`${name} has ${broken} broken certificate(s), which are left out`);
    else if (certificates.length === 0) warn(`${name} holds no certificate`);
    for (const certificate of certificates) encoded.add(certificate.toString());
  }
  return [...encoded].join('');
}

/**
 * The file for `NODE_EXTRA_CA_CERTS`: our roots and every certificate that the person's own settings of the
 * variable name, re-encoded; their files are only read. What cannot be read is left out with a warning, ours
 * always stay. Parsing (25 ms for 144 certificates, measured) happens once for each set of inputs, which name
 * the file; so do the warnings about broken certificates.
 */
export function ensureCaBundle(options: BundleOptions): string {
  const inputs = readInputs(options);
  return ensureLaunchFile(options.paths, {
    name: `bundle-${contentName(...inputs.map(({ bytes }) => bytes))}.pem`,
    mode: PUBLIC_MODE,
    make: () => encode(inputs, options.warn),
  });
}
