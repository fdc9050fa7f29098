import { type Call, ServiceError } from './service';

/** What each filter of an operation matches. */
export type Filters<T> = Record<string, (it: T, value: string) => boolean>;

/** RDS API reference, "MaxRecords". */
const RECORDS = { default: 100, least: 20, most: 100 };

/** In the words of RDS for clusters, which https://github.com/cloud-custodian/cloud-custodian/pull/10133 cites. */
const MOST_VALUES = 100;

/** Those that all filters of the call match; a filter that matches none is no error. */
export function filtered<T>(all: T[], filters: Filters<T>, call: Call): T[] {
  const asked = (call.input.Filters ?? []) as { Name: string; Values: string[] }[];
  return asked.reduce((left, { Name, Values }) => {
    const holds = filters[Name];
    if (!holds) throw invalid(`Unrecognized filter name: ${Name}`);
    if (new Set(Values).size > MOST_VALUES) {
      const message = `Only up to ${MOST_VALUES} unique filter identifiers may be specified per filter.`;
      throw new ServiceError('InvalidParameterCombination', message);
    }
    return left.filter((it) => Values.some((value) => holds(it, value)));
  }, all);
}

/** The page that the call asks for, and the marker of the next one. */
export function page<T extends { readonly identifier: string }>(
  all: T[],
  call: Call,
): { found: T[]; Marker: string | undefined } {
  const { Marker: marker, MaxRecords: most = RECORDS.default } = call.input;
  if (typeof most !== 'number' || most < RECORDS.least || most > RECORDS.most) {
    throw invalid(`Invalid value ${most} for MaxRecords. Must be between ${RECORDS.least} and ${RECORDS.most}`);
  }
  const left = [...all]
    .sort((a, b) => (a.identifier < b.identifier ? -1 : 1))
    .filter((it) => typeof marker !== 'string' || it.identifier > marker);
  const found = left.slice(0, most);
  return { found, Marker: left.length > most ? found.at(-1)?.identifier : undefined };
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidParameterValue', message);
}
