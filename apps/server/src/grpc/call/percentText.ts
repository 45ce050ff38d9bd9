/** Characters of a sentence that are sent; clients bound the fields that they take, by 8 KiB and more. */
const MOST_CHARACTERS = 2048;

/** What `grpc-message` takes as it is: visible ASCII and blanks, but the sign itself. */
const others = /[^ -$&-~]/gu;

/** A sentence as `grpc-message` has it: UTF-8, its other bytes percent-encoded. */
export function percentText(text: string): string {
  // Half of a pair is no character; the slice may leave one too.
  return text
    .slice(0, MOST_CHARACTERS)
    .replace(/\p{Cs}/gu, '?')
    .replace(others, encodeURIComponent);
}
