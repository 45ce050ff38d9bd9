import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import type { Problem } from './workspace.ts';
import { nameRules, nameWords, phraseRules } from './wording.ts';

/** A text that a person reads, on one line, with the line of the file at which each of its pieces starts. */
interface Passage {
  text: string;
  starts: { offset: number; line: number }[];
}

/** A declared name and its line. */
interface DeclaredName {
  name: string;
  line: number;
}

const script = /\.(ts|mts|mjs|js)$/;
const document = /\.(md|html)$/;
const hashComments = /\.(py|yaml|yml|sh)$|Dockerfile$/;
const slashComments = /\.(cc|cpp|h|hpp|css|proto)$/;

/** The files whose texts people read: no data, no generated files, and not the rules themselves. */
export function proseFiles(files: readonly string[]): string[] {
  return files.filter(
    (file) =>
      (script.test(file) || document.test(file) || hashComments.test(file) || slashComments.test(file)) &&
      !/^examples\/(?:data|models|reference)\/|^tools\/checks\/src\/(?:wording|prose\.test)\.ts$/.test(file),
  );
}

/** Wordings in `files` that the wording rules forbid: in documents, comments, strings and declared names. */
export function prose(root: string, files: readonly string[]): Problem[] {
  return files.flatMap((file) => proseOf(file, readFileSync(path.join(root, file), 'utf8')));
}

/** The same for one file's text. */
export function proseOf(file: string, text: string): Problem[] {
  const { passages, names } = readable(file, text);
  return [...passages.flatMap(phraseProblems), ...names.flatMap(nameProblems)]
    .sort((a, b) => a.line - b.line)
    .map(({ line, text: sentence }) => ({ place: `${file}:${line}`, text: sentence }));
}

function phraseProblems({ text: passage, starts }: Passage): { line: number; text: string }[] {
  // Code in a text, such as the name of an option, is not prose.
  const text = passage.replace(/`[^`]*`/g, blank);
  return phraseRules.flatMap(({ pattern, instead }) =>
    [...text.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map((match) => ({
      line: starts.findLast(({ offset }) => offset <= match.index)?.line ?? 1,
      text: `found "${match[0]}"; write: ${instead}`,
    })),
  );
}

function nameProblems({ name, line }: DeclaredName): { line: number; text: string }[] {
  const whole = Object.entries(nameRules).find(([rule]) => rule.toLowerCase() === name.toLowerCase());
  const words = name.split(/(?<=[a-z0-9])(?=[A-Z])|_|-/).map((word) => word.toLowerCase());
  const part = Object.entries(nameWords).find(([word]) => words.includes(word));
  const found = whole ?? part;
  return found ? [{ line, text: `found the name ${name}; write: ${found[1]}` }] : [];
}

function readable(file: string, text: string): { passages: Passage[]; names: DeclaredName[] } {
  if (script.test(file)) return readScript(file, text);
  if (document.test(file)) return { passages: paragraphs(text.replace(/```[\s\S]*?```/g, blank)), names: [] };
  const comments = hashComments.test(file)
    ? text.replace(/^(?!\s*#).*$/gm, '')
    : slashComments.test(file)
      ? commentsOnly(text)
      : '';
  return { passages: paragraphs(comments), names: [] };
}

/** Keeps the line breaks of `text`, so that lines keep their numbers. */
const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

function commentsOnly(text: string): string {
  let end = 0;
  let kept = '';
  for (const match of text.matchAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g)) {
    kept += blank(text.slice(end, match.index)) + match[0];
    end = match.index + match[0].length;
  }
  return kept;
}

/** The paragraphs of a text; `line` is the number of its first line. */
function paragraphs(text: string, line = 1): Passage[] {
  const found: Passage[] = [];
  let current: Passage | undefined;
  text.split('\n').forEach((raw, index) => {
    // Marks of comments, lists and quotes at the start of a line, and the end of a block comment.
    const words = raw.replace(/^\s*(?:\/\*\*?|\/\/+|\*(?!\*)|#+|>|-)?\s*/, '').replace(/\s*\*\/\s*$/, '');
    if (words === '') {
      current = undefined;
      return;
    }
    if (current === undefined) found.push((current = { text: '', starts: [] }));
    if (current.text !== '') current.text += ' ';
    current.starts.push({ offset: current.text.length, line: line + index });
    current.text += words;
  });
  return found;
}

function readScript(file: string, text: string): { passages: Passage[]; names: DeclaredName[] } {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const passages: Passage[] = [];
  const names: DeclaredName[] = [];
  const comments = new Map<number, ts.CommentRange>();
  const visit = (node: ts.Node): void => {
    if (ts.isToken(node)) {
      for (const range of [
        ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
        ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
      ]) {
        comments.set(range.pos, range);
      }
    }
    if (isText(node)) passages.push(...paragraphs(node.text, lineOf(node.getStart(source))));
    const { name } = node as ts.Node & { name?: ts.Node };
    if (name !== undefined && isDeclaration(node) && ts.isIdentifier(name)) {
      names.push({ name: name.text, line: lineOf(name.getStart(source)) });
    }
    for (const child of node.getChildren(source)) if (!ts.isJSDoc(child)) visit(child);
  };
  visit(source);
  // Line comments that follow one another are one text.
  let block = '';
  let start = 0;
  let end = -1;
  const flush = (): void => {
    if (block !== '') passages.push(...paragraphs(block, lineOf(start)));
    block = '';
  };
  for (const range of [...comments.values()].sort((a, b) => a.pos - b.pos)) {
    if (block === '' || !/^[ \t]*\n?[ \t]*$/.test(text.slice(end, range.pos))) {
      flush();
      start = range.pos;
    } else {
      block += text.slice(end, range.pos);
    }
    block += text.slice(range.pos, range.end);
    end = range.end;
  }
  flush();
  return { passages, names };
}

function isText(node: ts.Node): node is ts.LiteralLikeNode {
  if (ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) return true;
  return (
    ts.isStringLiteralLike(node) &&
    !ts.isImportDeclaration(node.parent) &&
    !ts.isExportDeclaration(node.parent)
  );
}

function isDeclaration(node: ts.Node): boolean {
  return (
    ts.isVariableDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyAssignment(node)
  );
}
