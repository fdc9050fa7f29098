import { Refusal } from '../installation';

export interface GivenOptions {
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
  /** What is no option, in its order. */
  readonly rest: readonly string[];
}

/** Options first, then the rest; what is unknown, given twice or after the rest is refused. */
export function parseOptions(
  words: readonly string[],
  withValue: readonly string[],
  flags: readonly string[],
): GivenOptions {
  const values = new Map<string, string>();
  const found = new Set<string>();
  const rest: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (!word.startsWith('-') || rest.length > 0) {
      rest.push(word);
      continue;
    }
    if (values.has(word) || found.has(word)) throw new Refusal(`${word} twice`);
    if (flags.includes(word)) {
      found.add(word);
    } else if (withValue.includes(word)) {
      const value = words[++index];
      if (value === undefined) throw new Refusal(`${word} without a value`);
      values.set(word, value);
    } else {
      throw new Refusal(`unknown option ${word}`);
    }
  }
  return { values, flags: found, rest };
}

export function onlyOne(rest: readonly string[], what: string): string {
  const [word] = rest;
  if (word === undefined || rest.length !== 1) throw new Refusal(`one ${what} is needed, not ${rest.length}`);
  return word;
}
