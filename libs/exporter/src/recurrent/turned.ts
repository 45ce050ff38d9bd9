/** [rows, columns] ---> [columns, rows] */
export function turned(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)],
  );
}
