import { readdirSync, readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PrimaryRecord } from '../../lambda/records/primary-record';
import { PollMetrics } from '../../lambda/track-primary/metrics';
import { ConsolidatedRdsInstance, RemoteRegistry, SyncSchedule } from '../../lib';
import { WrittenLines } from '../records/written-lines';
import { hourly, monitored, over } from './monitored';

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: { title?: string; query?: string; metrics?: unknown[]; alarms?: string[]; markdown?: string };
}

/** The widgets, references put in as their logical ids. */
function widgetsOf(stack: Stack): Widget[] {
  const [dashboard] = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Dashboard'));
  const body: unknown = dashboard?.Properties.DashboardBody;
  const parts = (body as { 'Fn::Join': [string, (string | object)[]] })['Fn::Join'][1];
  const text = parts.map((part) => (typeof part === 'string' ? part : refOf(part))).join('');
  return JSON.parse(text).widgets;
}

function refOf(part: object): string {
  const [value] = Object.values(part);
  return Array.isArray(value) ? String(value[0]) : String(value);
}

describe('the dashboard', () => {
  const { stack } = monitored();
  const widgets = widgetsOf(stack);
  const row = (y: number) => widgets.filter((it) => it.y === y).sort((one, other) => one.x - other.x);

  it('answers in its first row who is primary and since when, whether it is stable, who is stale, how full the farm is', () => {
    expect(row(0).map(({ type, properties }) => [type, properties.title])).toEqual([
      ['log', 'Who is primary, and since when?'],
      ['metric', 'Is it stable?'],
      ['metric', 'Is a remote stale? Seconds since its last sync, at most'],
      ['metric', 'Is the farm full? In percent of what it may have'],
    ]);
    expect(row(0)[0]?.properties.query).toMatch(/^SOURCE '\S*TrackPrimary\S*' \| filter/);
    expect(JSON.stringify(row(0)[2]?.properties.metrics)).toContain('"OldestSuccessAge","Schedule","hourly"');
    expect(JSON.stringify(row(0)[3]?.properties.metrics)).toMatch(/100 \* servers \/ 4.*100 \* connections \/ 6/);
  });

  it('shows every alarm of its stack, those that came last too', () => {
    const shown = widgets.find(({ type }) => type === 'alarm')?.properties.alarms ?? [];
    const template = Template.fromStack(stack);
    const ids = Object.keys({
      ...template.findResources('AWS::CloudWatch::Alarm'),
      ...template.findResources('AWS::CloudWatch::CompositeAlarm'),
    }).filter((id) => !id.includes('FailoverUnderWay'));
    expect([...shown].sort()).toEqual(ids.sort());
  });

  it('has no widget over another, and none of nothing', () => {
    for (const [index, one] of widgets.entries()) {
      expect(one.x + one.width).toBeLessThanOrEqual(24);
      for (const other of widgets.slice(index + 1)) {
        const isApart =
          one.x + one.width <= other.x ||
          other.x + other.width <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        expect(isApart, `${one.properties.title} and ${other.properties.title}`).toBe(true);
      }
      const { metrics, query, alarms, markdown } = one.properties;
      expect(
        metrics?.length ?? query?.length ?? alarms?.length ?? markdown?.length,
        one.properties.title,
      ).toBeGreaterThan(0);
    }
  });

  it('knows a schedule of a later stack, but not its alarm', () => {
    const its = monitored();
    const { dispatcher } = its.system;
    if (!dispatcher) throw new Error('no dispatcher');
    new SyncSchedule(new Stack(its.stack.node.root, 'Later'), 'Nightly', {
      ...hourly,
      scheduleName: 'nightly',
      dispatcher,
    });
    const all = JSON.stringify(widgetsOf(its.stack));
    expect(all).toContain('nightly');
    expect(its.stack.dependencies).toEqual([]);
  });

  it('says so where there are no schedules, and may be left out', () => {
    const idle = new Stack(new App(), 'Idle');
    const vpc = new ec2.Vpc(idle, 'Vpc');
    const database = new ConsolidatedRdsInstance(idle, 'Consolidated', { vpc });
    over(idle, vpc, database, { registry: new RemoteRegistry(idle, 'Registry') });
    expect(JSON.stringify(widgetsOf(idle))).toContain('on their own account');
    const none = monitored({ monitoring: { dashboard: false } });
    Template.fromStack(none.stack).resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});

describe('the saved queries', () => {
  const { stack } = monitored();
  const queries = Object.values(Template.fromStack(stack).findResources('AWS::Logs::QueryDefinition')).map(
    ({ Properties }) => Properties as { Name: string; QueryString: string; LogGroupNames: unknown[] },
  );

  it('are these, in a folder of the system’s own', () => {
    expect(queries.map(({ Name }) => Name).sort()).toEqual([
      expect.stringMatching(/^Test-.+\/errors of the servers$/),
      expect.stringMatching(/\/failovers$/),
      expect.stringMatching(/\/runs$/),
      expect.stringMatching(/\/trouble with syncs$/),
      expect.stringMatching(/\/what the supervisors did$/),
      expect.stringMatching(/\/who is primary$/),
    ]);
    for (const { LogGroupNames } of queries) expect(LogGroupNames.length).toBeGreaterThan(0);
  });

  it('look for messages that our functions write', () => {
    const sources = readdirSync('lambda', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(`lambda/${file}`, 'utf8'))
      .join('\n');
    const messages = queries.flatMap(({ QueryString }) =>
      [...QueryString.matchAll(/message in \[(.*?)\]/g)].flatMap(
        ([, list = '']) => JSON.parse(`[${list}]`) as string[],
      ),
    );
    expect(messages).toHaveLength(7);
    for (const message of messages) expect(sources, message).toContain(`'${message}'`);
  });

  it('are understood: each line is a command, with fields before it sorts', () => {
    for (const { Name, QueryString } of queries) {
      const commands = QueryString.split('\n| ').map((line) => line.split(' ')[0]);
      expect(commands, Name).toEqual(['filter', 'fields', 'sort', 'limit']);
    }
  });
});

describe('who is primary', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('stands in the line of each look, under the names that the query asks for', () => {
    const lines = new WrittenLines();
    const record: PrimaryRecord = {
      databaseId: 'erp',
      epoch: 7,
      state: 'stable',
      primary: {
        memberId: 'db-ABC/eu-central-1b',
        availabilityZone: 'eu-central-1b',
        host: 'erp',
        port: 3306,
        addresses: [],
      },
      since: '2026-11-23T12:00:00Z',
      stateSince: '2026-11-23T12:00:00Z',
      observedAt: '2026-11-23T12:00:00Z',
      cause: 'test',
      announcedEpoch: 7,
    };
    const metrics = new PollMetrics('MobiLinkHA');
    metrics.publish('erp', { record, handedOver: false }, Date.parse(record.since));
    metrics.publish('erp', undefined, 0);
    const [line, blind] = lines.json;
    const { query = '' } = widgetsOf(monitored().stack)[0]?.properties ?? {};
    expect(query).toMatch(
      /filter DatabaseId = "Test-Consolidated-\w+" and ispresent\(since\)\n\| fields state, primary, zone, since, epoch/,
    );
    expect(line).toMatchObject({
      DatabaseId: 'erp',
      state: 'stable',
      primary: 'db-ABC/eu-central-1b',
      zone: 'eu-central-1b',
      since: '2026-11-23T12:00:00Z',
      epoch: '7',
    });
    expect(blind).not.toHaveProperty('since');
    expect(JSON.stringify(line?._aws)).toContain('"Name":"Polls"');
    expect(JSON.stringify(line?._aws)).not.toContain('primary');
  });
});
