// @ts-check

/**
 * Speaks on stderr, so that stdout stays the command's own.
 * @param {NodeJS.WriteStream} [stream]
 * @returns {{ log: (line: string) => void, progress: (text: string | null) => void }}
 */
export function terminal(stream = process.stderr) {
  let width = 0;
  const wipe = () => {
    if (width > 0) stream.write(`\r${' '.repeat(width)}\r`);
    width = 0;
  };
  return {
    log: (line) => {
      wipe();
      stream.write(`${line}\n`);
    },
    progress: (text) => {
      if (!stream.isTTY) return;
      wipe();
      if (text === null) return;
      stream.write(text);
      width = text.length;
    },
  };
}
