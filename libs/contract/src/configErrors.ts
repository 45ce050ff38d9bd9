import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { clipped, jsonText } from './quoted.ts';

/** Characters of a value shown in an error. */
const mostShown = 60;

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/**
 * One sentence with the first mistake in a configuration: the key, the allowed value, the given value, and the nearest known name.
 * Unknown keys come first, because a mistyped key also makes the right one missing.
 *
 * @param error of `schema.safeParse(value, { reportInput: true })`
 */
export function configMistake(error: z.ZodError, schema: Schema, value: unknown): string {
  const { issues } = error;
  const unknown = issues.find(({ code }) => code === 'unrecognized_keys');
  const first = unknown ?? issues[0];
  const { text, explains } = describeIssue(first, schema, value);
  const rest = issues.filter((issue) => issue !== first && pathText(issue.path) !== explains).length;
  return `${text}${rest > 0 ? ` (and ${rest} more)` : ''}`;
}

/** @returns the sentence, and the path of another issue with the same cause */
function describeIssue(issue: Issue, schema: Schema, value: unknown): { text: string; explains?: string } {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    const known = [...shapeAt(schema, path, value).keys()];
    const given = Object.keys(valueAt(value, path) ?? {});
    const near = nearest(
      key,
      known.filter((name) => !given.includes(name)),
    );
    const help =
      near === undefined
        ? known.length > 0
          ? `expected one of ${known.join(', ')}`
          : 'remove it or correct its name'
        : `did you mean "${near}"?`;
    return {
      text: `${pathText([...path, key])}: unknown key; ${help}`,
      ...(near !== undefined && { explains: pathText([...path, near]) }),
    };
  }
  const allowed = allowedValues(issue, schema, value);
  const at =
    issue.code === 'invalid_union' && 'discriminator' in issue
      ? [
          ...path.filter((part, index) => index < path.length - 1 || part !== issue.discriminator),
          issue.discriminator as string,
        ]
      : path;
  const got = valueAt(value, at);
  const given = got === undefined ? 'nothing' : jsonText(got, mostShown);
  const near = typeof got === 'string' ? nearest(got, allowed.names) : undefined;
  const help = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
  const text =
    issue.code === 'custom'
      ? issue.message
      : `expected ${allowed.text}, got ${given}${help || (got === undefined ? '; add it' : '; correct the value')}`;
  return { text: `${pathText(at)}: ${text}` };
}

function allowedValues(issue: Issue, schema: Schema, value: unknown): { text: string; names: string[] } {
  switch (issue.code) {
    case 'invalid_type':
      return { text: typeNames[issue.expected] ?? issue.expected, names: [] };
    case 'too_small':
      return {
        text: bound(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum),
        names: [],
      };
    case 'too_big':
      return {
        text: bound(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum),
        names: [],
      };
    case 'invalid_value': {
      const names = issue.values.map(String);
      return { text: `${names.length > 1 ? 'one of ' : ''}${names.join(', ')}`, names };
    }
    case 'invalid_union': {
      const parent =
        'discriminator' in issue && issue.path.at(-1) === issue.discriminator
          ? issue.path.slice(0, -1)
          : issue.path;
      const names = [...shapeAt(schema, parent, value).literals];
      if (names.length > 0) return { text: `one of ${names.join(', ')}`, names };
      const texts = issue.errors.map(([first]) => allowedValues(first, schema, value).text);
      return { text: [...new Set(texts)].join(' or '), names: [] };
    }
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return { text: issue.message.replace(/^Invalid input: expected /, ''), names: [] };
  }
}

const typeNames: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'keys and values',
  string: 'a text',
  tuple: 'a list',
};

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'array') return `a list of ${relation} ${limit} item${Number(limit) === 1 ? '' : 's'}`;
  if (origin === 'string') return `a text of ${relation} ${limit} character${Number(limit) === 1 ? '' : 's'}`;
  return `a number of ${relation} ${limit}`;
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | null | undefined)?.[part], value);

/** Keys of the object at a path, and the literals of its discriminator. */
class Shape extends Map<string, Schema> {
  literals: string[] = [];
}

/** The keys that a schema knows at a path; of a discriminated union those of the option that the value chooses. */
function shapeAt(schema: Schema, path: readonly PropertyKey[], value: unknown): Shape {
  const shape = shapeOf(schema, value);
  if (path.length === 0) return shape;
  const [part, ...rest] = path;
  const next = typeof part === 'string' ? shape.get(part) : undefined;
  return next === undefined ? new Shape() : shapeAt(next, rest, valueAt(value, [part]));
}

function shapeOf(schema: Schema, value: unknown): Shape {
  const def = schema._zod.def as unknown as Record<string, unknown> & { type: string };
  if (def['innerType'] !== undefined) return shapeOf(def['innerType'] as Schema, value);
  if (def.type === 'pipe') return shapeOf(def['in'] as Schema, value);
  if (def.type === 'object') return new Shape(Object.entries(def['shape'] as Record<string, Schema>));
  if (def.type !== 'union') return new Shape();
  const key = def['discriminator'] as string | undefined;
  if (key === undefined) return new Shape();
  const options = (def['options'] as Schema[]).map((option) => shapeOf(option, value));
  const literalsOf = (option: Shape): string[] => [...(option.get(key)?._zod.values ?? [])].map(String);
  const chosen =
    options.find((option) => literalsOf(option).includes(String(valueAt(value, [key])))) ?? new Shape();
  const result = new Shape(chosen);
  // An option without the key, whose name need not be given, is not a name.
  result.literals = options.flatMap(literalsOf).filter((name) => name !== 'undefined');
  return result;
}

/** Formats a path inside a document: `net.layers[0].units`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path)
    text += typeof part === 'number' ? `[${part}]` : (text ? '.' : '') + clipped(String(part));
  return text || '(the whole document)';
}
