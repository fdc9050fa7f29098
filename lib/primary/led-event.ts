import { Lazy, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';

const PATHS = {
  source: '$.source',
  type: '$.detail-type',
  time: '$.time',
  resources: '$.resources',
  detail: '$.detail',
};

/** The event, and the databases that it may be about: more than a function's environment has room for. */
export class LedEvent extends events.RuleTargetInput {
  constructor(private readonly databases: () => object[]) {
    super();
  }

  public bind(rule: events.IRule): events.RuleTargetInputProperties {
    // What stands in no quotes is replaced by JSON.
    const event = '{"source":<source>,"detail-type":<type>,"time":<time>,"resources":<resources>,"detail":<detail>}';
    const inputTemplate = Lazy.string({
      produce: () => `{"kind":"event","event":${event},"databases":${Stack.of(rule).toJsonString(this.databases())}}`,
    });
    return { inputTemplate, inputPathsMap: PATHS };
  }
}
