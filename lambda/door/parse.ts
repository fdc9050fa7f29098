import * as v from 'valibot';

/** What came from outside as its schema reads it; throws one error that names everything that is wrong with it. */
export function parse<const S extends v.GenericSchema>(schema: S, input: unknown, otherwise: string): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw new Error(`${otherwise}: ${problemsOf(result.issues)}`);
}

/** In words, each with the path to what it is about. */
export function problemsOf(issues: readonly v.BaseIssue<unknown>[], whole = 'payload'): string {
  return issues.map((issue) => `${v.getDotPath(issue) ?? whole}: ${issue.message}`).join('; ');
}
