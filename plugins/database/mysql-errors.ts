import type { FailureKind } from './failure.ts'

// Numbers, not names: MySQL and MariaDB agree on those that both have, and the driver knows MySQL's names only.
const serverErrors: readonly (readonly [FailureKind, readonly number[]])[] = [
  // DUP_KEY, DUP_ENTRY, DUP_ENTRY_WITH_KEY_NAME, DUP_UNKNOWN_IN_INDEX
  ['exists', [1022, 1062, 1586, 1859]],
  // Too many connections or no memory: CON_COUNT_ERROR, OUT_OF_RESOURCES, OUTOFMEMORY, TOO_MANY_USER_CONNECTIONS,
  // USER_LIMIT_REACHED
  ['away', [1040, 1041, 1037, 1203, 1226]],
  // A server that ends: SERVER_SHUTDOWN, NORMAL_SHUTDOWN, SHUTDOWN_COMPLETE, FORCING_CLOSE, CONNECTION_KILLED,
  // CLIENT_INTERACTION_TIMEOUT
  ['away', [1053, 1077, 1079, 1080, 1927, 4031]],
  // The connection: ABORTING_CONNECTION, NEW_ABORTING_CONNECTION, NET_READ_ERROR … NET_WRITE_INTERRUPTED
  ['away', [1152, 1184, 1158, 1159, 1160, 1161]],
  // UNKNOWN_COM_ERROR: a Galera node that has lost its cluster answers everything so.
  ['away', [1047]],
  // Another one's locks: CANT_LOCK, LOCK_WAIT_TIMEOUT, LOCK_TABLE_FULL, LOCK_DEADLOCK, LOCK_NOWAIT, CHECKREAD (the row
  // changed since it was read), LOCK_ABORTED
  ['busy', [1015, 1205, 1206, 1213, 3572, 1020, 1689]],
  // A cluster could not agree: ERROR_DURING_COMMIT, TRANSACTION_ROLLBACK_DURING_COMMIT, RUN_HOOK_ERROR
  ['busy', [1180, 3101, 3100]],
  // Took too long, or was stopped: QUERY_INTERRUPTED, STATEMENT_TIMEOUT (MariaDB), QUERY_TIMEOUT (MySQL)
  ['busy', [1317, 1969, 3024]],
  // Read-only, see isReadOnlyError: CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, READ_ONLY_MODE
  ['busy', [1792, 1836]],
  // The disk: EE_WRITE, DISK_FULL, ERROR_ON_READ, ERROR_ON_WRITE, GET_ERRNO, RECORD_FILE_FULL, OUT_OF_SORTMEMORY
  ['busy', [3, 1021, 1024, 1026, 1030, 1114, 1038]],
]

// ER_OPTION_PREVENTS_STATEMENT stands for any option; only these two mean a server that is read-only.
const optionPrevents = 1290
const readOnlyOption = /--(super-)?read-only|--innodb-read-only/

const byNumber: ReadonlyMap<number, FailureKind> = new Map(
  serverErrors.flatMap(([kind, numbers]) => numbers.map((number) => [number, kind] as const)),
)

/** What an error of MySQL, MariaDB or their driver means; undefined where it is the fault of the statement. */
export function mysqlKind(error: Error): FailureKind | undefined {
  if (isReadOnlyError(error)) return 'busy'
  const number = numberOf(error)
  const known = number === undefined ? undefined : byNumber.get(number)
  // The driver marks every error that ends its connection.
  return known ?? ('fatal' in error && error.fatal === true ? 'away' : undefined)
}

/** Whether a write was refused because the whole server is read-only: another one may not be. */
export function isReadOnlyError(error: unknown): boolean {
  const number = numberOf(error)
  if (number === 1836) return true
  return number === optionPrevents && error instanceof Error && readOnlyOption.test(error.message)
}

/** Whether the server has undone, or may have undone, the whole transaction that the statement was part of. */
export function endsTransaction(error: unknown): boolean {
  const number = numberOf(error)
  // 1205 undoes one statement or all of them, as innodb_rollback_on_timeout says.
  return number === 1213 || number === 1205 || number === 3101
}

/** The server's error number. Node.js has a negative `errno` for errors of the system. */
function numberOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errno' in error) || !('sqlState' in error)) return undefined
  return typeof error.errno === 'number' ? error.errno : undefined
}
