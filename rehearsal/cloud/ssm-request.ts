import * as v from 'valibot';
import { ServiceError } from './service';

/** What the API refuses before it looks at anything else (SSM API Reference, SendCommand, ListCommands, ListCommandInvocations, CancelCommand). */

const instanceId = v.pipe(
  v.string(),
  v.regex(
    /^(i-(\w{8}|\w{17})|mi-\w{17})$/,
    'Member must satisfy regular expression pattern: (^i-(\\w{8}|\\w{17})$)|(^mi-\\w{17}$)',
  ),
);
const instanceIds = v.pipe(v.array(instanceId), v.maxLength(50, 'Member must have length less than or equal to 50'));
const commandId = v.pipe(v.string(), v.length(36, 'Member must have length greater than or equal to 36'));
const page = v.optional(
  v.pipe(
    v.number(),
    v.minValue(1, 'Member must have value greater than or equal to 1'),
    v.maxValue(50, 'Member must have value less than or equal to 50'),
  ),
  50,
);
const FILTERS = ['InvokedAfter', 'InvokedBefore', 'Status', 'ExecutionStage', 'DocumentName'] as const;
const filters = v.optional(
  v.pipe(
    v.array(
      v.object({
        key: v.picklist(FILTERS, `Member must satisfy enum value set: [${FILTERS.join(', ')}]`),
        value: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
      }),
    ),
    v.minLength(1, 'Member must have length greater than or equal to 1'),
    v.maxLength(5, 'Member must have length less than or equal to 5'),
  ),
);

export const sendCommand = v.object({
  DocumentName: v.pipe(
    v.string(),
    v.regex(
      /^[a-zA-Z0-9_\-.:/]{3,128}$/,
      'Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.:/]{3,128}$',
    ),
  ),
  /** The rehearsal knows one version of each document: the newest, which `$DEFAULT` is too. */
  DocumentVersion: v.optional(v.picklist(['$LATEST', '$DEFAULT']), '$DEFAULT'),
  InstanceIds: instanceIds,
  Parameters: v.optional(v.record(v.string(), v.array(v.string())), {}),
  Comment: v.optional(v.pipe(v.string(), v.maxLength(100, 'Member must have length less than or equal to 100')), ''),
  TimeoutSeconds: v.optional(
    v.pipe(
      v.number(),
      v.minValue(30, 'Member must have value greater than or equal to 30'),
      v.maxValue(2_592_000, 'Member must have value less than or equal to 2592000'),
    ),
    3_600,
  ),
  MaxConcurrency: v.optional(
    v.pipe(v.string(), v.regex(/^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$/, 'Member must satisfy the pattern')),
    '50',
  ),
  MaxErrors: v.optional(
    v.pipe(v.string(), v.regex(/^([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)$/, 'Member must satisfy the pattern')),
    '0',
  ),
});

export const listCommands = v.object({
  CommandId: v.optional(commandId),
  InstanceId: v.optional(instanceId),
  MaxResults: page,
  NextToken: v.optional(v.string()),
  Filters: filters,
});

export const listCommandInvocations = v.object({ ...listCommands.entries, Details: v.optional(v.boolean(), false) });

export const cancelCommand = v.object({ CommandId: commandId, InstanceIds: v.optional(instanceIds) });

export type SendCommandInput = v.InferOutput<typeof sendCommand>;
export type ListInput = v.InferOutput<typeof listCommands>;

/** The members that the stand-in knows; anything else of the input would be left out silently, so it is refused by name. */
export function readRequest<Schema extends v.ObjectSchema<v.ObjectEntries, undefined>>(
  schema: Schema,
  input: Readonly<Record<string, unknown>>,
): v.InferOutput<Schema> {
  const known = schema.entries;
  const unknown = Object.keys(input).filter((name) => input[name] !== undefined && !Object.hasOwn(known, name));
  if (unknown.length > 0) {
    throw new ServiceError('UnknownOperation', `the rehearsal has no stand-in for ${unknown.join(', ')}`, 501);
  }
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const details = result.issues.map((issue) => {
    const [head = '', ...rest] = (v.getDotPath(issue) ?? '').split('.');
    const at = [head.charAt(0).toLowerCase() + head.slice(1), ...rest.map((it) => `${Number(it) + 1}.member`)];
    return `Value '${JSON.stringify(issue.input)}' at '${at.join('.')}' failed to satisfy constraint: ${issue.message}`;
  });
  const count = details.length === 1 ? '1 validation error' : `${details.length} validation errors`;
  throw new ServiceError('ValidationException', `${count} detected: ${details.join('; ')}`);
}
