export const HELP = `mobilink-ha: looks after a MobiLink system

Looking
  status                        who is primary and since when, the servers, the last runs, stale remotes
  doctor                        why is nothing synchronizing? Checks in order of likelihood, each finding with its fix
  runs [--last N]               the last runs of each schedule (default: 10)
  run ID                        one run; --wait follows it to its end
  remotes list [--group G]      the remotes, with what their last sync brought

Changing
  remotes import FILE           registers remotes from CSV or JSON lines; --dry-run only checks the file
  remotes pause [REMOTE...]     REMOTE is GROUP/NAME; --group G pauses a group, --all everything
  remotes resume [REMOTE...]    the same the other way round
  sync REMOTE...                orders a sync now, as a schedule does; --wait follows it

Options
  --stack NAME      the stack of the MobiLinkSystem (or MOBILINK_HA_STACK)
  --system OUTPUT   which one, if the stack has several
  --region, --profile   as of the AWS CLI
  --stale-after H   hours after which a remote without a sync is stale (default: thrice its schedule's gap)
  --json            one JSON document instead of tables
  --help, --version

Exit codes: 0 well, 1 something was found, 2 wrong words, 3 AWS refuses or cannot be reached, 130 interrupted

Examples
  mobilink-ha status --stack MobiLink-prod-Stateless
  mobilink-ha doctor --stack MobiLink-prod-Stateless --region eu-central-1 --profile operations
  mobilink-ha remotes import stores.csv --dry-run
  mobilink-ha sync stores/store-0007 --wait
`;
