import * as v from 'valibot';
import { type ConditionTest, readConditions } from './conditions';
import { type PrincipalElement, readPrincipal } from './principals';

const texts = v.union([v.string(), v.array(v.string())]);

const statement = v.object({
  Sid: v.optional(v.string()),
  Effect: v.picklist(['Allow', 'Deny']),
  Action: v.optional(texts),
  NotAction: v.optional(texts),
  Resource: v.optional(texts),
  NotResource: v.optional(texts),
  Principal: v.optional(v.unknown()),
  NotPrincipal: v.optional(v.unknown()),
  Condition: v.optional(v.record(v.string(), v.record(v.string(), v.unknown()))),
});

const policyDocument = v.object({
  Version: v.optional(v.picklist(['2012-10-17', '2008-10-17'])),
  Statement: v.union([v.array(v.unknown()), v.record(v.string(), v.unknown())]),
});

/** A policy as it stands in a template whose functions are resolved. */
export type PolicyDocument = Readonly<Record<string, unknown>>;

/** One statement, read once and ready to be tested. */
export interface Statement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** True for `NotAction`: all but these. */
  readonly exceptActions: boolean;
  /** Undefined where the statement names no resource, as in a role's trust policy. */
  readonly resources?: readonly string[];
  readonly exceptResources: boolean;
  readonly principal?: PrincipalElement;
  readonly conditions: readonly ConditionTest[];
  /** Only the language of 2012 replaces `${...}` in a policy. */
  readonly replacesVariables: boolean;
}

export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

const read = new WeakMap<PolicyDocument, readonly Statement[]>();

/** The statements of a policy: always the same objects for the same document, so that their use can be counted. */
export function statementsOf(document: PolicyDocument): readonly Statement[] {
  const known = read.get(document);
  if (known) return known;
  const parsed = v.safeParse(policyDocument, document);
  if (!parsed.success)
    throw new PolicyError(`this is no policy: ${parsed.issues[0].message}: ${JSON.stringify(document)}`);
  const { Version, Statement: given } = parsed.output;
  const statements = [given].flat().map((it) => readStatement(it, Version === '2012-10-17'));
  read.set(document, statements);
  return statements;
}

function readStatement(given: unknown, replacesVariables: boolean): Statement {
  const result = v.safeParse(statement, given);
  const refuse = (why: string) => new PolicyError(`${why}: ${JSON.stringify(given)}`);
  if (!result.success) throw refuse(`this is no statement of a policy (${result.issues[0].message})`);
  const { Sid, Effect, Action, NotAction, Resource, NotResource, Principal, NotPrincipal, Condition } = result.output;
  const actions = Action ?? NotAction;
  if (actions === undefined || (Action !== undefined && NotAction !== undefined)) {
    throw refuse('a statement has either Action or NotAction');
  }
  if (Resource !== undefined && NotResource !== undefined)
    throw refuse('a statement has Resource or NotResource, not both');
  if (Principal !== undefined && NotPrincipal !== undefined) {
    throw refuse('a statement has Principal or NotPrincipal, not both');
  }
  const resources = Resource ?? NotResource;
  try {
    return {
      sid: Sid,
      effect: Effect,
      actions: [actions].flat(),
      exceptActions: Action === undefined,
      resources: resources === undefined ? undefined : [resources].flat(),
      exceptResources: Resource === undefined,
      principal: readPrincipal(Principal, NotPrincipal),
      conditions: readConditions(Condition ?? {}, replacesVariables),
      replacesVariables,
    };
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}
