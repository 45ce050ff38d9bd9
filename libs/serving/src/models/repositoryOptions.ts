import type { ModelControl } from './modelControl.ts';

/** Which models are loaded, and what they may be. */
export interface RepositoryOptions {
  control: ModelControl;
  /** How often the folder is looked at, milliseconds; for `poll`. */
  pollMs: number;
  /** Names of the models to begin with; for `explicit`. */
  wanted: readonly string[];
  /** Bytes of all model files that are loaded at a time, each as often as it is held. */
  maxBytes: number;
  /** Operators that are allowed beside the standard ones: `Loop`, `com.microsoft:Attention`. */
  operators: readonly string[];
}
