import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fitConfigSchema, sweepConfigSchema } from '@onda/contract';
import { z } from 'zod';
import type { Problem } from './workspace.ts';

/** A JSON Schema as zod writes it: only what the configurations use. */
interface Schema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minItems?: number;
  items?: Schema | boolean;
  prefixItems?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
}

/** Whole numbers without a bound have this one in a JSON Schema. */
const unbounded = Number.MAX_SAFE_INTEGER;

/**
 * The published files about the configurations: a JSON Schema of each for editors, and the reference page of every key.
 *
 * @returns contents by path in the workspace
 */
export function configReference(): Record<string, string> {
  const fit = z.toJSONSchema(fitConfigSchema, { io: 'input' }) as Schema;
  const sweep = z.toJSONSchema(sweepConfigSchema, { io: 'input' }) as Schema;
  const json = (schema: Schema, title: string): string =>
    `${JSON.stringify({ title, ...schema }, null, 2)}\n`;
  return {
    'docs/schema/fit.schema.json': json(fit, 'Configuration of onda fit'),
    'docs/schema/sweep.schema.json': json(sweep, 'Configuration of onda sweep'),
    'docs/configuration.md': referencePage(fit, sweep),
  };
}

/** Published files that differ from the schemas in libs/contract. */
export function outdatedReference(root: string): Problem[] {
  return Object.entries(configReference())
    .filter(([file, text]) => {
      const whole = path.join(root, file);
      return !existsSync(whole) || readFileSync(whole, 'utf8') !== text;
    })
    .map(([file]) => ({
      place: file,
      text: 'differs from the configuration schema; run npm run reference',
    }));
}

function referencePage(fit: Schema, sweep: Schema): string {
  return `# Configuration

Every key of the YAML (or JSON) files of \`npm run fit\` and \`npm run sweep\`. This page is generated from the schemas of
\`libs/contract\`; [docs/schema](schema) has them as JSON Schema for editors:

\`\`\`yaml
# yaml-language-server: $schema=../docs/schema/fit.schema.json
\`\`\`

\`--set key=value\` overrides a key, such as \`--set net.units=64\`. Keys without a default are required, unless the text says what is chosen.

## npm run fit

${sections(fit, '').join('\n\n')}

## npm run sweep

${sections(sweep, '').join('\n\n')}
`;
}

/** A table of the keys of an object, then those of the objects in it. */
function sections(schema: Schema, at: string): string[] {
  const keys = Object.entries(schema.properties ?? {}).filter(
    ([, { const: fixed }]) => fixed === undefined || at === '',
  );
  const rows = keys.map(([key, value]) => [
    `\`${key}\``,
    typeText(value),
    defaultText(value, schema.required?.includes(key) ?? false),
    value.description ?? '',
  ]);
  const table = rows.length === 0 ? [] : [tableText(['key', 'value', 'default', 'meaning'], rows)];
  return [
    ...table,
    ...keys.flatMap(([key, value]) => {
      const name = at === '' ? key : `${at}.${key}`;
      if (value.properties !== undefined) return [`### \`${name}\``, ...sections(value, name)];
      return (value.oneOf ?? []).flatMap((option) => {
        const [kind, literal] =
          Object.entries(option.properties ?? {}).find(([, { const: fixed }]) => fixed !== undefined) ?? [];
        if (kind === undefined || literal === undefined) return [];
        const lead = literal.description ?? '';
        return [
          `### \`${name}\` with \`${kind}: ${String(literal.const)}\``,
          lead,
          ...sections(option, name),
        ];
      });
    }),
  ];
}

function typeText(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.oneOf !== undefined) return 'keys and values, see below';
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeText))].join(' or ');
  if (schema.prefixItems !== undefined) return `list of ${schema.prefixItems.length}`;
  switch (schema.type) {
    case 'integer':
      return `whole number${rangeText(schema)}`;
    case 'number':
      return `number${rangeText(schema)}`;
    case 'boolean':
      return '`true`, `false`';
    case 'array':
      return typeof schema.items === 'object' && schema.items.type !== undefined
        ? `list of ${typeText(schema.items)}`
        : 'list';
    case 'object':
      return schema.properties === undefined ? 'keys and values' : 'keys and values, see below';
    case 'string':
      return 'text';
    case undefined:
    default:
      return 'any value';
  }
}

function rangeText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  const low =
    exclusiveMinimum === undefined
      ? minimum === undefined || minimum <= -unbounded
        ? ''
        : ` from ${minimum}`
      : ` above ${exclusiveMinimum}`;
  const high =
    exclusiveMaximum === undefined
      ? maximum === undefined || maximum >= unbounded
        ? ''
        : ` to ${maximum}`
      : ` below ${exclusiveMaximum}`;
  return low + high;
}

function defaultText(value: Schema, required: boolean): string {
  if (value.default !== undefined) {
    // The defaults of an object are those of its keys.
    if (typeof value.default === 'object' && !Array.isArray(value.default)) return '';
    return `\`${typeof value.default === 'string' ? value.default : JSON.stringify(value.default)}\``;
  }
  return required ? 'required' : '';
}

function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => text.replaceAll(/[|<]/g, '\\$&').replaceAll('\n', ' ');
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
