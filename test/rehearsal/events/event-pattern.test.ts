import { describe, expect, test } from 'vitest';
import { EventPatternError, readEventPattern } from '../../../rehearsal/events/event-pattern';

const rds = {
  source: 'aws.rds',
  'detail-type': 'RDS DB Instance Event',
  region: 'eu-central-1',
  resources: ['arn:aws:rds:eu-central-1:123456789012:db:consolidated'],
  detail: {
    EventID: 'RDS-EVENT-0013',
    EventCategories: ['failover', 'notification'],
    attempt: 2,
    ratio: 301.8,
    forced: false,
    reason: null,
    empty: [],
    address: '10.1.2.3',
    path: 'a*b\\c',
    members: [
      { zone: 'a', role: 'primary' },
      { zone: 'b', role: 'standby' },
    ],
    nested: [['x'], ['y']],
  },
};

const inDetail = (field: string, ...entries: unknown[]) => ({ detail: { [field]: entries } });

describe('event patterns', () => {
  test.each<[what: string, pattern: object, matches: boolean]>([
    ['an exact value', { source: ['aws.rds'] }, true],
    ['one of several values', { source: ['aws.ec2', 'aws.rds'] }, true],
    ['another value', { source: ['aws.ec2'] }, false],
    ['case counts', { source: ['AWS.rds'] }, false],
    ['all fields must match', { source: ['aws.rds'], region: ['us-east-1'] }, false],
    ['a field that is missing', { account: ['123456789012'] }, false],
    ['a list in the event: one is enough', inDetail('EventCategories', 'notification'), true],
    ['a list in the event: none of them', inDetail('EventCategories', 'backup'), false],
    ['a number', inDetail('attempt', 2), true],
    ['a number written otherwise', inDetail('ratio', 3.018e2), true],
    ['a number is no text', inDetail('attempt', '2'), false],
    ['a boolean', inDetail('forced', false), true],
    ['null', inDetail('reason', null), true],
    ['null is not missing', inDetail('missing', null), false],
    ['lists within lists', inDetail('nested', 'y'), true],

    ['prefix', { resources: [{ prefix: 'arn:aws:rds:' }] }, true],
    ['prefix of something else', { resources: [{ prefix: 'arn:aws:ec2:' }] }, false],
    ['prefix without regard to case', inDetail('EventID', { prefix: { 'equals-ignore-case': 'rds-event' } }), true],
    ['prefix of a number', inDetail('attempt', { prefix: '2' }), false],
    ['suffix', inDetail('EventID', { suffix: '-0013' }), true],
    ['suffix of something else', inDetail('EventID', { suffix: '-0049' }), false],
    ['suffix without regard to case', { source: [{ suffix: { 'equals-ignore-case': '.RDS' } }] }, true],
    ['equals-ignore-case', { source: [{ 'equals-ignore-case': 'AWS.RDS' }] }, true],
    ['equals-ignore-case of something else', { source: [{ 'equals-ignore-case': 'AWS.RD' }] }, false],

    ['anything-but another text', { source: [{ 'anything-but': 'aws.ec2' }] }, true],
    ['anything-but this text', { source: [{ 'anything-but': 'aws.rds' }] }, false],
    ['anything-but a list with it', { source: [{ 'anything-but': ['aws.ec2', 'aws.rds'] }] }, false],
    ['anything-but numbers', inDetail('attempt', { 'anything-but': [1, 3] }), true],
    ['anything-but this number', inDetail('attempt', { 'anything-but': [2] }), false],
    ['anything-but on a list: another element', inDetail('EventCategories', { 'anything-but': 'failover' }), true],
    ['anything-but of a missing field', inDetail('missing', { 'anything-but': 'x' }), false],
    ['anything-but a prefix', { source: [{ 'anything-but': { prefix: 'aws.' } }] }, false],
    ['anything-but several prefixes', { source: [{ 'anything-but': { prefix: ['ec2', 'ssm'] } }] }, true],
    ['anything-but a suffix', { source: [{ 'anything-but': { suffix: '.ec2' } }] }, true],
    ['anything-but in any case', { source: [{ 'anything-but': { 'equals-ignore-case': ['AWS.RDS'] } }] }, false],
    ['anything-but a wildcard', { source: [{ 'anything-but': { wildcard: '*.rds' } }] }, false],

    ['numeric =', inDetail('ratio', { numeric: ['=', 301.8] }), true],
    ['numeric <', inDetail('attempt', { numeric: ['<', 2] }), false],
    ['numeric <=', inDetail('attempt', { numeric: ['<=', 2] }), true],
    ['numeric between', inDetail('attempt', { numeric: ['>', 0, '<=', 5] }), true],
    ['numeric outside', inDetail('attempt', { numeric: ['>=', 3, '<', 5] }), false],
    ['numeric of a text', inDetail('EventID', { numeric: ['>', 0] }), false],

    ['exists', inDetail('reason', { exists: true }), true],
    ['exists: a missing field', inDetail('missing', { exists: true }), false],
    ['exists: no leaf', { detail: [{ exists: true }] }, false],
    ['exists: an empty list', inDetail('empty', { exists: true }), false],
    ['exists not', inDetail('missing', { exists: false }), true],
    ['exists not: it does', inDetail('EventID', { exists: false }), false],
    ['exists not: no leaf', { detail: [{ exists: false }] }, true],
    ['exists not, deeper than the event goes', { absent: { deeper: [{ exists: false }] } }, true],

    ['wildcard', inDetail('EventID', { wildcard: 'RDS-*-0013' }), true],
    ['wildcard that stands for nothing', inDetail('EventID', { wildcard: 'RDS-EVENT-0013*' }), true],
    ['wildcard elsewhere', inDetail('EventID', { wildcard: 'RDS-*-0049' }), false],
    ['wildcard: plain asterisk and backslash', inDetail('path', { wildcard: 'a\\*b\\\\*' }), true],
    ['wildcard: other signs are plain', inDetail('EventID', { wildcard: 'RDS.EVENT.*' }), false],
    ['cidr', inDetail('address', { cidr: '10.0.0.0/8' }), true],
    ['cidr: another range', inDetail('address', { cidr: '10.2.0.0/16' }), false],
    ['cidr: no address', inDetail('EventID', { cidr: '0.0.0.0/0' }), false],

    ['$or', { $or: [{ source: ['aws.ec2'] }, { region: ['eu-central-1'] }] }, true],
    ['$or: neither', { $or: [{ source: ['aws.ec2'] }, { region: ['us-east-1'] }] }, false],
    ['$or and another field', { source: ['aws.ec2'], $or: [{ region: ['eu-central-1'] }, { account: ['1'] }] }, false],
    ['$or, deeper', { detail: { $or: [{ attempt: [1] }, { EventID: [{ prefix: 'RDS' }] }] } }, true],

    ['fields of one element', { detail: { members: { zone: ['a'], role: ['primary'] } } }, true],
    ['fields of different elements', { detail: { members: { zone: ['a'], role: ['standby'] } } }, false],
  ])('%s', (_, pattern, matches) => {
    expect(readEventPattern(pattern)(rds)).toBe(matches);
  });

  test.each<[what: string, pattern: unknown, why: string]>([
    ['no object', 'aws.rds', 'is an object'],
    ['an empty pattern', {}, 'at least one field'],
    ['a value outside a list', { source: 'aws.rds' }, 'source: a pattern'],
    ['an empty list', { source: [] }, 'source: an empty list'],
    ['an empty object', { detail: {} }, 'detail: an empty object'],
    ['an unknown operator', { detail: { EventID: [{ contains: 'x' }] } }, 'detail.EventID: the operator contains'],
    ['an operator misspelt', { source: [{ Prefix: 'aws' }] }, 'the operator Prefix'],
    ['two operators at once', { source: [{ prefix: 'a', suffix: 's' }] }, 'stands alone'],
    ['no operator', { source: [{}] }, 'stands alone'],
    ['a list within the list', { source: [['aws.rds']] }, 'stands alone'],
    ['exists with a text', { source: [{ exists: 'true' }] }, 'true or false'],
    ['prefix with a number', { source: [{ prefix: 1 }] }, 'takes text'],
    ['prefix with an unknown operator', { source: [{ prefix: { wildcard: 'a*' } }] }, 'takes no wildcard'],
    ['numeric: unknown comparison', { detail: { n: [{ numeric: ['~', 1] }] } }, 'no comparison'],
    ['numeric: no number', { detail: { n: [{ numeric: ['>', '1'] }] } }, 'takes a number'],
    ['numeric: too large', { detail: { n: [{ numeric: ['<', 6e9] }] } }, 'takes a number'],
    ['numeric: two lower bounds', { detail: { n: [{ numeric: ['>', 1, '>=', 2] }] } }, 'a lower bound and then'],
    ['numeric: upper bound first', { detail: { n: [{ numeric: ['<', 1, '>', 2] }] } }, 'a lower bound and then'],
    ['anything-but: mixed', { source: [{ 'anything-but': ['a', 1] }] }, 'texts only'],
    ['anything-but: nothing', { source: [{ 'anything-but': [] }] }, 'at least one value'],
    ['anything-but: unknown', { source: [{ 'anything-but': { exists: true } }] }, 'takes no exists'],
    ['wildcard: two in a row', { source: [{ wildcard: 'a**' }] }, 'no two asterisks'],
    ['wildcard: odd escape', { source: [{ wildcard: 'a\\b' }] }, 'a backslash stands before'],
    ['cidr: no range', { source: [{ cidr: '10.0.0.0' }] }, 'cidr takes a range'],
    ['cidr: too many bits', { source: [{ cidr: '10.0.0.0/33' }] }, 'cidr takes a range'],
  ])('refuses %s', (_, pattern, why) => {
    expect(() => readEventPattern(pattern)).toThrow(EventPatternError);
    expect(() => readEventPattern(pattern)).toThrow(why);
  });

  test('$or with a single entry, or with matchers in it, is the name of a field', () => {
    const single = readEventPattern({ $or: [{ exists: false }] });
    expect(single({})).toBe(true);
    expect(single({ $or: 1 })).toBe(false);
    const matchers = readEventPattern({ $or: [{ prefix: 'a' }, { suffix: 'z' }] });
    expect(matchers({ $or: 'abc' })).toBe(true);
    expect(matchers({ prefix: 'a' })).toBe(false);
  });

  test('IPv6 ranges', () => {
    const matches = readEventPattern({ ip: [{ cidr: '2001:db8::/32' }] });
    expect(matches({ ip: '2001:db8::7' })).toBe(true);
    expect(matches({ ip: '2001:db9::7' })).toBe(false);
    expect(matches({ ip: '10.0.0.1' })).toBe(false);
  });
});
