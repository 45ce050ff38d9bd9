import { z } from 'zod';

/** One option of the service: its schema, its help, and how its text is parsed. */
export interface Option<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /** Placeholder of the value in the help, as in `--port <port>`; undefined: a switch without a value. */
  readonly value: string | undefined;
  /** Description in the help and the docs, a noun phrase. */
  readonly says: string;
  /** The default, as the help and the docs write it; undefined: none. */
  readonly fallback: string | undefined;
  /** Converts the text of a flag or variable to the schema's input; text that cannot be converted is left for the schema to reject. */
  readonly fromText: (text: string) => unknown;
  /** Whether a value holds a secret. Such a value is rejected as a flag, which all users of the machine can read. */
  readonly isSecret?: (value: string) => boolean;
}

type Help = Pick<Option, 'value' | 'says'> & { value: string };

/** A whole number; undefined by default where `fallback` is missing. */
export function wholeNumber(
  options: Help & { least: number; most: number; fallback: number },
): Option<z.ZodDefault<z.ZodNumber>>;
export function wholeNumber(
  options: Help & { least: number; most: number },
): Option<z.ZodOptional<z.ZodNumber>>;
export function wholeNumber({
  least,
  most,
  fallback,
  ...help
}: Help & { least: number; most: number; fallback?: number }): Option {
  const error = expected(`a whole number from ${least} to ${most}`);
  const schema = z.int({ error }).min(least, { error }).max(most, { error });
  return {
    ...help,
    schema: fallback === undefined ? schema.optional() : schema.default(fallback),
    fallback: fallback?.toString(),
    fromText: (text) => (/^[0-9]{1,15}$/.test(text) ? Number(text) : text),
  };
}

interface TextOptions extends Help {
  expects: string;
  pattern?: RegExp;
  isSecret?: Option['isSecret'];
}

/** Text; undefined by default where `fallback` is missing. */
export function text(options: TextOptions & { fallback: string }): Option<z.ZodDefault<z.ZodString>>;
export function text(options: TextOptions & { required: true }): Option<z.ZodString>;
export function text(options: TextOptions): Option<z.ZodOptional<z.ZodString>>;
export function text({
  expects,
  pattern = /^[^\0]+$/,
  fallback,
  required,
  isSecret,
  ...help
}: TextOptions & { fallback?: string; required?: true }): Option {
  const error = expected(expects, isSecret);
  const schema = z.string({ error }).regex(pattern, { error });
  const optional = fallback === undefined ? schema.optional() : schema.default(fallback);
  return {
    ...help,
    schema: required ? schema : optional,
    fallback,
    fromText: (given) => given,
    ...(isSecret ? { isSecret } : {}),
  };
}

/** One of several words. */
export function oneOf<const Words extends readonly [string, ...string[]]>({
  words,
  fallback,
  ...help
}: Help & { words: Words; fallback: NoInfer<Words[number]> }): Option<z.ZodType<Words[number]>> {
  const schema = z.enum(words, { error: expected(`one of ${words.join(', ')}`) });
  return {
    ...help,
    // zod's own `default` cannot name a word of a generic list.
    schema: z.preprocess((given) => given ?? fallback, schema),
    fallback,
    fromText: (given) => given,
  };
}

/** Several texts: a list in a file, separated by commas elsewhere. */
export function list({
  expects,
  pattern = /^[^\0,]+$/,
  ...help
}: TextOptions): Option<z.ZodDefault<z.ZodArray<z.ZodString>>> {
  const error = expected(expects);
  return {
    ...help,
    schema: z.array(z.string({ error }).regex(pattern, { error }), { error }).default([]),
    fallback: undefined,
    fromText: (given) => given.split(',').map((part) => part.trim()),
  };
}

/** On or off; as a flag it has no value. */
export function toggle({ says }: Pick<Option, 'says'>): Option<z.ZodDefault<z.ZodBoolean>> {
  return {
    says,
    value: undefined,
    schema: z.boolean({ error: expected('true or false') }).default(false),
    fallback: undefined,
    fromText: (given) => (given === 'true' ? true : given === 'false' ? false : given),
  };
}

function expected(
  what: string,
  isSecret: (value: string) => boolean = () => false,
): (issue: { input?: unknown }) => string {
  return ({ input }) => {
    // The message is logged.
    if (typeof input === 'string' && isSecret(input)) return `expected ${what}, got a value with a password`;
    return `expected ${what}, got ${input === undefined ? 'nothing' : quoted(input)}`;
  };
}

function quoted(input: unknown): string {
  const given = JSON.stringify(input);
  return given.length > 100 ? `${given.slice(0, 97)}...` : given;
}
