/** What one request may ask for; anything beyond is refused with a 4xx before the model runs. */
export const limits = {
  /** Values of one tensor: as many float32 as the largest request body carries in binary. */
  tensorValues: 2 * 1024 * 1024,
  /** Rows of one request. */
  batch: 1024,
  /**
   * rows * samples * (the widest of state, inputs and outputs): what the graph holds between its nodes, 16 MiB of float32.
   * It also bounds how long one run delays the others: 0.3 to 0.4 seconds for a network of 32 units on one core.
   */
  runValues: 4 * 1024 * 1024,
  /** Generate requests that wait for a worker; further ones are rejected. */
  pending: 1024,
  /**
   * Input values of a joined run. Above it a run takes longer than joining saves: 10 to 20 milliseconds for a network of 32 units
   * on one core.
   */
  joinedValues: 128 * 1024,
  /** Samples in one event of a stream of samples. */
  streamPieceSamples: 64,
} as const;
