/** The parts of an EventBridge rule's target that decide what the target gets; at most one of them is given. */
export interface TargetInput {
  /** JSON that stands in for the event. */
  readonly Input?: string;
  /** The part of the event that is passed on, as in `$.detail`. */
  readonly InputPath?: string;
  readonly InputTransformer?: {
    readonly InputPathsMap?: Readonly<Record<string, string>>;
    readonly InputTemplate: string;
  };
}

export interface RuleInvocation {
  readonly ruleArn: string;
  readonly ruleName: string;
  /** When EventBridge took the event in; milliseconds since 1970. */
  readonly ingestedMillis: number;
}

/** An input that EventBridge would refuse, or could not deliver. */
export class TargetInputError extends Error {
  override readonly name = 'TargetInputError';
}

/** What the target of a rule gets for an event [EventBridge User Guide, "Input transformation"]. */
export function targetInput(
  target: TargetInput,
  event: Readonly<Record<string, unknown>>,
  rule: RuleInvocation,
): unknown {
  const given = [target.Input, target.InputPath, target.InputTransformer].filter((it) => it !== undefined);
  if (given.length > 1) throw new TargetInputError('a target has one of Input, InputPath and InputTransformer');
  if (target.Input !== undefined) return parseJson(target.Input, 'Input');
  if (target.InputPath !== undefined) {
    const value = valueAt(event, target.InputPath);
    if (value === undefined) throw new TargetInputError(`the event has nothing at InputPath ${target.InputPath}`);
    return value;
  }
  if (!target.InputTransformer) return event;

  const { InputPathsMap = {}, InputTemplate } = target.InputTransformer;
  const variables = new Map<string, unknown>(
    Object.entries(InputPathsMap).map(([name, path]) => [name, valueAt(event, path)]),
  );
  const ingestion = new Date(rule.ingestedMillis).toISOString();
  variables.set('aws.events.rule-arn', rule.ruleArn);
  variables.set('aws.events.rule-name', rule.ruleName);
  variables.set('aws.events.event.ingestion-time', ingestion);
  variables.set('aws.events.event.json', event);
  // By its definition the variable leaves the detail out.
  const envelope = Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'detail'));
  variables.set('aws.events.event', envelope);
  return parseJson(fill(InputTemplate, variables), 'the filled InputTemplate');
}

/** Within quotes a variable is replaced by bare text, elsewhere by JSON. */
function fill(template: string, variables: ReadonlyMap<string, unknown>): string {
  let quoted = false;
  return template.replace(/\\.|"|<([A-Za-z0-9_.-]+)>/gs, (token, name: string | undefined) => {
    if (token === '"') quoted = !quoted;
    if (name === undefined) return token;
    if (!variables.has(name))
      throw new TargetInputError(`the InputTemplate names <${name}>, which InputPathsMap lacks`);
    const value = variables.get(name);
    // A path that the event lacks gives a variable without text.
    if (value === undefined) return '';
    if (!quoted) return JSON.stringify(value);
    return JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value)).slice(1, -1);
  });
}

const STEP = /\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']*)'\]/y;

function valueAt(event: unknown, path: string): unknown {
  if (!path.startsWith('$')) throw new TargetInputError(`${path} is no JSON path: it starts with $`);
  let value = event;
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const at = STEP.lastIndex;
    const step = STEP.exec(path);
    if (!step) throw new TargetInputError(`${path}: what stands from character ${at + 1} on is not known here`);
    const key = step[1] ?? step[2] ?? step[3] ?? '';
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
  }
  return value;
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TargetInputError(`${what} is no JSON: ${text}`);
  }
}
