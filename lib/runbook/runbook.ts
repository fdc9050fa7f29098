/** Where the runbooks stand. test/runbooks proves that each link leads to a file of docs/runbooks. */
const RUNBOOKS = 'https://github.com/cdk-mobilink-ha/cdk-mobilink-ha/blob/main/docs/runbooks';

/** The description of an alarm: what it means, and where it stands what to do. */
export function withRunbook(meaning: string, runbook: string): string {
  return `${meaning} Runbook: ${RUNBOOKS}/${runbook}.md`;
}
