/** What a request to the admin's ports may be: an index or a load says next to nothing. */
export const adminLimits = {
  /** Of a body or a message. */
  bodyBytes: 64 * 1024,
  /** Of all gRPC messages that are not whole. */
  heldBytes: 4 * 1024 * 1024,
} as const;
