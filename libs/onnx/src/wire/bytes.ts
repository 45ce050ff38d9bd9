/** Whether this machine stores the low byte first, as ONNX's raw data does. */
export const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A copy of `bytes` with each element's bytes turned round. */
export function swapBytes(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const turned = bytes.slice();
  for (let start = 0; start < turned.length; start += elementBytes) {
    turned.subarray(start, start + elementBytes).reverse();
  }
  return turned;
}
