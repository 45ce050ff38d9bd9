// @ts-check
import { SetupError } from './setupError.mjs';

/**
 * Reads the arguments of a command: switches without a value, and options with one.
 *
 * @template {string} S
 * @template {string} V
 * @param {string} command its name, for the message
 * @param {readonly string[]} args
 * @param {{ switches: readonly S[], values?: readonly V[] }} known names without the dashes
 * @returns {{ switches: Set<S>, values: Partial<Record<V, string>> }}
 * @throws {SetupError} for an argument that is not known, or an option without its value
 */
export function readOptions(command, args, { switches, values = [] }) {
  /** @type {Set<S>} */
  const given = new Set();
  /** @type {Partial<Record<V, string>>} */
  const found = {};
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const [name = '', inline] = arg.startsWith('--') ? splitOnce(arg.slice(2)) : [''];
    const known = switches.find((item) => item === name);
    const option = values.find((item) => item === name);
    if (known !== undefined && inline === undefined) {
      given.add(known);
    } else if (option !== undefined) {
      const value = inline ?? args[(index += 1)];
      if (value === undefined || value.startsWith('--'))
        throw new SetupError(
          `${command}: --${option} needs a value, as in --${option} NAME; see ${command} -- --help.`,
        );
      found[option] = value;
    } else {
      const all = [...switches, ...values].map((item) => `--${item}`).join(', ');
      throw new SetupError(
        `${command}: unknown argument ${JSON.stringify(arg)}, expected one of ${all}; see ${command} -- --help.`,
      );
    }
  }
  return { switches: given, values: found };
}

/** @param {string} text */
function splitOnce(text) {
  const at = text.indexOf('=');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
