/** Who makes a request. */
export interface Principal {
  /** ARN of a role or user, or the name of an AWS service such as `scheduler.amazonaws.com`. */
  readonly arn: string;
  /** True where `arn` names an AWS service. */
  readonly service?: boolean;
  /**
   * Under which name the role was assumed, for messages as AWS words them.
   * @default - messages name the role itself
   */
  readonly sessionName?: string;
}

/** How a statement of a resource policy names the one who asks. */
export type PrincipalMatch = 'none' | 'account' | 'direct';

export type PrincipalElement = (principal: Principal) => PrincipalMatch;

const KINDS = ['AWS', 'Service', 'Federated', 'CanonicalUser'];

/** Reads `Principal` or `NotPrincipal`; undefined where the statement has neither. */
export function readPrincipal(named: unknown, excepted: unknown): PrincipalElement | undefined {
  if (named !== undefined) {
    const entries = readEntries(named);
    return (principal) => {
      const matches = entries.map((it) => matchEntry(it, principal));
      return matches.includes('direct') ? 'direct' : matches.includes('account') ? 'account' : 'none';
    };
  }
  if (excepted !== undefined) {
    const entries = readEntries(excepted);
    return (principal) => (entries.every((it) => matchEntry(it, principal) === 'none') ? 'direct' : 'none');
  }
  return undefined;
}

interface Entry {
  readonly kind: string;
  readonly value: string;
}

function readEntries(element: unknown): Entry[] {
  if (element === '*') return [{ kind: '*', value: '*' }];
  if (typeof element !== 'object' || element === null || Array.isArray(element)) {
    throw new Error(`the principal ${JSON.stringify(element)} is not known here`);
  }
  return Object.entries(element).flatMap(([kind, values]) => {
    if (!KINDS.includes(kind)) throw new Error(`the kind of principal ${kind} is not known here`);
    return [values].flat().map((value: unknown) => {
      if (typeof value !== 'string') throw new Error(`the principal ${JSON.stringify(value)} is no text`);
      if (value.includes('*') && value !== '*')
        throw new Error(`a principal takes no wildcard within its name (${value})`);
      return { kind, value };
    });
  });
}

function matchEntry({ kind, value }: Entry, principal: Principal): PrincipalMatch {
  if (kind === '*') return 'direct';
  if (kind === 'Service') return principal.service && value === principal.arn ? 'direct' : 'none';
  if (kind !== 'AWS') return 'none';
  // A service that calls in its own name is none of the principals of "AWS", except for everybody.
  if (value === '*') return 'direct';
  if (principal.service) return 'none';
  if (value === principal.arn || value === sessionArn(principal)) return 'direct';
  const account = accountOf(principal.arn);
  return value === account || new RegExp(`^arn:[^:]+:iam::${account}:root$`).test(value) ? 'account' : 'none';
}

/** The account that stands in an ARN; empty for resources without one, such as buckets. */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

/** The ARN under which a role's session shows up in messages; the role itself where the session has no name. */
export function sessionArn({ arn, sessionName }: Principal): string {
  if (sessionName === undefined) return arn;
  const [, partition = 'aws', , , account = '', name = ''] = arn.split(':');
  return `arn:${partition}:sts::${account}:assumed-role/${name.split('/').at(-1)}/${sessionName}`;
}
