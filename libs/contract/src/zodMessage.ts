import type { z } from 'zod';

/** Path of a value inside a document as people write it: `net.layers[0].units`. */
function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : (text ? '.' : '') + String(part);
  return text || '(the whole document)';
}

/** One sentence for the first thing that is wrong, and how many more there are. */
export function zodMessage(error: z.ZodError): string {
  const [first] = error.issues;
  const rest = error.issues.length - 1;
  const more = rest > 0 ? ` (and ${rest} more)` : '';
  if (first.code === 'unrecognized_keys') {
    const at = [...first.path, first.keys[0]];
    return `${pathText(at)}: unknown key; remove it or correct its name${more}`;
  }
  return `${pathText(first.path)}: ${first.message.replace(/^Invalid input: /, '')}${more}`;
}
