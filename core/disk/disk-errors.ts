import { MailwrightError, UnavailableError } from '../errors.ts'

/**
 * The system's name for what went wrong (`ENOENT`), where the error is the system's. Those of Node.js name the call as well, and may
 * have no name of the usual form (`Unknown system error -117`, where a disk is damaged); those of other modules may have only that.
 */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof MailwrightError) return undefined
  const { code, syscall } = error as NodeJS.ErrnoException
  if (typeof code !== 'string') return undefined
  return typeof syscall === 'string' || /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/** The file or directory is not there (any more). */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** There is no room for what should be written. */
export function isDiskFull(error: unknown): boolean {
  const code = systemCode(error instanceof UnavailableError ? error.cause : error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/**
 * The error for a store's users: trouble of the disk is MAIL_E_UNAVAILABLE, a file-system quota MAIL_E_OVER_QUOTA.
 * Our own errors and faults of the program stay as they are.
 */
export function storeError(error: unknown, doing: string): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  if (code === 'EDQUOT')
    return new MailwrightError('MAIL_E_OVER_QUOTA', `${doing}: the file system's quota is used up`, {
      cause: error,
    })
  const problem = code === 'EFBIG' ? 'the file size limit (ulimit -f) is too small' : code
  return new UnavailableError(`${doing}: ${problem}`, { cause: error })
}

/** Runs something that touches the disk, with its errors translated by {@link storeError}. */
export async function withStoreErrors<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw storeError(error, doing)
  }
}
