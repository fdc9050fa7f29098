import type { RequestContext } from './conditions';
import { ArnPattern, Pattern, type VariableReader } from './patterns';
import { type PolicyDocument, type Statement, statementsOf } from './policy-document';
import { accountOf, type Principal, type PrincipalMatch, sessionArn } from './principals';
import { keyPrefix, type ServiceReference } from './service-reference';

export interface AuthorizationRequest {
  readonly principal: Principal;
  /** For example `rds:DescribeDBInstances`. */
  readonly action: string;
  /** An ARN, or `*`. The account in it decides whether the request crosses accounts; without one it does not. */
  readonly resource: string;
  /** Condition keys; a list for keys with many values. `aws:PrincipalArn` and its like are added where they are missing. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

export interface ApplicablePolicies {
  readonly identity: readonly PolicyDocument[];
  readonly resource?: PolicyDocument;
  readonly permissionsBoundary?: PolicyDocument;
}

export type PolicyKind = 'identity' | 'resource' | 'permissionsBoundary';

/** A statement that applied to the request. */
export interface MatchedStatement {
  readonly policy: PolicyKind;
  readonly statement: Statement;
  /** The entry of `Resource` that matched; undefined for a statement without one. */
  readonly resourcePattern?: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** True where a Deny applied, rather than that nothing allowed. */
  readonly explicitDeny: boolean;
  readonly matched: readonly MatchedStatement[];
  /** As AWS words it; empty where the request is allowed. */
  readonly message: string;
}

/** Decisions remembered for one set of policies; above that they are forgotten all at once. */
const MOST_REMEMBERED = 10_000;

const POLICY_NAMES: Readonly<Record<PolicyKind, string>> = {
  identity: 'an identity-based policy',
  resource: 'a resource-based policy',
  permissionsBoundary: 'a permissions boundary',
};

/**
 * Decides as IAM does whether a request is allowed [IAM User Guide, "Policy evaluation logic"], without service control
 * policies and session policies, which no template holds.
 */
export class IamEvaluator {
  private readonly remembered = new WeakMap<ApplicablePolicies, Map<string, Decision>>();
  private readonly resourcePatterns = new Map<string, ArnPattern>();
  private readonly actionPatterns = new Map<string, Pattern>();

  constructor(private readonly reference: ServiceReference) {}

  /** Hand over the same object of policies for the same role: decisions are remembered by it. */
  evaluate(request: AuthorizationRequest, policies: ApplicablePolicies): Decision {
    let decisions = this.remembered.get(policies);
    if (!decisions || decisions.size >= MOST_REMEMBERED) {
      decisions = new Map();
      this.remembered.set(policies, decisions);
    }
    const { principal, action, resource, context } = request;
    const key = JSON.stringify([principal.arn, principal.service, principal.sessionName, action, resource, context]);
    const known = decisions.get(key);
    if (known) return known;
    const decision = this.decide(request, policies);
    decisions.set(key, decision);
    return decision;
  }

  private decide(request: AuthorizationRequest, policies: ApplicablePolicies): Decision {
    const action = this.reference.action(request.action);
    const { resource, conditionKeys } = this.reference.resourceOf(action, request.resource);
    const context = this.contextOf(request, conditionKeys);
    const matched: MatchedStatement[] = [];
    let named: PrincipalMatch = 'none';
    const apply = (policy: PolicyKind, document: PolicyDocument): void => {
      for (const statement of statementsOf(document)) {
        const principal = policy === 'resource' ? (statement.principal?.(request.principal) ?? 'none') : 'direct';
        if (principal === 'none' || !this.actionMatches(statement, action.name)) continue;
        const resourcePattern = this.matchingResource(statement, resource, context.variables, policy);
        if (resourcePattern === undefined || !statement.conditions.every((holds) => holds(context))) continue;
        matched.push({ policy, statement, resourcePattern: resourcePattern || undefined });
        if (policy === 'resource' && statement.effect === 'Allow' && named !== 'direct') named = principal;
      }
    };
    for (const document of policies.identity) apply('identity', document);
    if (policies.resource) apply('resource', policies.resource);
    if (policies.permissionsBoundary) apply('permissionsBoundary', policies.permissionsBoundary);

    const denied = matched.find((it) => it.statement.effect === 'Deny');
    const refuse = (why: string): Decision => ({
      allowed: false,
      explicitDeny: denied !== undefined,
      matched,
      message: `${request.principal.service ? 'Service' : 'User'}: ${sessionArn(request.principal)} is not authorized to perform: ${action.name} on resource: ${request.resource} ${why}`,
    });
    if (denied) return refuse(`with an explicit deny in ${POLICY_NAMES[denied.policy]}`);

    const allows = (kind: PolicyKind) => matched.some((it) => it.policy === kind);
    const lacking = missingAllow(request, action.name, allows, named, policies.permissionsBoundary !== undefined);
    if (lacking) return refuse(`because no ${lacking} allows the ${action.name} action`);
    return { allowed: true, explicitDeny: false, matched, message: '' };
  }

