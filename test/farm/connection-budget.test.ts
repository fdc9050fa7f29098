import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { addFarm, build, farmland, messageOf } from './farm-fixture';

describe('the connection budget', () => {
  // (4 x 200 % + 4) servers x (1 x 5 + 1 + 1) connections.
  const needed = 84;

  it('may be used up to the last connection', () => {
    const land = farmland({ maximumConnections: needed + 20, reservedConnections: 20 });
    expect(() => build({}, land)).not.toThrow();
  });

  it('is refused with its numbers and three ways out', () => {
    const land = farmland({ maximumConnections: needed + 19, reservedConnections: 20 });
    addFarm(land);
    const message = messageOf(() => Template.fromStack(land.stack));
    expect(message).toContain('[MobiLink:Farm:ConnectionBudget]');
    expect(message).toContain('103 less 20 reserved is 83');
    expect(message).toContain('12 servers (4 x 200 % and 4 draining) with 7 connections each');
    expect(message).toContain(`got ${needed}`);
    for (const way of ['maxServers, maximumPercent', 'maxWorkers, scriptVersions', "the engine's maximumConnections"]) {
      expect(message).toContain(way);
    }
  });

  it.each([
    ['more servers', { maxServers: 5 }],
    ['a higher ceiling', { minServers: 3, maximumPercent: 200, drainingServers: 5 }],
    ['more workers', { maxWorkers: 6 }],
    ['more script versions', { scriptVersions: 2 }],
  ])('is broken by %s', (_, props) => {
    const land = farmland({ maximumConnections: needed });
    addFarm(land, props);
    expect(() => Template.fromStack(land.stack)).toThrow('[MobiLink:Farm:ConnectionBudget]');
  });

  it('rounds the ceiling of a deployment down, as ECS does', () => {
    // 5 x 150 % = 7.5: 7 servers and 5 draining, 7 connections each.
    const props = { minServers: 2, maxServers: 5, maximumPercent: 150 };
    expect(() => build(props, farmland({ maximumConnections: 84 }))).not.toThrow();
    expect(() => build(props, farmland({ maximumConnections: 83 }))).toThrow('got 84');
  });

  it('is reported for every farm at once', () => {
    const land = farmland({ maximumConnections: 10 });
    addFarm(land, {}, 'North');
    addFarm(land, {}, 'South');
    const message = messageOf(() => Template.fromStack(land.stack));
    expect(message).toContain('[Test/North]');
    expect(message).toContain('[Test/South]');
  });

  it('that nobody knows is said to be unknown', () => {
    const land = farmland({ maximumConnections: undefined });
    addFarm(land);
    Annotations.fromStack(land.stack).hasWarning(
      '/Test/Farm',
      Match.stringLikeRegexp('nobody said how many connections'),
    );
  });

  it('counts licences by the same peak', () => {
    expect(() => build({ licensedServers: 12 })).not.toThrow();
  });
});
