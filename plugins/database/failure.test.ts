import { errorCode, MailwrightError } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { isBusy, translate } from './failure.ts'

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
