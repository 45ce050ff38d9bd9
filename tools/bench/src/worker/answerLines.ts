import { createInterface } from 'node:readline';

/** What a worker can do: by the `do` of a question, from the question to the answer. */
export type Answers = Record<string, (question: never) => unknown>;

/**
 * A worker's side of `LineProcess`: reads questions from stdin until it closes, answers on stdout. Whatever else prints to stdout
 * goes to stderr.
 */
export async function answerLines(answers: Answers): Promise<void> {
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = process.stderr.write.bind(process.stderr);
  for await (const line of createInterface({ input: process.stdin })) {
    write(`${JSON.stringify(await reply(answers, line))}\n`);
  }
}

async function reply(answers: Answers, line: string): Promise<{ ok: unknown } | { error: string }> {
  try {
    const question = JSON.parse(line) as { do: string };
    if (!(question.do in answers)) return { error: `it cannot do ${JSON.stringify(question.do)}` };
    return { ok: (await answers[question.do](question as never)) ?? {} };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
