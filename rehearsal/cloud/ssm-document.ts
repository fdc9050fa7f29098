import * as v from 'valibot';
import { ServiceError } from './service';

/** What the agent is asked to run on a host, all parameters filled in. */
export interface HostScript {
  readonly lines: readonly string[];
  /** `SSM_<parameter>` for each parameter of the interpolation type ENV_VAR. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** @default - a folder of the agent */
  readonly workingDirectory?: string;
}

const parameter = v.strictObject({
  type: v.literal('String', 'only parameters of type String can be rehearsed'),
  description: v.optional(v.string()),
  default: v.optional(v.string()),
  allowedPattern: v.optional(v.string()),
  allowedValues: v.optional(v.array(v.string())),
  minChars: v.optional(v.number()),
  maxChars: v.optional(v.number()),
  interpolationType: v.optional(v.picklist(['ENV_VAR']), undefined),
});

const step = v.strictObject({
  action: v.literal('aws:runShellScript', 'only aws:runShellScript can be rehearsed'),
  name: v.string(),
  precondition: v.optional(v.strictObject({ StringEquals: v.tuple([v.literal('platformType'), v.literal('Linux')]) })),
  inputs: v.strictObject({
    runCommand: v.array(v.string()),
    timeoutSeconds: v.optional(v.pipe(v.union([v.string(), v.number()]), v.transform(String))),
    workingDirectory: v.optional(v.string()),
  }),
});

const content = v.strictObject({
  schemaVersion: v.literal('2.2'),
  description: v.optional(v.string()),
  parameters: v.optional(v.record(v.string(), parameter), {}),
  mainSteps: v.strictTuple([step]),
});

/**
 * What the agent takes for a time-out that is missing or out of range (SSM User Guide, "Command document plugin reference",
 * aws:runShellScript: 3600 seconds, at most 172800; the least, 5, is the agent's own).
 */
const EXECUTION_TIMEOUT = { default: 3_600, least: 5, most: 172_800 };

const PLACEHOLDER = /\{\{ *([A-Za-z0-9_.:-]+) *\}\}/g;

/** A command document with one step, a shell script; what cannot be rehearsed is refused when it is read. */
export class CommandDocument {
  private readonly content: v.InferOutput<typeof content>;

  constructor(
    public readonly name: string,
    public readonly arn: string,
    given: unknown,
  ) {
    const parsed = v.safeParse(content, typeof given === 'string' ? JSON.parse(given) : given);
    if (!parsed.success) {
      const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'content'}: ${issue.message}`);
      throw new Error(`the document ${name} cannot be rehearsed: ${problems.join('; ')}`);
    }
    this.content = parsed.output;
    this.refuseUnknownPlaceholders();
  }

  /** The script with the parameters of a command; throws what SendCommand answers when they are not good. */
  public script(given: Readonly<Record<string, readonly string[]>>): HostScript {
    const { parameters, mainSteps } = this.content;
    const unknown = Object.keys(given).filter((name) => !Object.hasOwn(parameters, name));
    if (unknown.length > 0) throw invalid(`${unknown.join(', ')}: not defined in the document ${this.name}`);
    const values = new Map(Object.keys(parameters).map((name) => [name, this.value(name, given[name])]));
    const fill = (text: string) => text.replace(PLACEHOLDER, (_, name: string) => values.get(name) ?? '');
    const { runCommand, timeoutSeconds, workingDirectory } = mainSteps[0].inputs;
    const byEnvironment = [...values].filter(([name]) => parameters[name]?.interpolationType === 'ENV_VAR');
    return {
      lines: runCommand.map(fill),
      environment: Object.fromEntries(byEnvironment.map(([name, value]) => [`SSM_${name}`, value])),
      timeoutSeconds: inRange(timeoutSeconds && Number(fill(timeoutSeconds))),
      workingDirectory: workingDirectory && fill(workingDirectory),
    };
  }

  private value(name: string, given: readonly string[] | undefined): string {
    const { default: usual, allowedPattern, allowedValues, minChars, maxChars } = this.content.parameters[name] ?? {};
    if (given !== undefined && given.length !== 1) throw invalid(`${name}: a String takes one value`);
    const value = given?.[0] ?? usual;
    if (value === undefined) throw invalid(`${name}: a value is required`);
    if (allowedPattern !== undefined && !new RegExp(allowedPattern).test(value)) {
      throw invalid(`${name}: the value does not match the allowed pattern ${allowedPattern}`);
    }
    if (allowedValues && !allowedValues.includes(value)) throw invalid(`${name}: the value is not an allowed one`);
    if (value.length < (minChars ?? 0) || value.length > (maxChars ?? value.length)) {
      throw invalid(`${name}: the value has ${value.length} characters`);
    }
    return value;
  }

  private refuseUnknownPlaceholders(): void {
    const { parameters, mainSteps } = this.content;
    const { runCommand, timeoutSeconds = '', workingDirectory = '' } = mainSteps[0].inputs;
    for (const [text, name = ''] of [...runCommand, timeoutSeconds, workingDirectory].flatMap(placeholders)) {
      // Where a parameter goes by the environment, what stands in braces depends on the age of the agent.
      if (parameters[name] && parameters[name].interpolationType === undefined) continue;
      throw new Error(`the document ${this.name} cannot be rehearsed: ${text} is no parameter that is filled in`);
    }
  }
}

function placeholders(text: string): RegExpExecArray[] {
  return [...text.matchAll(PLACEHOLDER)];
}

function inRange(seconds: number | '' | undefined): number {
  if (typeof seconds !== 'number' || !Number.isInteger(seconds)) return EXECUTION_TIMEOUT.default;
  return seconds < EXECUTION_TIMEOUT.least || seconds > EXECUTION_TIMEOUT.most ? EXECUTION_TIMEOUT.default : seconds;
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidParameters', message);
}
