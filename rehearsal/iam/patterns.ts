/** Reads a single-valued key of the request; undefined where it is missing or has several values. */
export type VariableReader = (key: string) => string | undefined;

const LITERALS: Readonly<Record<string, string>> = { '*': '*', '?': '?', $: '$' };
const VARIABLE = /\$\{([^}]*)\}/g;

type Part = { readonly text: string } | { readonly key: string; readonly fallback?: string };

/**
 * Text of a policy with wildcards and variables. A wildcard that comes out of a variable, or is written `${*}`, is a
 * plain character [IAM User Guide, "IAM policy elements: Variables and tags"].
 */
export class Pattern {
  private readonly parts: readonly Part[];
  private readonly fixed?: RegExp;

  constructor(
    readonly source: string,
    private readonly options: { wildcards: boolean; variables: boolean; ignoreCase?: boolean },
  ) {
    this.parts = options.variables ? splitVariables(source) : [{ text: source }];
    if (this.parts.every((it) => 'text' in it)) this.fixed = this.compile(() => undefined);
  }

  /** Undefined where the request has no value for a variable: then the statement does not apply. */
  matches(value: string, variables: VariableReader): boolean | undefined {
    return (this.fixed ?? this.compile(variables))?.test(value);
  }

  /** The text with its variables replaced; wildcards stay as they are written. */
  replaced(variables: VariableReader): string | undefined {
    let text = '';
    for (const part of this.parts) {
      const value = 'text' in part ? part.text : replacementOf(part, variables);
      if (value === undefined) return undefined;
      text += value;
    }
    return text;
  }

  private compile(variables: VariableReader): RegExp | undefined {
    let expression = '';
    for (const part of this.parts) {
      if ('text' in part) {
        expression += this.options.wildcards ? wildcardExpression(part.text) : escapeExpression(part.text);
      } else {
        const value = replacementOf(part, variables);
        if (value === undefined) return undefined;
        expression += escapeExpression(value);
      }
    }
    return new RegExp(`^${expression}$`, this.options.ignoreCase ? 'is' : 's');
  }
}

function replacementOf(part: { key: string; fallback?: string }, variables: VariableReader): string | undefined {
  return LITERALS[part.key] ?? variables(part.key) ?? part.fallback;
}

function splitVariables(source: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of source.matchAll(VARIABLE)) {
    parts.push({ text: source.slice(end, match.index) });
    const [key = '', fallback] = (match[1] ?? '').split(/,(.*)/s).map((it) => it.trim());
    parts.push({ key, fallback: fallback?.replace(/^'(.*)'$/s, '$1') });
    end = match.index + match[0].length;
  }
  return [...parts, { text: source.slice(end) }].filter((it) => !('text' in it) || it.text !== '');
}

export function escapeExpression(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function wildcardExpression(text: string): string {
  return escapeExpression(text).replaceAll('\\*', '.*').replaceAll('\\?', '.');
}

/**
 * An ARN with wildcards, compared part by part as the User Guide asks ("wildcards within the individual segments"); the
 * last part that is written stands for the rest.
 */
export class ArnPattern {
  private readonly segments: readonly Pattern[];

  constructor(
    readonly source: string,
    variables: boolean,
  ) {
    this.segments = splitArn(source, 6).map((it) => new Pattern(it, { wildcards: true, variables }));
  }

  matches(arn: string, variables: VariableReader): boolean | undefined {
    const values = splitArn(arn, this.segments.length);
    if (values.length !== this.segments.length) return false;
    const matched = this.segments.map((it, index) => it.matches(values[index] ?? '', variables));
    // No value of a missing variable makes up for a part that differs.
    if (matched.includes(false)) return false;
    return matched.includes(undefined) ? undefined : true;
  }
}

/** At most `length` parts; a colon within `${...}` is none between parts. */
function splitArn(arn: string, length: number): string[] {
  const parts: string[] = [''];
  for (const token of arn.match(/\$\{[^}]*\}|:|[^:$]+|\$/g) ?? []) {
    if (token === ':' && parts.length < length) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts;
}

export function isArn(text: string): boolean {
  return splitArn(text, 6).length === 6 && text.startsWith('arn:');
}
