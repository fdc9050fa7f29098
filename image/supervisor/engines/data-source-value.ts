import type { DataSourceKeys } from './engine';

/** What stands under a key, however it is written: ODBC knows no case. */
export function dataSourceValue(keys: DataSourceKeys, name: string): string | undefined {
  return Object.entries(keys).find(([key]) => key.toUpperCase() === name)?.[1];
}
