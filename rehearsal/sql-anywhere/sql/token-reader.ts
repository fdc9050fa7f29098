import { SqlError, type Token, tokensOf } from './tokens';

/** Reads a statement from left to right. */
export class TokenReader {
  private index = 0;
  private readonly tokens: readonly Token[];

  constructor(sql: string) {
    this.tokens = tokensOf(sql);
  }

  public get atEnd(): boolean {
    return this.index >= this.tokens.length;
  }

  /** Takes the words, and the signs, if all of them come next. */
  public accept(phrase: string): boolean {
    const parts = phrase.split(' ');
    const found = parts.every((part, offset) => {
      const token = this.tokens[this.index + offset];
      return (token?.kind === 'word' || token?.kind === 'sign') && token.text.toUpperCase() === part.toUpperCase();
    });
    if (found) this.index += parts.length;
    return found;
  }

  public expect(phrase: string): void {
    if (!this.accept(phrase)) this.fail(`${phrase} expected`);
  }

  public name(): string {
    return this.take('name');
  }

  public word(): string {
    return this.take('word');
  }

  /** A name with or without quotes. */
  public identifier(): string {
    return this.peek()?.kind === 'name' ? this.name() : this.word();
  }

  public literal(): string {
    return this.take('literal');
  }

  /** Reads over everything up to a comma or bracket that does not belong to it; what it was. */
  public skipPart(): string {
    const texts: string[] = [];
    for (let depth = 0; !this.atEnd; this.index++) {
      const { kind, text } = this.peek() ?? { kind: 'sign', text: '' };
      if (kind === 'sign' && depth === 0 && [',', ')', ';'].includes(text)) break;
      if (kind === 'sign' && text === '(') depth++;
      if (kind === 'sign' && text === ')') depth--;
      texts.push(text);
    }
    return texts.join(' ');
  }

  public peek(): Token | undefined {
    return this.tokens[this.index];
  }

  public end(): void {
    this.accept(';');
    if (!this.atEnd) this.fail('end of the statement expected');
  }

  public fail(reason: string): never {
    const { text } = this.peek() ?? { text: 'the end' };
    throw new SqlError(`Syntax error near '${text}': ${reason} (SQLCODE -131)`);
  }

  private take(kind: Token['kind']): string {
    const token = this.peek();
    if (token?.kind !== kind) this.fail(`a ${kind} expected`);
    this.index++;
    return token.text;
  }
}
