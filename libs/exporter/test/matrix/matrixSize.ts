/** How many models the matrix has, about, and the seed that they are drawn from: from the environment, else a small fixed set. */
export function matrixSize(env: Readonly<Record<string, string | undefined>>): {
  cases: number;
  seed: number;
} {
  return {
    cases: countFrom(env, 'ONDA_MATRIX_CASES', 300),
    seed: countFrom(env, 'ONDA_MATRIX_SEED', 20_261_125),
  };
}

/** A whole number from 1 that the environment names. */
export function countFrom(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  usual: number,
): number {
  const text = env[name];
  if (text === undefined || text === '') return usual;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${name}: expected a whole number from 1, got ${JSON.stringify(text)}; correct it`);
}
