/** A product that cannot be the consolidated database, and what to do instead. */
export interface RefusedEngine {
  /** The id of the error. */
  readonly id: string;
  /** As its vendor calls it. */
  readonly product: string;
  /** Why it is refused. */
  readonly reason: string;
  /** What to use instead. */
  readonly fix: string;
}

const REFUSED_ID = 'MobiLink:Consolidated:EngineRefused';
const AURORA = 'MobiLink:Consolidated:Aurora';
const NOT_OF_MOBILINK = 'MobiLink cannot use it (SAP, "MobiLink consolidated databases", 17.0)';
const OTHERS = 'use MySQL, SQL Server or Oracle on RDS, or SQL Anywhere';

/** By how the engine's name begins, as RDS and people write it. */
const REFUSED: readonly (readonly [RegExp, RefusedEngine])[] = [
  [/^aurora-?postgres/, { id: AURORA, product: 'Aurora PostgreSQL', reason: NOT_OF_MOBILINK, fix: OTHERS }],
  [
    /^aurora/,
    {
      id: AURORA,
      product: 'Aurora MySQL',
      reason: 'SAP supports MobiLink with MySQL, and names no version of Aurora',
      fix: 'use an instance or a Multi-AZ DB cluster of RDS for MySQL',
    },
  ],
  [/^postgres/, { id: REFUSED_ID, product: 'PostgreSQL', reason: NOT_OF_MOBILINK, fix: OTHERS }],
  [/^mariadb/, { id: REFUSED_ID, product: 'MariaDB', reason: NOT_OF_MOBILINK, fix: OTHERS }],
  [
    /^db2/,
    {
      id: REFUSED_ID,
      product: 'Db2',
      reason:
        'MobiLink can use it, and this package cannot yet: RDS for Db2 wants customer numbers of IBM and has no construct in aws-cdk-lib',
      fix: `${OTHERS}; a Db2 that exists already by ConsolidatedDatabase.fromOdbc`,
    },
  ],
  [
    /^(sqlserver-(ex|web|dev)|sql-server-(express|web|developer))/,
    {
      id: REFUSED_ID,
      product: 'SQL Server Express, Web or Developer',
      reason: 'RDS replicates no instance of it to a standby that fails over with its databases in step',
      fix: 'use the Standard or the Enterprise Edition',
    },
  ],
  [
    /^custom-/,
    {
      id: REFUSED_ID,
      product: 'RDS Custom',
      reason: 'what runs on its hosts is not known, and its failover is not that of RDS',
      fix: OTHERS,
    },
  ],
];

/** Why a product cannot be used; undefined when nothing is known against it. */
export function refusalOf(engineName: string): RefusedEngine | undefined {
  const name = engineName.toLowerCase();
  return REFUSED.find(([pattern]) => pattern.test(name))?.[1];
}
