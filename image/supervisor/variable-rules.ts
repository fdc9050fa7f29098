import * as v from 'valibot';

/** One wording for all: what must hold, what was given, what to do. */
export function word(rule: string, value: unknown, fix: string): string {
  return `${rule}, got ${value === undefined ? 'nothing' : JSON.stringify(value)}. Fix: ${fix}`;
}

/** A variable that must be there and fulfil one rule. */
export function text(rule: string, fix: string, holds: (given: string) => boolean = (given) => given !== '') {
  const message = ({ input }: { input: unknown }) => word(rule, input, fix);
  return v.pipe(v.string(message), v.check(holds, message));
}

/** A whole number in a variable. */
export function whole(lowest: number, highest: number, fix: string) {
  const isWithin = (given: string) => /^\d{1,9}$/.test(given) && Number(given) >= lowest && Number(given) <= highest;
  return v.pipe(text(`must be a whole number from ${lowest} to ${highest}`, fix, isWithin), v.transform(Number));
}

/** JSON in a variable. What does not parse is not repeated: nobody knows what somebody put there by mistake. */
export function json<const S extends v.GenericSchema>(shape: string, fix: string, schema: S) {
  const rule = `must be JSON like ${shape}`;
  const missing = v.string(({ input }) => word(rule, input, fix));
  return v.pipe(missing, v.parseJson(undefined, `${rule}, got something else. Fix: ${fix}`), schema);
}

/** Words what is not an object, and a part that it lacks; repeats neither. */
export function incomplete(fix: string) {
  return ({ expected }: { expected: string | null }) =>
    expected?.startsWith('"') ? word('must be there', undefined, fix) : `must be an object. Fix: ${fix}`;
}

/** The ARN of a secret. */
export const secretArn = text('must be the ARN of a secret', 'give the ARN that Secrets Manager shows', (it) =>
  /^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+$/.test(it),
);

/** A port that a server without root can listen on. */
export function isServerPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1024 && port <= 65_535;
}
