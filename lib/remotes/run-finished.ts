import * as events from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { EVENT_SOURCE } from '../primary/contract';
import { RUN_FINISHED } from './contract';

/** A rule for the runs of some schedules: the event bus carries those of every system of the account. */
export function ruleForFinishedRuns(
  scope: Construct,
  id: string,
  schedules: string[],
  options: events.OnEventOptions,
): events.Rule {
  const rule = new events.Rule(options.crossStackScope ?? scope, id, {
    ruleName: options.ruleName,
    description: options.description ?? `${RUN_FINISHED}: ${scope.node.id}`,
    eventPattern: {
      source: [EVENT_SOURCE],
      detailType: [RUN_FINISHED],
      detail: { ...options.eventPattern?.detail, schedule: schedules },
    },
  });
  rule.addTarget(options.target);
  return rule;
}
