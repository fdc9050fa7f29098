import { describe, expect, test } from 'vitest';
import { replaceContextAttributes } from '../../../rehearsal/events/schedule-context';
import { type TargetInput, TargetInputError, targetInput } from '../../../rehearsal/events/target-input';

const event = {
  id: 'e-1',
  source: 'aws.rds',
  resources: ['arn:first', 'arn:second'],
  detail: { EventID: 'RDS-EVENT-0013', Message: 'It said "started"\nat once', attempt: 2, tags: { 'a b': 'c' } },
};
const rule = { ruleArn: 'arn:aws:events:eu-central-1:1:rule/r', ruleName: 'r', ingestedMillis: Date.UTC(2026, 0, 1) };

const transformed = (InputTemplate: string, InputPathsMap: Record<string, string> = {}): TargetInput => ({
  InputTransformer: { InputTemplate, InputPathsMap },
});

describe('what the target of a rule gets', () => {
  test.each<[what: string, target: TargetInput, expected: unknown]>([
    ['the event itself', {}, event],
    ['a fixed input', { Input: '{"kind":"tick"}' }, { kind: 'tick' }],
    ['a part of the event', { InputPath: '$.detail' }, event.detail],
    ['the whole event by path', { InputPath: '$' }, event],
    ['an element of a list', { InputPath: '$.resources[1]' }, 'arn:second'],
    ['a key in brackets', { InputPath: "$.detail.tags['a b']" }, 'c'],
    [
      'bare values',
      transformed('{"id":<id>,"n":<n>}', { id: '$.detail.EventID', n: '$.detail.attempt' }),
      { id: 'RDS-EVENT-0013', n: 2 },
    ],
    ['objects', transformed('{"d":<t>}', { t: '$.detail.tags' }), { d: { 'a b': 'c' } }],
    [
      'values within text',
      transformed('"<id> came <n> times"', { id: '$.id', n: '$.detail.attempt' }),
      'e-1 came 2 times',
    ],
    [
      'quotes within text',
      transformed('{"m":"so: <m>"}', { m: '$.detail.Message' }),
      { m: 'so: It said "started"\nat once' },
    ],
    ['an object within text', transformed('"<t>"', { t: '$.detail.tags' }), '{"a b":"c"}'],
    ['an escaped quote in the template', transformed('{"m":"\\"<id>\\""}', { id: '$.id' }), { m: '"e-1"' }],
    ['nothing within text for a path without value', transformed('"[<x>]"', { x: '$.detail.missing' }), '[]'],
    [
      'the rule',
      transformed('{"arn":<aws.events.rule-arn>,"name":"<aws.events.rule-name>"}'),
      { arn: rule.ruleArn, name: 'r' },
    ],
    ['the time it came in', transformed('<aws.events.event.ingestion-time>'), '2026-01-01T00:00:00.000Z'],
    ['the event as JSON', transformed('<aws.events.event.json>'), event],
    [
      'the event without its detail',
      transformed('<aws.events.event>'),
      { id: 'e-1', source: 'aws.rds', resources: event.resources },
    ],
  ])('%s', (_, target, expected) => {
    expect(targetInput(target, event, rule)).toEqual(expected);
  });

  test.each<[what: string, target: TargetInput, why: string]>([
    ['two of them', { Input: '{}', InputPath: '$' }, 'one of'],
    ['an input that is no JSON', { Input: '{' }, 'Input is no JSON'],
    ['a path that leads nowhere', { InputPath: '$.detail.missing' }, 'nothing at InputPath'],
    ['a path without $', { InputPath: 'detail' }, 'starts with $'],
    ['a path with a wildcard', { InputPath: '$.resources[*]' }, 'not known here'],
    ['an unknown variable', transformed('{"a":<nobody>}'), '<nobody>'],
    ['JSON broken by a missing value', transformed('{"a":<x>}', { x: '$.detail.missing' }), 'is no JSON'],
  ])('refuses %s', (_, target, why) => {
    expect(() => targetInput(target, event, rule)).toThrow(TargetInputError);
    expect(() => targetInput(target, event, rule)).toThrow(why);
  });
});

describe('context attributes of a schedule', () => {
  const invocation = {
    scheduledMillis: Date.parse('2026-11-23T04:00:00Z'),
    scheduleArn: 'arn:s',
    executionId: 'x-1',
    attemptNumber: 1,
  };

  test('are replaced wherever they stand', () => {
    const input =
      '{"scheduledAt":"<aws.scheduler.scheduled-time>","by":"<aws.scheduler.schedule-arn>","run":"<aws.scheduler.execution-id>-<aws.scheduler.attempt-number>"}';
    expect(JSON.parse(replaceContextAttributes(input, invocation))).toEqual({
      scheduledAt: '2026-11-23T04:00:00Z',
      by: 'arn:s',
      run: 'x-1-1',
    });
  });

  test('a misspelt one is refused', () => {
    expect(() => replaceContextAttributes('"<aws.scheduler.time>"', invocation)).toThrow('<aws.scheduler.time>');
  });
});
