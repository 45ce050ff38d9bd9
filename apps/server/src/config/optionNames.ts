/** Of every variable of the environment that the service reads. */
export const variablePrefix = 'ONDA_SERVE_';

/** `maxBatch`: `max-batch`, the name in a file, and behind `--` the flag. */
export function fileName(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `maxBatch`: `--max-batch`. */
export function flagName(option: string): string {
  return `--${fileName(option)}`;
}

/** `maxBatch`: `ONDA_SERVE_MAX_BATCH`. */
export function variableName(option: string): string {
  return variablePrefix + fileName(option).replaceAll('-', '_').toUpperCase();
}
