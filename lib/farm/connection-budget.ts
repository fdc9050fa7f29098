import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import { known, Problems } from '../validation/problems';
import { type FarmSize, PROBE_CONNECTIONS, peakServers, serverConnections } from './farm-size';

/** The rule between a farm and its database, which may be made or changed after the farm: checked at synth. */
export function checkConnectionBudget(farm: Construct, database: IConsolidatedDatabase, size: FarmSize): void {
  if (database.maximumConnections === undefined) {
    Annotations.of(farm).addWarningV2(
      'MobiLink:Farm:ConnectionBudgetUnknown',
      `database: nobody said how many connections it accepts, so nothing stops the farm from using more. ` +
        `Fix: give maximumConnections to the consolidated database.`,
    );
  }
  farm.node.addValidation({ validate: () => connectionBudgetProblems(farm, database, size).messages() });
}

function connectionBudgetProblems(farm: Construct, database: IConsolidatedDatabase, size: FarmSize): Problems {
  const problems = new Problems(farm);
  const maximum = known(database.maximumConnections);
  const reserved = known(database.reservedConnections);
  const servers = peakServers(size);
  const ofServer = serverConnections(size);
  if (maximum === undefined || reserved === undefined || servers === undefined || ofServer === undefined) {
    return problems;
  }
  const perServer = ofServer + PROBE_CONNECTIONS;
  const needed = servers * perServer;
  const available = maximum - reserved;
  problems.require(needed <= available, {
    id: 'MobiLink:Farm:ConnectionBudget',
    prop: 'maxServers',
    rule:
      `the farm must not need more connections than the database has for it: ${maximum} less ${reserved} reserved is ` +
      `${available}. At its peak there are ${servers} servers (${size.maxServers} x ${size.maximumPercent} % and ` +
      `${size.drainingServers} draining) with ${perServer} connections each (${size.scriptVersions} script versions x ` +
      `${size.maxWorkers} workers + 1 + ${PROBE_CONNECTIONS} probe)`,
    value: needed,
    fix:
      'have fewer servers at a time (maxServers, maximumPercent, drainingServers), ' +
      'or fewer connections a server (maxWorkers, scriptVersions), ' +
      "or more connections in the database (the engine's maximumConnections, with the memory that they need)",
  });
  return problems;
}
