export { drawsOf, mutateFile } from './mutateFile.ts';
export type { Draws } from './mutateFile.ts';
export { readHostile } from './readHostile.ts';
