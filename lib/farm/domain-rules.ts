import { known, type Problems } from '../validation/problems';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';

/** Notes what is wrong with the name that remotes store. */
export function validateName(problems: Problems, props: MobiLinkServerFarmProps): void {
  const { domainName, domainZone } = props;
  problems.require((domainName === undefined) === (domainZone === undefined), {
    id: 'MobiLink:Farm:DomainZone',
    prop: domainName === undefined ? 'domainName' : 'domainZone',
    rule: 'domainName and domainZone go together',
    value: undefined,
    fix: 'give the name that remotes store and the hosted zone in which it lies, or none of both',
  });
  const name = known(domainName);
  problems.require(name === undefined || isHostName(name), {
    id: 'MobiLink:Farm:DomainName',
    prop: 'domainName',
    rule: 'must be a host name of letters, digits and hyphens, with dots between its labels',
    value: name,
    fix: 'write it as in sync.example.com',
  });
  const zone = known(domainZone?.zoneName);
  if (name === undefined || zone === undefined) return;
  const [host, apex] = [name, zone].map((text) => text.toLowerCase().replace(/\.$/, ''));
  problems.require(host === apex || (host?.endsWith(`.${apex}`) ?? false), {
    id: 'MobiLink:Farm:DomainOutsideZone',
    prop: 'domainName',
    rule: `must lie within the zone ${apex}`,
    value: name,
    fix: `end the name in .${apex}, or pass the zone that the name belongs to`,
  });
}

function isHostName(text: string): boolean {
  return (
    text.length <= 254 &&
    text
      .replace(/\.$/, '')
      .split('.')
      .every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label))
  );
}
