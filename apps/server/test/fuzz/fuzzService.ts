/** Few sequences may live, so that those which odd requests start are not what memory is taken by. */
export const fuzzOptions: readonly string[] = [
  '--grpc-port',
  '0',
  '--max-sequences',
  '100',
  '--sequence-idle-s',
  '5',
];

/**
 * Mebibytes by which the service may grow after its first requests. V8 lets its heap grow before it collects, up to tens of
 * mebibytes, and bodies of 8 MiB stay until then; a leak of a kilobyte a request would be 80 MiB more in 100,000.
 */
export const mostGrowth = 96;
