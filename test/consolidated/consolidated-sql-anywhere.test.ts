import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { MobiLinkEngine, OdbcDataSource } from '../../lib';
import { messageOf } from '../farm/farm-fixture';
import { mirrored } from '../primary/pair-fixture';

describe('a consolidated database on a mirrored pair', () => {
  const { stack, pair, database } = mirrored();

  it('is reached by the name that only the primary has, at both hosts', () => {
    expect(database.engine).toBe(MobiLinkEngine.SQL_ANYWHERE);
    expect(database.odbc.engine).toBe(MobiLinkEngine.SQL_ANYWHERE);
    expect(stack.resolve(database.odbc.render())).toEqual({
      SERVER: 'consolidated_primary',
      DBN: 'consolidated',
      HOST: 'first.mobilink-ha.internal:2638,second.mobilink-ha.internal:2638',
      RetryConnTO: '60',
      LTO: '30',
    });
  });

  it('is the pair’s own: id, port, login, network', () => {
    expect(database.databaseId).toBe(pair.databaseId);
    expect(database.port).toBe(2638);
    expect(database.mobiLinkLogin).toBe(pair.mobiLinkLogin);
    expect(database.connections.securityGroups).toEqual(pair.connections.securityGroups);
    expect([database.maximumConnections, database.reservedConnections]).toEqual([undefined, 20]);
  });

  it('tells the tracker whom to ask and which name to lead', () => {
    expect(database.primarySource.asksMembers).toBe(true);
    expect(stack.resolve(database.primarySource.render())).toEqual({
      kind: 'sql-anywhere',
      databaseId: pair.databaseId,
      members: [
        { server: 'consolidated_first', host: 'first.mobilink-ha.internal', availabilityZone: 'eu-central-1a' },
        { server: 'consolidated_second', host: 'second.mobilink-ha.internal', availabilityZone: 'eu-central-1b' },
      ],
      databasePort: 2638,
      rolePort: 8090,
      alias: { zoneId: stack.resolve(pair.zone.hostedZoneId), name: 'primary.mobilink-ha.internal' },
    });
    expect(database.primarySource.eventPattern).toEqual({
      source: ['mobilink-ha'],
      detailType: ['MobiLink Mirror Failover'],
      detail: { databaseId: [pair.databaseId] },
    });
  });

  it('takes time-outs and connections', () => {
    const given = mirrored({
      maximumConnections: 400,
      reservedConnections: 10,
      retryTimeout: Duration.minutes(2),
      livenessTimeout: Duration.seconds(15),
    });
    expect(given.database).toMatchObject({ maximumConnections: 400, reservedConnections: 10 });
    expect(given.database.odbc.render()).toMatchObject({ RetryConnTO: '120', LTO: '15' });
  });

  it('takes time-outs that only CloudFormation knows', () => {
    const land = new Stack(new App(), 'Land');
    const parameter = new CfnParameter(land, 'Seconds', { type: 'Number' });
    const odbc = OdbcDataSource.sqlAnywhere({
      serverName: 'erp_primary',
      hosts: ['a.example.com', 'b.example.com'],
      port: 2639,
      databaseName: 'erp',
      livenessTimeout: Duration.seconds(parameter.valueAsNumber),
    });
    expect(land.resolve(odbc.render())).toMatchObject({
      HOST: 'a.example.com:2639,b.example.com:2639',
      LTO: { Ref: 'Seconds' },
    });
  });

  it('refuses what cannot be, all at once', () => {
    const message = messageOf(() =>
      mirrored({
        maximumConnections: 20,
        reservedConnections: -1,
        retryTimeout: Duration.hours(1),
        livenessTimeout: Duration.seconds(9),
      }),
    );
    for (const id of ['ReservedConnections', 'RetryTimeout', 'LivenessTimeout']) {
      expect(message).toContain(`MobiLink:Consolidated:${id}`);
    }
    expect(messageOf(() => mirrored({ maximumConnections: 20 }))).toContain('MobiLink:Consolidated:MaximumConnections');
  });
});
