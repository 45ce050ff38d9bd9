import { ModelError } from '@onda/contract';
import { UnsupportedError } from '../errors.ts';
import type { JsonObject } from './json.ts';

/** Typed access to a layer's options. Errors name the layer and the option. */
export class LayerOptions {
  readonly layer: string;
  private readonly config: JsonObject;

  constructor(layer: string, config: JsonObject) {
    this.layer = layer;
    this.config = config;
  }

  /** The names of all options. */
  keys(): string[] {
    return Object.keys(this.config);
  }

  /** The raw value of a structured option. */
  get(name: string): unknown {
    return this.config[name];
  }

  /** An integer of at least `least`. */
  count(name: string, least = 1): number {
    const value = this.config[name];
    if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
    throw this.damaged(name, `a whole number of at least ${least}`);
  }

  /** A number; `fallback` when missing or null. */
  number(name: string, fallback: number): number {
    const value = this.config[name] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.damaged(name, 'a finite number');
  }

  /** A boolean; `fallback` when missing or null. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.config[name] ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.damaged(name, 'true or false');
  }

  /** One of the given strings; `fallback` when missing or null. */
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.config[name] ?? fallback;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new UnsupportedError(
      `layer "${this.layer}": ${name}: expected ${choices.map((choice) => `"${choice}"`).join(' or ')}, got ${this.shown(name)}; build the layer with one of these`,
    );
  }

  /** Rejects every value but `only`, with a remedy. `fallback` is the value of a missing option. */
  require<T extends boolean | string | number>(
    name: string,
    only: T,
    remedy: string,
    fallback: T = only,
  ): void {
    const value = this.config[name] ?? fallback;
    if (value === only) return;
    throw new UnsupportedError(
      `layer "${this.layer}": ${name}: expected ${JSON.stringify(only)}, got ${this.shown(name)}; ${remedy}`,
    );
  }

  private damaged(name: string, expected: string): ModelError {
    return new ModelError(
      `layer "${this.layer}": ${name}: expected ${expected}, got ${this.shown(name)}; save the model again`,
    );
  }

  private shown(name: string): string {
    const text = this.config[name] === undefined ? 'nothing' : JSON.stringify(this.config[name]);
    return text.length > 80 ? `${text.slice(0, 80)}...` : text;
  }
}