  private actionMatches(statement: Statement, action: string): boolean {
    const matches = statement.actions.some((source) => {
      let pattern = this.actionPatterns.get(source);
      if (!pattern) {
        pattern = new Pattern(source, { wildcards: true, variables: false, ignoreCase: true });
        this.actionPatterns.set(source, pattern);
      }
      return pattern.matches(action, () => undefined) === true;
    });
    return matches !== statement.exceptActions;
  }

  /** The entry that matched, empty text where there is no single one to name, undefined where the statement does not apply. */
  private matchingResource(
    statement: Statement,
    resource: string,
    variables: VariableReader,
    policy: PolicyKind,
  ): string | undefined {
    // Only a policy that hangs on a resource may leave it out: then it means that resource.
    if (!statement.resources) return policy === 'resource' ? '' : undefined;
    if (!statement.exceptResources) {
      return statement.resources.find((it) => this.resourceMatches(it, resource, variables, statement) === true);
    }
    const excepted = statement.resources.every(
      (it) => this.resourceMatches(it, resource, variables, statement) === false,
    );
    return excepted ? '' : undefined;
  }

  private resourceMatches(source: string, resource: string, variables: VariableReader, statement: Statement) {
    if (source === '*') return true;
    const key = `${statement.replacesVariables} ${source}`;
    let pattern = this.resourcePatterns.get(key);
    if (!pattern) {
      pattern = new ArnPattern(source, statement.replacesVariables);
      this.resourcePatterns.set(key, pattern);
    }
    return pattern.matches(resource, variables);
  }

  private contextOf({ principal, context }: AuthorizationRequest, known: ReadonlySet<string>): RequestContext {
    const values = new Map<string, readonly string[]>();
    const set = (key: string, value: string | readonly string[]) => {
      const list = typeof value === 'string' ? [value] : value;
      // A key that the action does not know never reaches its policies.
      if (known.has(keyPrefix(key))) values.set(key.toLowerCase(), list);
    };
    for (const [key, value] of Object.entries(principalContext(principal))) set(key, value);
    for (const [key, value] of Object.entries(context ?? {})) set(key, value);
    return {
      values: (key) => values.get(key.toLowerCase()),
      isList: (key) => this.reference.isListKey(key),
      variables: (key) => {
        const [only, ...others] = values.get(key.toLowerCase()) ?? [];
        return others.length > 0 ? undefined : only;
      },
    };
  }
}

/** What is missing for the request to be allowed, in the words of AWS's messages; undefined where nothing is. */
function missingAllow(
  { principal, resource }: AuthorizationRequest,
  action: string,
  allows: (kind: PolicyKind) => boolean,
  named: PrincipalMatch,
  bounded: boolean,
): string | undefined {
  const isTrust = action.toLowerCase().startsWith('sts:assumerole');
  const resourcePolicy = isTrust ? 'role trust policy' : 'resource-based policy';
  if (principal.service) return named === 'direct' ? undefined : resourcePolicy;

  const resourceAccount = accountOf(resource);
  const crossesAccounts = resourceAccount !== '' && resourceAccount !== accountOf(principal.arn);
  // A role and a key are closed to everybody whom their own policy does not name, the account's administrators included.
  const closed = isTrust || /^arn:[^:]+:kms:[^:]*:[^:]*:key\//.test(resource);
  if ((crossesAccounts || closed) && named === 'none') return resourcePolicy;
  if (!allows('identity') && (crossesAccounts || named !== 'direct')) return 'identity-based policy';
  return bounded && !allows('permissionsBoundary') ? 'permissions boundary' : undefined;
}

/** What IAM itself knows about the one who asks. */
function principalContext({ arn, service }: Principal): Record<string, string> {
  if (service) return { 'aws:PrincipalIsAWSService': 'true', 'aws:PrincipalServiceName': arn };
  return { 'aws:PrincipalArn': arn, 'aws:PrincipalAccount': accountOf(arn), 'aws:PrincipalIsAWSService': 'false' };
}
