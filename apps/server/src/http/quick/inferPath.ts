/** The model that a path names. */
export interface InferPath {
  name: string;
  version: string | undefined;
}

/** As clients write it: nothing percent-encoded, no slash at the end, no query. The router knows the other ways. */
const path = /^\/v2\/models\/([A-Za-z0-9._-]{1,128})(?:\/versions\/([0-9]{1,9}))?\/infer$/;

/** Every infer request begins with these bytes. */
export const INFER_START = 'POST /v2/models/';

/** The path of an infer request, or undefined for any other. */
export function maybeInferPath(url: string): InferPath | undefined {
  const match = path.exec(url);
  if (match === null) return undefined;
  const [, name, version] = match as unknown as [string, string, string | undefined];
  return { name, version };
}
