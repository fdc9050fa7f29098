import { isIPv4 } from 'node:net';
import { AssemblyError } from './assembly-error';

/** `Fn::Cidr`: the first `count` ranges of `hostBits` bits each within an IPv4 range. */
export function addressRanges(block: string, count: number, hostBits: number): string[] {
  const [address = '', prefixText = ''] = block.split('/');
  const prefix = Number(prefixText);
  if (!isIPv4(address) || prefixText === '' || !Number.isInteger(prefix) || prefix < 0 || prefix > 32) {
    throw new AssemblyError(`Fn::Cidr: ${block} is no IPv4 range (IPv6 is not resolved here)`);
  }
  if (!Number.isInteger(count) || count < 1 || count > 256) {
    throw new AssemblyError(`Fn::Cidr: the count must be a whole number from 1 to 256, not ${count}`);
  }
  if (
    !Number.isInteger(hostBits) ||
    hostBits < 1 ||
    hostBits > 32 - prefix ||
    count * 2 ** hostBits > 2 ** (32 - prefix)
  ) {
    throw new AssemblyError(`Fn::Cidr: ${block} does not hold ${count} ranges of ${hostBits} bits`);
  }
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = number - (number % 2 ** (32 - prefix));
  return Array.from({ length: count }, (_, index) => {
    const start = first + index * 2 ** hostBits;
    const parts = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
    return `${parts.join('.')}/${32 - hostBits}`;
  });
}
