import { CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysLeft } from '../../image/supervisor/certificates';
import { parseConfiguration } from '../../image/supervisor/configuration';
import { KNOWN_NAMES } from '../../image/supervisor/metric-settings';
import { refusalOf } from '../../image/supervisor/refused-arguments';
import { type MobiLinkServerFarmProps, ServerVerbosity } from '../../lib';
import { validateExtraArguments } from '../../lib/farm/extra-arguments';
import { SERVER_METRICS } from '../../lib/farm/server-metrics';
import { Problems } from '../../lib/validation/problems';
import { LOGIN_ARN } from '../../rehearsal/mlsrv/told';
import { MACHINE } from '../supervisor/surroundings';
import { addFarm, build, farmland, messageOf } from './farm-fixture';
import { environmentIn } from './read-template';

const SUPPORT = { letters: '+', reason: 'case 123: lost rows', until: '2026-11-24T18:00:00Z' };

/** What the image makes of what a farm with these props tells it. */
function toldTo(props: Partial<MobiLinkServerFarmProps>) {
  const environment = environmentIn(build(props).template) as NodeJS.ProcessEnv;
  return parseConfiguration({ ...environment, MOBILINK_LOGIN_SECRET_ARN: LOGIN_ARN }, MACHINE);
}

describe('options of the MobiLink servers', () => {
  it('reach the image as they were given', () => {
    const configuration = toldTo({
      workers: 8,
      uploadWorkers: 3,
      maxActiveSyncs: 400,
      maxNetworkConnections: 2000,
      uploadGroup: 7,
      periodicInterval: Duration.seconds(20),
      verbosity: ServerVerbosity.forSupport(SUPPORT),
      preserveClientIp: true,
      ignoredClients: ['10.1.2.3', 'fd00::1'],
      metricNames: ['DB_CONNECTIONS', 'CMD_PROCESSOR_STAGE_LEN', 'NUM_COMMITS'],
      metricPattern: 'P (?<name>\\w+)=(?<value>\\d+)',
      extraArguments: ['-zf', '-cr 5'],
    });
    expect(configuration).toMatchObject({
      workers: 8,
      uploadWorkers: 3,
      maxActiveSyncs: 400,
      maxNetworkConnections: 2000,
      uploadGroup: 7,
      periodicSeconds: 20,
      verbosity: { letters: '+', until: Date.parse(SUPPORT.until) },
      ignoredClients: ['10.1.2.3', 'fd00::1'],
      metrics: {
        names: ['DB_CONNECTIONS', 'CMD_PROCESSOR_STAGE_LEN', 'NUM_COMMITS'],
        pattern: /P (?<name>\w+)=(?<value>\d+)/,
      },
      extraArguments: ['-zf', '-cr 5'],
    });
  });

  it('are those of mlsrv17 where nothing is given', () => {
    const configuration = toldTo({});
    const { uploadWorkers, maxActiveSyncs, maxNetworkConnections, uploadGroup } = configuration;
    expect([uploadWorkers, maxActiveSyncs, maxNetworkConnections, uploadGroup]).toEqual(Array(4).fill(undefined));
    expect(configuration).toMatchObject({ periodicSeconds: 60, verbosity: { letters: 'mn' }, ignoredClients: [] });
    expect(configuration.metrics.names).toEqual(KNOWN_NAMES);
  });

  it('may be tokens', () => {
    const land = farmland();
    const count = new CfnParameter(land.stack, 'Count', { type: 'Number' }).valueAsNumber;
    const { template } = build({ maxActiveSyncs: count, uploadWorkers: count }, land);
    expect(environmentIn(template)).toMatchObject({
      MOBILINK_MAX_ACTIVE_SYNCS: { Ref: 'Count' },
      MOBILINK_UPLOAD_WORKERS: { Ref: 'Count' },
    });
  });

  it.each<[string, string, Partial<MobiLinkServerFarmProps>]>([
    ['UploadWorkers', 'uploadWorkers', { workers: 4, uploadWorkers: 5 }],
    ['UploadWorkers', 'uploadWorkers', { uploadWorkers: 0 }],
    ['ServerOption', 'maxActiveSyncs', { maxActiveSyncs: 0 }],
    ['ServerOption', 'maxNetworkConnections', { maxNetworkConnections: 1.5 }],
    ['ServerOption', 'uploadGroup', { uploadGroup: -1 }],
    ['PeriodicInterval', 'periodicInterval', { periodicInterval: Duration.seconds(9) }],
    ['PeriodicInterval', 'periodicInterval', { periodicInterval: Duration.minutes(2) }],
    ['Verbosity', 'verbosity', { verbosity: ServerVerbosity.letters('-vmn') }],
    ['VerbosityReveals', 'verbosity', { verbosity: ServerVerbosity.letters('mnr') }],
    ['VerbosityReveals', 'verbosity', { verbosity: ServerVerbosity.letters('+') }],
    ['Reason', 'verbosity.reason', { verbosity: ServerVerbosity.forSupport({ ...SUPPORT, reason: ' ' }) }],
    ['VerbosityUntil', 'verbosity.until', { verbosity: ServerVerbosity.forSupport({ ...SUPPORT, until: 'tomorrow' }) }],
    [
      'VerbosityUntil',
      'verbosity.until',
      { verbosity: ServerVerbosity.forSupport({ ...SUPPORT, until: '2026-02-30T25:00:00Z' }) },
    ],
    ['IgnoredClients', 'ignoredClients', { ignoredClients: ['10.0.0.1'] }],
    ['IgnoredClient', 'ignoredClients', { preserveClientIp: true, ignoredClients: ['10.0.0.0/8', '10.0.0.1'] }],
    ['MetricNames', 'metricNames', { metricNames: ['DB_CONNECTIONS'] }],
    ['MetricName', 'metricNames', { metricNames: ['DB_CONNECTIONS', 'CMD_PROCESSOR_STAGE_LEN', 'A B'] }],
    ['MetricPattern', 'metricPattern', { metricPattern: '(?<name>' }],
    ['MetricPattern', 'metricPattern', { metricPattern: '(?<name>a) (b)' }],
    ['TargetConnections', 'targetConnectionsPercent', { targetConnectionsPercent: 0 }],
    ['TargetConnections', 'targetConnectionsPercent', { targetConnectionsPercent: 101 }],
    ['TargetSyncQueue', 'targetSyncQueueLength', { targetSyncQueueLength: 0 }],
  ])('%s of %s is refused by name before anything is created', (id, prop, props) => {
    const land = farmland();
    expect(messageOf(() => addFarm(land, props))).toContain(`[MobiLink:Farm:${id}] ${prop}: `);
    expect(land.stack.node.findChild('Farm').node.children).toEqual([]);
  });
});

describe('what farm and image hold for the same', () => {
  it('are the arguments that neither passes on', () => {
    const letters = fc.constantFrom(...'-@#cxzswmunptvodarfl tcipDSN=3+."\n'.split(''));
    const likely = fc.constantFrom(
      '-ud',
      '-zs',
      '-w',
      '-wm',
      '-nc',
      '-v',
      '-x',
      '-c',
      '-cn',
      '-ca',
      '-lsc',
      '-os',
      '@',
      ' ',
    );
    const argument = fc.array(fc.oneof(letters, likely), { minLength: 0, maxLength: 6 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(argument, (text) => {
        const problems = new Problems(new Stack());
        validateExtraArguments(problems, [text]);
        expect(problems.messages().length > 0).toBe(refusalOf(text) !== undefined);
      }),
      { numRuns: 5000, examples: [['-zf'], ['-cr 5'], ['-vmn'], [''], ['-cDSN=a']] },
    );
  });

  it('are the names of the metrics', () => {
    const counted = ['ServerErrors', 'ServerWarnings', 'DatabaseErrors', ...Object.keys(daysLeft(0, 0))];
    for (const name of Object.values(SERVER_METRICS)) expect([...KNOWN_NAMES, ...counted]).toContain(name);
  });
});
