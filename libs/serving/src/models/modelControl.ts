/** Who decides what is loaded: what lies in the folder at the start, the folder as it changes, or calls. */
export const modelControls = ['none', 'poll', 'explicit'] as const;
export type ModelControl = (typeof modelControls)[number];
