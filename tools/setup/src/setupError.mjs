// @ts-check

/** A set-up that cannot go on; the message is one complete sentence, printed alone and without a stack trace. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {{ exitCode?: 1 | 2, cause?: unknown }} [options]
   */
  constructor(message, options = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SetupError';
    /** Exit code of the command: 1 it ran and the result is bad, 2 the call or its input is wrong. */
    this.exitCode = options.exitCode ?? 2;
  }
}

/** Something that this machine does not have and that the set-up can do without, at a cost. */
export class MissingPart extends SetupError {
  /**
   * @param {string} what what is missing, as a clause: `there is no C++ compiler (g++)`
   * @param {string} remedy how to get it: a command such as `apt-get install -y g++`, or a clause
   */
  constructor(what, remedy) {
    super(`${what}; remedy: ${remedy}`);
    this.name = 'MissingPart';
    this.what = what;
    this.remedy = remedy;
  }
}

/**
 * The text of anything thrown, for a person.
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
