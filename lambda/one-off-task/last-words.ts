import * as v from 'valibot';

const failed = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ event: v.literal('failed'), detail: v.pipe(v.string(), v.minLength(1)) }),
);

const MOST_LINES = 4;
const LONGEST = 600;

/** What the lines of a task's log say of its end: its own words about the failure, else its last lines. */
export function wordsOf(lines: readonly string[]): { readonly words?: string; readonly isWhole: boolean } {
  const [own] = lines
    .flatMap((line) => {
      const result = v.safeParse(failed, line);
      return result.success ? [result.output.detail] : [];
    })
    .reverse();
  if (own !== undefined) return { words: shortened(own), isWhole: true };
  const last = lines.map(plain).filter((line) => line !== '');
  return { words: last.length > 0 ? shortened(last.slice(-MOST_LINES).join(' ')) : undefined, isWhole: false };
}

function shortened(text: string): string {
  const words = plain(text).replace(/\.$/, '');
  return words.length <= LONGEST ? words : `${words.slice(0, LONGEST - 3)}...`;
}

function plain(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
