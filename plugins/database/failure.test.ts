import { errorCode, MailwrightError } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { DatabaseAwayError, isBusy, translate } from './failure.ts'
import { endsTransaction, isReadOnlyError } from './mysql-errors.ts'

function driverError(code: unknown): Error {
  return Object.assign(new Error('of the driver'), { code })
}

describe('translate', () => {
  it.each([
    ['SQLITE_BUSY', 'MAIL_E_UNAVAILABLE'],
    ['SQLITE_BUSY_SNAPSHOT', 'MAIL_E_UNAVAILABLE'],
    ['SQLITE_LOCKED_SHAREDCACHE', 'MAIL_E_UNAVAILABLE'],
    ['SQLITE_READONLY_DBMOVED', 'MAIL_E_UNAVAILABLE'],
    ['SQLITE_FULL', 'MAIL_E_UNAVAILABLE'],
    ['SQLITE_IOERR_FSYNC', 'MAIL_E_UNAVAILABLE'],
    ['SQLITE_CANTOPEN_ISDIR', 'MAIL_E_UNAVAILABLE'],
    ['SQLITE_CONSTRAINT_UNIQUE', 'MAIL_E_EXISTS'],
    ['SQLITE_CONSTRAINT_PRIMARYKEY', 'MAIL_E_EXISTS'],
    ['SQLITE_CONSTRAINT_FOREIGNKEY', undefined],
    ['SQLITE_CONSTRAINT', undefined],
    ['SQLITE_CORRUPT', undefined],
    ['SQLITE_ERROR', undefined],
    ['__proto__', undefined],
    [5, undefined],
  ])('%s is %s', (code, expected) => {
    const error = driverError(code)
    const translated = translate(error)
    expect(errorCode(translated)).toBe(expected)
    if (expected === undefined) expect(translated).toBe(error)
    else expect((translated as Error).cause).toBe(error)
  })

  it('leaves everything else as it is', () => {
    const ours = new MailwrightError('MAIL_E_NOT_FOUND', 'no')
    expect(translate(ours)).toBe(ours)
    expect(translate('thrown')).toBe('thrown')
    expect(translate(undefined)).toBeUndefined()
  })

  it('knows what is worth another try', () => {
    expect(isBusy(driverError('SQLITE_BUSY'))).toBe(true)
    expect(isBusy(driverError('SQLITE_BUSY_SNAPSHOT'))).toBe(false)
    expect(isBusy(driverError('SQLITE_FULL'))).toBe(false)
  })
})

/** An error as mysql2 makes it of what a server says. */
function serverError(errno: number, message = 'said the server', more: object = {}): Error {
  return Object.assign(new Error(message), { code: 'ER_X', errno, sqlState: 'HY000', ...more })
}

describe('translate for MySQL and MariaDB', () => {
  it.each([
    [1062, 'MAIL_E_EXISTS'],
    [1586, 'MAIL_E_EXISTS'],
    [1040, 'away'],
    [1053, 'away'],
    [1927, 'away'],
    [1047, 'away'],
    [1205, 'MAIL_E_UNAVAILABLE'],
    [1213, 'MAIL_E_UNAVAILABLE'],
    [1836, 'MAIL_E_UNAVAILABLE'],
    [1792, 'MAIL_E_UNAVAILABLE'],
    [1021, 'MAIL_E_UNAVAILABLE'],
    [1114, 'MAIL_E_UNAVAILABLE'],
    [1969, 'MAIL_E_UNAVAILABLE'],
    [3024, 'MAIL_E_UNAVAILABLE'],
    [3101, 'MAIL_E_UNAVAILABLE'],
    [1064, undefined],
    [1146, undefined],
    [1406, undefined],
    [1452, undefined],
    [1290, undefined],
  ])('%s is %s', (errno, expected) => {
    const error = serverError(errno)
    const translated = translate(error)
    if (expected === 'away') expect(translated).toBeInstanceOf(DatabaseAwayError)
    else expect(translated).not.toBeInstanceOf(DatabaseAwayError)
    expect(errorCode(translated)).toBe(expected === 'away' ? 'MAIL_E_UNAVAILABLE' : expected)
  })

  it('takes what ends a connection for the database being away', () => {
    const lost = Object.assign(new Error('lost'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true })
    expect(translate(lost)).toBeInstanceOf(DatabaseAwayError)
    expect(translate(serverError(4711, 'new', { fatal: true }))).toBeInstanceOf(DatabaseAwayError)
  })

  it('leaves errors of the system alone that are not the driver’s', () => {
    const missing = Object.assign(new Error('no such file'), { code: 'ENOENT', errno: -2 })
    expect(translate(missing)).toBe(missing)
  })

  it('tells a read-only server from other options', () => {
    const readOnly = serverError(1290, 'The server is running with the --read-only option so it cannot')
    expect(isReadOnlyError(readOnly)).toBe(true)
    expect(errorCode(translate(readOnly))).toBe('MAIL_E_UNAVAILABLE')
    expect(isReadOnlyError(serverError(1290, 'running with the --super-read-only option'))).toBe(true)
    expect(isReadOnlyError(serverError(1290, 'running with the --secure-file-priv option'))).toBe(false)
    expect(isReadOnlyError(serverError(1836))).toBe(true)
    expect(isReadOnlyError('1836')).toBe(false)
  })

  it('knows after which errors the transaction is gone', () => {
    expect([1213, 1205, 3101, 1062, 1064].map((errno) => endsTransaction(serverError(errno)))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })
})
