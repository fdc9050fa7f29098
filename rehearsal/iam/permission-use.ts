import type { MatchedStatement } from './evaluator';
import { type PolicyDocument, type Statement, statementsOf } from './policy-document';
import type { ServiceReference } from './service-reference';

/** One permission that a role asked for. */
export interface RecordedUse {
  readonly roleArn: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
  /** What the evaluator said had applied. */
  readonly matched: readonly MatchedStatement[];
}

export interface UnusedPermission {
  readonly role: string;
  /** An action that a pattern of the statement stands for, or the pattern where it stands for none that is known here. */
  readonly action: string;
  readonly resource: string;
}

export interface DeniedPermission {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  readonly times: number;
}

/** Counts what roles were granted and used, granted and never used, used and not granted. */
export class PermissionUse {
  private readonly used = new Map<Statement, Set<string>>();
  private readonly denied = new Map<string, DeniedPermission>();

  constructor(private readonly reference: ServiceReference) {}

  record({ roleArn, action, resource, allowed, matched }: RecordedUse): void {
    if (!allowed) {
      const key = JSON.stringify([roleArn, action, resource]);
      const times = (this.denied.get(key)?.times ?? 0) + 1;
      this.denied.set(key, { role: roleArn, action, resource, times });
      return;
    }
    for (const { policy, statement, resourcePattern } of matched) {
      if (policy !== 'identity' || statement.effect !== 'Allow') continue;
      const uses = this.used.get(statement) ?? new Set();
      uses.add(useKey(action, resourcePattern));
      this.used.set(statement, uses);
    }
  }

  /** One line for each action on each entry of `Resource`; denials in the order in which they came up. */
  report(roles: readonly { roleArn: string; identity: readonly PolicyDocument[] }[]): {
    neverUsed: UnusedPermission[];
    denied: DeniedPermission[];
  } {
    const asked = new Set(roles.map((it) => it.roleArn));
    const neverUsed = roles.flatMap(({ roleArn, identity }) =>
      identity
        .flatMap(statementsOf)
        .filter((it) => it.effect === 'Allow')
        .flatMap((statement) =>
          this.grants(statement)
            .filter(({ action, pattern }) => !this.used.get(statement)?.has(useKey(action, pattern)))
            .map(({ action, resource }) => ({ role: roleArn, action, resource })),
        ),
    );
    return { neverUsed, denied: [...this.denied.values()].filter((it) => asked.has(it.role)) };
  }

  private grants(statement: Statement): { action: string; resource: string; pattern?: string }[] {
    const resources = statement.resources ?? ['*'];
    const on = statement.exceptResources
      ? [{ resource: `all but ${resources.join(', ')}` }]
      : resources.map((it) => ({ resource: it, pattern: it }));
    return this.grantedActions(statement).flatMap((action) => on.map((it) => ({ action, ...it })));
  }

  /** A grant of everything, or of all but something, can never be used up: it stays in the list as it is written. */
  private grantedActions({ actions, exceptActions }: Statement): string[] {
    if (exceptActions) return [`all but ${actions.join(', ')}`];
    const expanded = actions.flatMap((pattern) => {
      if (!pattern.includes(':')) return [pattern];
      const names = this.reference.actionsMatching(pattern);
      return names.length > 0 ? names : [pattern];
    });
    return [...new Set(expanded)];
  }
}

const useKey = (action: string, resourcePattern: string | undefined) =>
  `${action.toLowerCase()} ${resourcePattern ?? ''}`;

/** The services that policies speak of, to load their reference; `*` alone speaks of none in particular. */
export function servicesNamed(documents: readonly PolicyDocument[]): string[] {
  const prefixes = documents
    .flatMap(statementsOf)
    .flatMap((it) => it.actions)
    .filter((it) => it.includes(':'))
    .map((it) => (it.split(':')[0] ?? '').toLowerCase());
  return [...new Set(prefixes)].filter((it) => !it.includes('*')).sort();
}
