import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../lambda/track-primary/environment';
import { readPairTrigger } from '../../lambda/track-primary/pair-trigger';
import { ENVIRONMENT } from './invocations';
import { OTHER, PAIR } from './pair-lines';

describe('the environment of a pair', () => {
  const read = (source: object) => readEnvironment({ ...ENVIRONMENT, MOBILINK_PRIMARY_SOURCE: JSON.stringify(source) });

  it('is what the construct writes', () => {
    expect(read(PAIR).source).toEqual(PAIR);
  });

  const [first] = PAIR.members;
  it.each<[what: string, source: object, words: string]>([
    ['no server', { ...PAIR, members: [] }, 'members: must name a server'],
    [
      'three servers',
      { ...PAIR, members: [...PAIR.members, { ...first, server: 'x' }] },
      'members: must be the two partners',
    ],
    ['one server twice', { ...PAIR, members: [first, first] }, 'members: must be two servers'],
    ['no host', { ...PAIR, members: [{ ...first, host: '' }, PAIR.members[1]] }, 'members.0.host: is empty'],
    ['no port', { ...PAIR, rolePort: 0 }, 'rolePort'],
    ['no alias', { ...PAIR, alias: undefined }, 'alias'],
    ['no databaseId', { ...PAIR, databaseId: '' }, 'databaseId: is empty'],
  ])('says what is wrong with the source: %s', (_what, source, words) => {
    expect(() => read(source)).toThrow(words);
  });
});

describe('what leads to a look at a pair', () => {
  const EVENT = {
    source: 'mobilink-ha',
    'detail-type': 'MobiLink Mirror Failover',
    time: '2026-11-23T04:00:00Z',
    detail: { databaseId: 'main', server: OTHER },
  };

  it('a tick', () => {
    expect(readPairTrigger({ kind: 'tick', scheduledAt: '2026-11-23T04:00:00Z' }, 'main')).toEqual({
      kind: 'tick',
      scheduledAt: '2026-11-23T04:00:00.000Z',
    });
  });

  it('the event of the database, at its own time', () => {
    expect(readPairTrigger(EVENT, 'main')).toEqual({
      kind: 'event',
      hint: { meaning: 'partner-took-over', eventId: 'MirrorFailover', at: Date.parse('2026-11-23T04:00:00Z') },
      message: `${OTHER} took over`,
    });
    const nameless = { ...EVENT, time: undefined, detail: { databaseId: 'main' } };
    expect(readPairTrigger(nameless, 'main')).toMatchObject({ hint: { at: 0 }, message: 'a server took over' });
  });

  it('not the event of another pair', () => {
    expect(readPairTrigger(EVENT, 'another')).toEqual({ kind: 'foreign', resources: ['main'] });
  });

  it.each<[what: string, payload: unknown, words: string]>([
    ['nothing', undefined, 'Neither a tick nor an event of a mirrored pair'],
    ['an event of somebody else', { ...EVENT, source: 'aws.rds' }, 'source'],
    ['another event of ours', { ...EVENT, 'detail-type': 'MobiLink Primary Changed' }, 'detail-type'],
    ['no database', { ...EVENT, detail: { server: OTHER } }, 'detail.databaseId'],
    ['a tick of another kind', { kind: 'tock' }, 'Not a tick: kind'],
  ])('is refused, naming what is wrong: %s', (_what, payload, words) => {
    expect(() => readPairTrigger(payload, 'main')).toThrow(words);
  });
});
