import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { BundledFunction } from '../bundled-function/bundled-function';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import { LedEvent } from './led-event';

/**
 * How many databases one rule names. A pattern holds 2,048 characters and a template of input 8,192 (EventBridge User Guide, "Quotas",
 * and API reference, "InputTransformer"); an ARN of RDS has up to 116, and a pair takes some 600 to describe.
 */
const OF_ONE_RULE = { listed: 14, asked: 8 };

/** Each rule takes some 450 characters of the 20 KB that a function's resource policy has (Lambda Developer Guide, "Lambda quotas"). */
export const MOST_RULES = 40;

/** The databases that a tracker tracks beside its own: the schedule brings them all, and each rule those that it matches. */
export class OtherDatabases {
  private readonly databases: IConsolidatedDatabase[] = [];
  private readonly ofRule = new Map<events.Rule, IConsolidatedDatabase[]>();

  constructor(
    private readonly tracker: Construct,
    private readonly own: IConsolidatedDatabase,
    private readonly bundled: BundledFunction,
    private readonly tableArn: string,
  ) {}

  /** With the tracker's own. */
  public get count(): number {
    return this.databases.length + 1;
  }

  /** How many questions of the RDS API one look takes, each for up to a hundred databases of a kind. */
  public get questions(): number {
    const listed = [this.own, ...this.databases].flatMap(({ primarySource }) => primarySource._listed ?? []);
    const kinds = [...new Set(listed.map(({ action }) => action))];
    const ofKind = (kind: string) => listed.filter(({ action }) => action === kind).length;
    return kinds.reduce((sum, kind) => sum + Math.ceil(ofKind(kind) / 100), 0);
  }

  public has(databaseId: string): boolean {
    return [this.own, ...this.databases].some((it) => it.databaseId === databaseId);
  }

  /** Whether there is a rule that has room for it, or can be made. */
  public hasRoomFor(database: IConsolidatedDatabase): boolean {
    return this.ruleFor(database) !== undefined || this.ofRule.size < MOST_RULES;
  }

  public add(database: IConsolidatedDatabase): void {
    if (this.databases.length === 0) this.allowTable();
    this.allowSource(database);
    this.databases.push(database);
    const { eventPattern } = database.primarySource;
    const rule = this.ruleFor(database) ?? this.newRule();
    rule.addEventPattern(eventPattern);
    this.ofRule.get(rule)?.push(database);
  }

  /** In the words of the function. */
  public render(databases = this.databases): object[] {
    return databases.map(({ databaseId, primarySource }) => ({ databaseId, source: primarySource.render() }));
  }

  /** The ids of many databases do not fit into a policy, and the table holds nothing else. */
  private allowTable(): void {
    this.bundled.allow(
      ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      [this.tableArn],
    );
  }

  /**
   * One question that names several databases is asked of all: IAM checks it against `db:*`, whichever its filters name
   * (https://github.com/awslabs/pireporter/issues/8 shows the refusal).
   */
  private allowSource({ primarySource }: IConsolidatedDatabase): void {
    const { _listed: listed } = primarySource;
    const ofKind = (it: IConsolidatedDatabase) => it.primarySource._listed?.action === listed?.action;
    const before = [this.own, ...this.databases].filter(ofKind).length;
    if (!listed || before === 0) {
      for (const statement of primarySource.statements()) this.bundled.role.addToPolicy(statement);
    } else if (before === 1) {
      const { action, resource } = listed;
      const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
      const all = Stack.of(this.tracker).formatArn({ service: 'rds', resource, resourceName: '*', arnFormat });
      this.bundled.role.addToPolicy(new iam.PolicyStatement({ actions: [action], resources: [all] }));
    }
  }

  private ruleFor(database: IConsolidatedDatabase): events.Rule | undefined {
    const isListed = (it: IConsolidatedDatabase) => it.primarySource._listed !== undefined;
    const most = isListed(database) ? OF_ONE_RULE.listed : OF_ONE_RULE.asked;
    const alike = [...this.ofRule].find(
      ([, [first, ...others]]) => first && isListed(first) === isListed(database) && others.length + 1 < most,
    );
    return alike?.[0];
  }

  private newRule(): events.Rule {
    const rule = new events.Rule(this.tracker, `EventsOfOthers${this.ofRule.size + 1}`, {
      description: 'Events of databases that share a primary tracker lead to it',
    });
    const led: IConsolidatedDatabase[] = [];
    this.ofRule.set(rule, led);
    rule.addTarget(
      new targets.LambdaFunction(this.bundled.function, {
        event: new LedEvent(() => this.render(led)),
        retryAttempts: 0,
        maxEventAge: Duration.seconds(60),
      }),
    );
    return rule;
  }
}
