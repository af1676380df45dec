import { RE2JS } from 're2js';
import type { TextTest } from '../values.ts';

/** A filter pattern that CloudWatch Logs would refuse, or that says something undocumented: where and why. */
export class InvalidFilterPattern extends Error {
  override readonly name = 'InvalidFilterPattern';
  /** Where in the pattern the fault is, counted from 0. */
  readonly position: number;
  readonly reason: string;

  constructor(pattern: string, position: number, reason: string) {
    const rest = pattern.slice(position, position + 20);
    super(
      `Filter pattern cannot be read at character ${position + 1}${rest ? ` ("${rest}")` : ' (its end)'}: ${reason}. ` +
        `The pattern: ${pattern.length > 200 ? `${pattern.slice(0, 200)}...` : pattern}`,
    );
    this.position = position;
    this.reason = reason;
  }
}

/** Reads a pattern's text from left to right. */
export class Scanner {
  readonly text: string;
  position = 0;
  #expressions = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The character at the position, empty at the end. */
  get char(): string {
    return this.text[this.position] ?? '';
  }

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  fail(reason: string, position = this.position): never {
    throw new InvalidFilterPattern(this.text, position, reason);
  }

  skipSpace(): void {
    while (/\s/.test(this.char)) this.position += 1;
  }

  /** Takes `token` where it stands next, after any space. */
  take(token: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(token, this.position)) return false;
    this.position += token.length;
    return true;
  }

  expect(token: string, purpose: string): void {
    if (!this.take(token)) this.fail(`"${token}" is expected ${purpose}`);
  }

  /** Takes what a sticky expression finds at the position. */
  takeMatch(expression: RegExp): string | undefined {
    expression.lastIndex = this.position;
    const found = expression.exec(this.text)?.[0];
    if (found) this.position += found.length;
    return found || undefined;
  }

  /** A text in double quotes; `\"` and `\\` stand for the quote and the backslash. */
  takeQuoted(): string {
    const start = this.position;
    this.position += 1;
    let value = '';
    for (;;) {
      const char = this.char;
      if (char === '') this.fail('the quoted text has no end', start);
      this.position += 1;
      if (char === '"') return value;
      if (char === '\\' && (this.char === '"' || this.char === '\\')) {
        value += this.char;
        this.position += 1;
      } else value += char;
    }
  }

  /**
   * A regular expression between `%`, of the characters and operators that CloudWatch knows, found anywhere in a text. It takes a time that
   * grows with the text only: whoever writes a user agent into a record must not hold up who looks for it.
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#regex-expressions
   */
  takeExpression(): TextTest {
    const start = this.position;
    const end = this.text.indexOf('%', start + 1);
    if (end < 0) this.fail('the regular expression has no closing "%"', start);
    const source = this.text.slice(start + 1, end);
    if (source === '') this.fail('the regular expression is empty', start);
    const bad = /[^A-Za-z0-9:_#=@/;,^$?[\]{}|\\*+. -]/.exec(source);
    if (bad) this.fail(`"${bad[0]}" is not supported in a regular expression`, start + 1 + bad.index);
    this.#expressions += 1;
    if (this.#expressions > 2) this.fail('a pattern may hold two regular expressions only', start);
    this.position = end + 1;
    try {
      const expression = RE2JS.compile(
        source.replace(/\\(?:u([0-9A-Fa-f]{4})|.)/gs, (all, code) => (code ? `\\x{${code}}` : all)),
      );
      return (text) => expression.test(text);
    } catch (error) {
      return this.fail(`the regular expression is wrong (${(error as Error).message})`, start);
    }
  }
}
