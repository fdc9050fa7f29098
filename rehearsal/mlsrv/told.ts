export const LOGIN_ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:consolidated/login-AbCdEf';

/** The least that a supervisor must be told. */
export function environment(more: Record<string, string> = {}): Record<string, string> {
  return {
    MOBILINK_DATABASE: JSON.stringify({ engine: 'mysql', dsn: { SERVER: 'db.example.internal', DATABASE: 'consol' } }),
    MOBILINK_LOGIN_SECRET_ARN: LOGIN_ARN,
    MOBILINK_STREAMS: JSON.stringify([{ protocol: 'tcpip', port: 2439 }]),
    MOBILINK_HEALTH_PORT: '8439',
    MOBILINK_WORKERS: '5',
    MOBILINK_MAX_WORKERS: '10',
    MOBILINK_SCRIPT_VERSIONS: '2',
    MOBILINK_LONGEST_SYNC_SECONDS: '900',
    MOBILINK_METRICS: JSON.stringify({ namespace: 'MobiLinkHa', farm: 'stores' }),
    SATMP: '/scratch',
    ...more,
  };
}
