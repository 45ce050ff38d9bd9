/** One finding of a check: the place, and a sentence that says what is wrong and what to do. */
export interface Problem {
  place: string;
  text: string;
}
