/** Where step `step` of a walk through `time` samples stands: from the end when it goes in reverse. */
export function sampleAt(step: number, time: number, reverse: boolean): number {
  return reverse ? time - 1 - step : step;
}
