/** A wording that the project does not use: the pattern, and what to write instead. */
export interface WordingRule {
  pattern: RegExp;
  instead: string;
}

/**
 * Phrases that texts (documentation, comments, messages) do not use. Each is matched within a paragraph, a comment or a string, with line
 * breaks read as spaces.
 */
export const phraseRules: readonly WordingRule[] = [
  // Idioms translated word by word
  { pattern: /\b(?:go|goes|went|going) the same (?:road|way)\b/i, instead: 'works the same way' },
  { pattern: /\broads?\b/i, instead: 'pipeline, path or way' },
  { pattern: /\b(?:learns?|learned) to say\b/i, instead: 'predicts' },
  { pattern: /\bwhere to go on\b/i, instead: 'Next steps' },
  { pattern: /\b(?:go|goes|went|gone|going) on\b/i, instead: 'continues' },
  { pattern: /\b(?:on end|without end)\b/i, instead: 'continuously, or the duration' },
  { pattern: /\bfor ever\b/i, instead: 'forever' },
  { pattern: /\banew\b/i, instead: 'again' },
  { pattern: /\bfor so long\b/i, instead: 'for this long' },
  { pattern: /\bwithout a word\b/i, instead: 'silently' },
  { pattern: /\ball the same\b/i, instead: 'nevertheless' },
  { pattern: /\bhand(?:s|ed)? (?:\w+ )?on\b/i, instead: 'passes on' },
  {
    pattern: /\b(?:an?|the) \w+ of (?:its|their|our) own\b(?!\s+[a-z])/i,
    instead: 'a separate one, or its own',
  },
  { pattern: /\baloud\b/i, instead: 'with a progress message' },
  { pattern: /\b(?:of|from) (?:an)?other make\b/i, instead: 'other, or third-party' },
  { pattern: /\b(?:walked)\b/i, instead: 'processed, or traversed' },
  { pattern: /\bstart(?:ing)? weights\b/i, instead: 'initial weights' },
  { pattern: /\b(?:hold|holds|held) (?:\w+ )?against\b/i, instead: 'compares with' },
  { pattern: /\b(?:told|tell|tells|telling) apart\b/i, instead: 'distinguishes' },
  { pattern: /\btake(?:s|n)? no more\b/i, instead: 'accepts no more, or stops accepting' },
  { pattern: /\b(?:take|takes|took|taken|taking) (?:\w+ )?away\b/i, instead: 'removes, or unloads' },
  { pattern: /\b(?:give|gives|gave|given|giving) (?:\w+ )?back\b/i, instead: 'returns, or releases' },
  { pattern: /\bcomes? (?:behind|after the others)\b/i, instead: 'is queued after' },
  { pattern: /\b(?:does|do|did) without\b/i, instead: 'loses, or lacks' },
  { pattern: /\bload makers?\b/i, instead: 'load generator' },
  { pattern: /\btop rate\b/i, instead: 'maximum rate' },
  { pattern: /\bto and fro\b/i, instead: 'sends and receives' },
  {
    pattern: /\bgive (?:it longer|this user the right)\b/i,
    instead: 'send a longer timeout, or grant permission',
  },
  { pattern: /\bas often as (?:it is|they are) held\b/i, instead: 'multiplied by its copies' },

  // Personified software and places
  { pattern: /\b(?:tell|tells|told|telling)\b/i, instead: 'reports, prints, shows, or passes' },
  {
    pattern: /\b(?:is|are|was|were|be|been|being) asked\b/i,
    instead: 'the caller requests, or receives a request',
  },
  { pattern: /\bhears? of\b/i, instead: 'receives, or reads' },
  { pattern: /\b(?:bring|brings|brought|bringing) (?:\w+ )?(?:in|along)\b/i, instead: 'installs' },
  { pattern: /\b(?:bring|brings|bringing) what\b/i, instead: 'installs' },
  {
    pattern:
      /\b(?:stand|stands|stood|standing) (?:in|there|at|beside|behind|before|between|below|above|still|where)\b/i,
    instead: 'is',
  },
  { pattern: /\b(?:lies|lay|lain|lie)\b/i, instead: 'is, or is stored' },
  { pattern: /\bwhat (?:lies|stands|is) where\b/i, instead: 'name the thing' },
  { pattern: /\blet(?:s|ting)? (?:it|them|one|none|nothing)? ?(?:in|go)\b/i, instead: 'admits, or releases' },
  { pattern: /\bforgotten\b/i, instead: 'expires, or is evicted' },
  { pattern: /\bawake\b/i, instead: 'active, or busy-waiting' },
  {
    pattern:
      /\b(?:client|clients|caller|callers|connection|connections)(?: that| which| who)? (?:is|are|has|have) gone\b/i,
    instead: 'disconnected',
  },
  { pattern: /\bstrangers?\b/i, instead: 'user, or untrusted client' },
  { pattern: /\b(?:kept|unread|unsent|joined|whole) answers?\b/i, instead: 'response' },
  { pattern: /\bwhat goes in and comes out\b/i, instead: 'inputs and outputs' },
  { pattern: /\bin \w+'s words\b/i, instead: 'in the form, or by the names' },
  {
    pattern: /\b(?:it|sequence|sequences|state|that) lives? on (?:a|an|another|it|which)\b/i,
    instead: 'uses, or is stored on',
  },
  { pattern: /\bout of turn\b/i, instead: 'out of order' },
  { pattern: /\bwhichever (?:transport|of)\b/i, instead: 'for all, or independent of' },
  { pattern: /\bthe very (?:same|request|step|row|one)\b/i, instead: 'the same' },
  { pattern: /\bwhat (?:is|was) (?:asked|said) of\b/i, instead: 'name the subject' },
  { pattern: /\bmade[- ]up\b/i, instead: 'synthetic, or invented' },
  { pattern: /\bseldom\b/i, instead: 'rarely' },

  // Riddles
  { pattern: /\bnobody\b/i, instead: 'no client, no caller, or the passive voice' },
  { pattern: /\bwhoever\b/i, instead: 'any client, or the user who' },
  { pattern: /\bwhom\b/i, instead: 'name the subject' },
  { pattern: /\bwho (?:may|is|are|it|asks?|calls?)\b/i, instead: 'name the subject' },
  {
    pattern: /\b(?:that|which|where) there (?:is|are|was|were) (?:not|none|no more)\b/i,
    instead: 'missing, or that does not exist',
  },
  { pattern: /\b(?:is|are|was|were) not there\b/i, instead: 'does not exist, or is missing' },
  { pattern: /\bthere (?:is|are) not\b/i, instead: 'there is no, or does not exist' },
  { pattern: /\b(?:is|are) not known any ?more\b|\bnot (?:\w+ )?any more\b/i, instead: 'no longer' },
  {
    pattern:
      /(?<!\b(?:there|it|that there|what there) )\b(?:is|are|was|were) no (?!longer|more|less|need|way|such|fewer|one|other|better|worse)(?=[a-z])/i,
    instead: 'is not a',
  },
  { pattern: /\b(?:be it|were it|were they|were there)\b/i, instead: 'if it were, or whether' },
  { pattern: /\bone more is refused\b/i, instead: 'further ones are rejected' },
  { pattern: /\bthe call or its input is wrong\b/i, instead: 'invalid arguments or input' },
  { pattern: /\b(?:thereof|whereof|wherefrom|hereby|whence|thence)\b/i, instead: 'a plain clause' },
];

/** Whole names that the code does not declare, in any case. */
export const nameRules: Readonly<Record<string, string>> = {
  letIn: 'admitRequest',
  tooManyWait: 'queueFull',
  clientGone: 'clientClosedRequest',
  letGo: 'unpin, or release',
  toTheEnd: 'INT_MAX_SLICE_END',
  layOutAnew: 'relayout',
  keepPadsApart: 'blockPadFusion',
  evenGates: 'symmetricGates',
  otherWork: 'backgroundLoad',
  contestant: 'Subject',
  standing: 'progress, or status',
  handOver: 'transferSignals, or release',
};

/** Words that names do not contain, as in `roadLength` or `besideFolder`. */
export const nameWords: Readonly<Record<string, string>> = {
  road: 'path, or pipeline',
  wish: 'options',
  news: 'changes',
  beside: 'adjacent, or what the file is for',
  anew: 'again',
  whoever: 'client',
  nobody: 'none, or anonymous',
  aloud: 'progress',
  told: 'reported',
  tells: 'reports',
  lies: 'stored',
  walked: 'processed',
  awake: 'active',
  brought: 'installed',
};
