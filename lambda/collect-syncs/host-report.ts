import * as v from 'valibot';

const report = v.object({
  version: v.literal(1),
  remote: v.string(),
  run: v.string(),
  result: v.picklist(['synchronized', 'not-primary', 'busy', 'already-done', 'failed']),
  /** dbmlsync's own exit code, if it ran. */
  code: v.optional(v.number()),
  message: v.optional(v.string()),
});

/** The one line of JSON that host/sync-remote.sh writes. */
export type HostReport = v.InferOutput<typeof report>;

/** The last line that is a report; whatever else a host printed is left aside. */
export function readHostReport(output: string | undefined): HostReport | undefined {
  const lines = (output ?? '').split('\n').reverse();
  for (const line of lines) {
    const result = v.safeParse(v.pipe(v.string(), v.parseJson(), report), line);
    if (result.success) return result.output;
  }
  return undefined;
}
