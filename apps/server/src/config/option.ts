import { z } from 'zod';

/** One option of the service: what it takes, what it means, and how it is read where all there is is text. */
export interface Option<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /** What stands for the value in the help: `port`; undefined for a switch, which is given without one. */
  readonly value: string | undefined;
  /** One clause for the help and the docs. */
  readonly says: string;
  /** As the help and the docs write it; undefined: none. */
  readonly fallback: string | undefined;
  /** A flag's or a variable's text as the schema wants it; what makes no sense is handed on for the schema to refuse. */
  readonly fromText: (text: string) => unknown;
  /** Whether a value holds a secret: such a one is refused as a flag, which every user of the machine can read. */
  readonly isSecret?: (value: string) => boolean;
}

type Says = Pick<Option, 'value' | 'says'> & { value: string };

/** A whole number; without `fallback`, nothing when it is not given. */
export function wholeNumber(
  options: Says & { least: number; most: number; fallback: number },
): Option<z.ZodDefault<z.ZodNumber>>;
export function wholeNumber(
  options: Says & { least: number; most: number },
): Option<z.ZodOptional<z.ZodNumber>>;
export function wholeNumber({
  least,
  most,
  fallback,
  ...says
}: Says & { least: number; most: number; fallback?: number }): Option {
  const error = expected(`a whole number from ${least} to ${most}`);
  const schema = z.int({ error }).min(least, { error }).max(most, { error });
  return {
    ...says,
    schema: fallback === undefined ? schema.optional() : schema.default(fallback),
    fallback: fallback?.toString(),
    fromText: (text) => (/^[0-9]{1,15}$/.test(text) ? Number(text) : text),
  };
}

interface TextOptions extends Says {
  expects: string;
  pattern?: RegExp;
  isSecret?: Option['isSecret'];
}

/** Text; without `fallback`, nothing when it is not given. */
export function text(options: TextOptions & { fallback: string }): Option<z.ZodDefault<z.ZodString>>;
export function text(options: TextOptions & { required: true }): Option<z.ZodString>;
export function text(options: TextOptions): Option<z.ZodOptional<z.ZodString>>;
export function text({
  expects,
  pattern = /^[^\0]+$/,
  fallback,
  required,
  isSecret,
  ...says
}: TextOptions & { fallback?: string; required?: true }): Option {
  const error = expected(expects, isSecret);
  const schema = z.string({ error }).regex(pattern, { error });
  const whole = fallback === undefined ? schema.optional() : schema.default(fallback);
  return {
    ...says,
    schema: required ? schema : whole,
    fallback,
    fromText: (given) => given,
    ...(isSecret ? { isSecret } : {}),
  };
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>({
  words,
  fallback,
  ...says
}: Says & { words: Words; fallback: NoInfer<Words[number]> }): Option<z.ZodType<Words[number]>> {
  const schema = z.enum(words, { error: expected(`one of ${words.join(', ')}`) });
  return {
    ...says,
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
  ...says
}: TextOptions): Option<z.ZodDefault<z.ZodArray<z.ZodString>>> {
  const error = expected(expects);
  return {
    ...says,
    schema: z.array(z.string({ error }).regex(pattern, { error }), { error }).default([]),
    fallback: undefined,
    fromText: (given) => given.split(',').map((part) => part.trim()),
  };
}

/** On or off; as a flag it is given without a value. */
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
    // What is written here goes into logs.
    if (typeof input === 'string' && isSecret(input))
      return `expected ${what}, got something with a password`;
    return `expected ${what}, got ${input === undefined ? 'nothing' : shown(input)}`;
  };
}

function shown(input: unknown): string {
  const given = JSON.stringify(input);
  return given.length > 100 ? `${given.slice(0, 97)}...` : given;
}
