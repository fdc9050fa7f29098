import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { buildApp, type Resource, synthesize } from '../gates/app';

const DOCUMENT = 'docs/cost.md';
const STAGES = ['dev', 'prod', 'cluster', 'pair'];

const { prices, hoursAMonth } = JSON.parse(readFileSync('docs/list-prices.json', 'utf8')) as {
  prices: Record<string, { dollars: number }>;
  hoursAMonth: number;
};

interface Line {
  readonly part: string;
  readonly dollars: number;
}

function price(name: string): number {
  const found = prices[name];
  if (!found) throw new Error(`docs/list-prices.json has no price of ${name}`);
  return found.dollars;
}

const hourly = (name: string) => price(name) * hoursAMonth;
const number = (value: unknown, otherwise = 0) => (value === undefined ? otherwise : Number(value));

/** What the templates of a stage cost while nothing synchronizes. */
function costsOf(resources: readonly Resource[]): Line[] {
  const of = (type: string) => resources.filter(({ Type }) => Type === type).map(({ Properties = {} }) => Properties);
  const sum = (type: string, each: (properties: Record<string, unknown>) => number) =>
    of(type).reduce((all, it) => all + each(it), 0);
  const rds =
    sum('AWS::RDS::DBInstance', ({ DBInstanceClass, MultiAZ, AllocatedStorage }) => {
      const copies = MultiAZ === true ? 2 : 1;
      return copies * (hourly(String(DBInstanceClass)) + number(AllocatedStorage) * price('rdsStorageGigabyteMonth'));
    }) +
    sum('AWS::RDS::DBCluster', ({ DBClusterInstanceClass, AllocatedStorage }) => {
      return 3 * (hourly(String(DBClusterInstanceClass)) + number(AllocatedStorage) * price('rdsStorageGigabyteMonth'));
    });
  const hosts = sum('AWS::EC2::LaunchTemplate', ({ LaunchTemplateData }) =>
    hourly(String((LaunchTemplateData as { InstanceType?: string }).InstanceType)),
  );
  const volumes = sum('AWS::EC2::Volume', ({ Size }) => number(Size) * price('volumeGigabyteMonth'));
  const [task] = of('AWS::ECS::TaskDefinition').filter(({ Family }) => String(Family).includes('Task'));
  const { Cpu, Memory } = task ?? {};
  const server =
    (number(Cpu) / 1024) * hourly('fargateCpuHour') + (number(Memory) / 1024) * hourly('fargateGigabyteHour');
  const [scaling] = of('AWS::ApplicationAutoScaling::ScalableTarget');
  const servers = number(scaling?.MinCapacity, 1);
  const metrics = sum('AWS::CloudWatch::Alarm', ({ Metrics }) =>
    Metrics === undefined ? 1 : (Metrics as { MetricStat?: unknown }[]).filter(({ MetricStat }) => MetricStat).length,
  );
  const watching =
    metrics * price('alarmMetricMonth') +
    of('AWS::CloudWatch::CompositeAlarm').length * price('compositeAlarmMonth') +
    of('AWS::CloudWatch::Dashboard').length * price('dashboardMonth');
  return [
    { part: 'database', dollars: rds + hosts + volumes },
    { part: `servers (${servers} of ${number(Cpu) / 1024} vCPU)`, dollars: servers * server },
    {
      part: 'balancer',
      dollars: of('AWS::ElasticLoadBalancingV2::LoadBalancer').length * hourly('networkLoadBalancerHour'),
    },
    { part: 'NAT gateways', dollars: of('AWS::EC2::NatGateway').length * hourly('natGatewayHour') },
    { part: 'secrets', dollars: of('AWS::SecretsManager::Secret').length * price('secretMonth') },
    { part: 'alarms, dashboard', dollars: watching },
  ];
}

it('the table of costs is that of the templates; UPDATE_DOCUMENTS=1 writes it', () => {
  const rows = STAGES.map((stage) => {
    const resources = synthesize(buildApp({ stage })).flatMap(({ template }) => Object.values(template.Resources));
    const lines = costsOf(resources);
    for (const { part, dollars } of lines) expect(dollars, `${stage}: ${part}`).toBeGreaterThan(0);
    const all = lines.reduce((sum, { dollars }) => sum + dollars, 0);
    return `| \`${stage}\` | ${lines.map(({ part, dollars }) => `${Math.round(dollars)} ${/\(.*\)/.exec(part)?.[0] ?? ''}`.trim()).join(' | ')} | **${Math.round(all)}** |`;
  });
  const heads = [
    'stage',
    'database',
    'servers, at least',
    'balancer',
    'NAT gateways',
    'secrets',
    'alarms, dashboard',
    'dollars a month',
  ];
  const wanted = `<!-- cost -->\n| ${heads.join(' | ')} |\n|${'---|'.repeat(heads.length)}\n${rows.join('\n')}\n<!-- /cost -->`;
  const text = readFileSync(DOCUMENT, 'utf8');
  const written = /<!-- cost -->[\s\S]*<!-- \/cost -->/.exec(text)?.[0] ?? '';
  if (process.env.UPDATE_DOCUMENTS === '1')
    writeFileSync(
      DOCUMENT,
      text.replace(written, () => wanted),
    );
  else expect(written).toBe(wanted);
});
