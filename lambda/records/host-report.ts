import * as v from 'valibot';

export const hostReportSchema = v.object({
  version: v.literal(1),
  remote: v.string(),
  run: v.string(),
  result: v.picklist(['synchronized', 'not-primary', 'busy', 'already-done', 'failed']),
  /** dbmlsync's own exit code, if it ran. */
  code: v.optional(v.number()),
  message: v.optional(v.string()),
});

/** The one line of JSON that host/sync-remote.sh writes. */
export type HostReport = v.InferOutput<typeof hostReportSchema>;

/** The last line that is a report; whatever else a host printed is left aside. */
export function readHostReport(output: string | undefined): HostReport | undefined {
  const lines = (output ?? '').split('\n').reverse();
  for (const line of lines) {
    const result = v.safeParse(v.pipe(v.string(), v.parseJson(), hostReportSchema), line);
    if (result.success) return result.output;
  }
  return undefined;
}

/** Why a sync failed, as the registry shows it. */
export function wordFailure(exitCode: number, report: HostReport | undefined): string {
  const code = report?.code === undefined ? `exit code ${exitCode}` : `dbmlsync: ${report.code}`;
  return report?.message ? `${code}: ${report.message}` : code;
}
