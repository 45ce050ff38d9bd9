import { errorBody } from '@onda/protocol';
import { refusalText } from '../letIn.ts';
import { jsonType, retryAfter } from './httpAnswer.ts';
import type { HttpAnswer } from './httpAnswer.ts';

/** The answer to an infer request that was not let in. Its body was not looked at: that it costs little is the use of it. */
export const refusal: HttpAnswer = {
  status: 503,
  headers: { ...jsonType, ...retryAfter },
  body: errorBody(refusalText),
};
