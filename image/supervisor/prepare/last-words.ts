const LONGEST = 600;
const MOST_LINES = 4;

/** The last lines on one line, without secrets and not too long. */
export function lastWords(text: string, redact: (text: string) => string): string {
  const lines = redact(text)
    .split('\n')
    .map((line) => line.replace(/[\s\p{Cc}]+/gu, ' ').trim())
    .filter((line) => line !== '' && !/^-+$/.test(line));
  const words = lines.slice(-MOST_LINES).join(' ');
  return words.length <= LONGEST ? words : `${words.slice(0, LONGEST - 1)}…`;
}
