import * as v from 'valibot';

/** What is not as CloudFormation sends it is answered too, so that no stack waits for an hour. */
const text = v.fallback(v.string(), '');

export const requestSchema = v.object({
  RequestType: text,
  // Pre-signed, so whoever has it can answer: it stands in no log and no error.
  ResponseURL: v.pipe(v.string('is missing'), v.regex(/^https?:\/\/[^/]/, 'must be a URL')),
  StackId: text,
  RequestId: text,
  LogicalResourceId: text,
  PhysicalResourceId: v.fallback(v.optional(v.string()), undefined),
  ResourceProperties: v.optional(v.unknown()),
});

/** A request of CloudFormation (AWS CloudFormation User Guide, "Custom resource request objects"). */
export type Request = v.InferOutput<typeof requestSchema>;

export interface Answer {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

/** An answer has 4,096 bytes at most (CloudFormation, "Custom resource response objects"), and an event of a stack should be readable. */
export function shortened(reason: string, longest: number): string {
  const known = reason.trim() || 'unknown; see the log of the function';
  return known.length <= longest ? known : `${known.slice(0, longest - 3)}...`;
}
