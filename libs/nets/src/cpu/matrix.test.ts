import { describe, expect, it } from 'vitest';
import { addProduct, rowsOf, transposeOf } from './matrix.ts';

/** One rounding to float32 for 256 terms of at most 1. */
const ATOL = 2e-5;

const wave = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(seed + 1.7 * index));

describe(addProduct, () => {
  for (const rows of [1, 2, 3, 4, 5, 8]) {
    for (const columns of [1, 3, 4, 8, 9, 17]) {
      for (const terms of [1, 7, 256, 300]) {
        it(`adds the product of [${rows}, ${terms}] and [${terms}, ${columns}], plain and transposed`, () => {
          const a = wave(rows * terms, 1);
          const b = wave(terms * columns, 2);
          const transposedA = Float32Array.from(a, (_, i) => a[(i % rows) * terms + Math.floor(i / rows)]);
          const transposedB = Float32Array.from(
            b,
            (_, i) => b[(i % terms) * columns + Math.floor(i / terms)],
          );
          const plain = new Float32Array(rows * columns).fill(0.5);
          const transposed = new Float32Array(rows * columns).fill(0.5);
          addProduct(rows, columns, terms, rowsOf(a, terms), rowsOf(b, columns), rowsOf(plain, columns));
          addProduct(
            rows,
            columns,
            terms,
            transposeOf(transposedA, rows),
            transposeOf(transposedB, terms),
            rowsOf(transposed, columns),
          );
          for (let i = 0; i < rows; i++) {
            for (let j = 0; j < columns; j++) {
              let sum = 0.5;
              for (let p = 0; p < terms; p++) sum += a[i * terms + p] * b[p * columns + j];
              expect(Math.abs(plain[i * columns + j] - sum)).toBeLessThan(ATOL);
            }
          }
          expect(transposed).toEqual(plain);
        });
      }
    }
  }

  it('does not write between the rows of a view', () => {
    const c = new Float32Array(2 * 5).fill(9);
    addProduct(
      2,
      3,
      1,
      rowsOf(Float32Array.of(1, 2), 1),
      rowsOf(Float32Array.of(1, 1, 1), 3),
      rowsOf(c, 5, 1),
    );
    expect(Array.from(c)).toEqual([9, 10, 10, 10, 9, 9, 11, 11, 11, 9]);
  });
});
