/** Files over the limit of lines, each with the reason why it stays one file. */
export const longFiles: Readonly<Record<string, string>> = {};
