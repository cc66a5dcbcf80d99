import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.ts'
import {
  checkActor,
  checkAddress,
  checkAliasAddress,
  checkDomain,
  checkDomainLimits,
  checkDomainSettings,
  checkExpiry,
  checkPersonName,
  checkQuota,
  checkRoles,
  checkSendingLimit,
  newAccountId,
  parseOwnAddress,
  splitDetail,
  windowStart,
} from './index.ts'

function codeOf(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return errorCode(error)
  }
}

describe('the rules for accounts', () => {
  it('make domains canonical', () => {
    expect(checkDomain('MÜNCHEN.example')).toBe('xn--mnchen-3ya.example')
    for (const name of ['', 'a b', 'x.', "x';--", '__proto__ ', 'a\0b', 'x'.repeat(10_000)]) {
      expect(codeOf(() => checkDomain(name))).toBe('MAIL_E_INVALID')
    }
  })

  it('make addresses canonical', () => {
    expect(checkAddress({ localPart: 'Jo', domain: 'EXAMPLE.org' })).toEqual({
      localPart: 'Jo',
      domain: 'example.org',
    })
    expect(checkAliasAddress({ localPart: '', domain: 'example.org' })).toEqual({
      localPart: '',
      domain: 'example.org',
    })
    for (const [localPart, domain] of [
      ['', 'example.org'],
      ['jo', ''],
      ['postmaster', ''],
      ['j\0o', 'example.org'],
      ['j\no', 'example.org'],
      ['j\ud800', 'example.org'],
      ['jo', 'example.org\r\nRCPT'],
      ['x'.repeat(65), 'example.org'],
      ['x'.repeat(1_000_000), 'example.org'],
    ] as const) {
      expect(codeOf(() => checkAddress({ localPart, domain }))).toBe('MAIL_E_INVALID')
    }
  })

  it('take local parts of as many octets as every server takes', () => {
    expect(parseOwnAddress(`${'x'.repeat(64)}@example.org`)).toBeDefined()
    for (const text of [`${'x'.repeat(65)}@example.org`, `a..${'x'.repeat(60)}@example.org`, 'jo'])
      expect(parseOwnAddress(text)).toBeUndefined()
  })

  it('bound quotas and names', () => {
    for (const quota of [undefined, 0, 1, Number.MAX_SAFE_INTEGER]) expect(checkQuota(quota)).toBe(quota)
    for (const quota of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(codeOf(() => checkQuota(quota))).toBe('MAIL_E_INVALID')
    }
    expect(checkPersonName('Jö: Q. "Public"')).toBe('Jö: Q. "Public"')
    expect(checkPersonName(undefined)).toBeUndefined()
    for (const name of ['', 'a\nb', 'a\0', '\u2028', 'x'.repeat(256)]) {
      expect(codeOf(() => checkPersonName(name))).toBe('MAIL_E_INVALID')
    }
  })
})

describe('the rules for what came later', () => {
  it('know the roles of sessions', () => {
    expect(checkRoles(['imap', 'pop3', 'imap'])).toEqual(['imap', 'pop3'])
    for (const role of ['IMAP', '', '__proto__'])
      expect(codeOf(() => checkRoles([role]))).toBe('MAIL_E_INVALID')
  })

  it('take only ends that are to come', () => {
    expect(checkExpiry(undefined, 5)).toBeUndefined()
    expect(checkExpiry(new Date(6), 5)).toEqual(new Date(6))
    for (const time of [5, 4, Number.NaN])
      expect(codeOf(() => checkExpiry(new Date(time), 5))).toBe('MAIL_E_INVALID')
  })

  it('take actors of one line', () => {
    expect(checkActor('cli:root')).toBe('cli:root')
    for (const actor of ['', 'a\nb', 'x'.repeat(256)])
      expect(codeOf(() => checkActor(actor))).toBe('MAIL_E_INVALID')
  })

  it('make the settings of a domain canonical', () => {
    const given = { aliasOf: 'EXAMPLE.org', disabled: false, quotaBytes: undefined }
    expect(checkDomainSettings(given)).toEqual({ aliasOf: 'example.org' })
    expect(checkDomainSettings({ quotaBytes: 0, maxAccounts: 0, disabled: true })).toEqual({
      quotaBytes: 0,
      maxAccounts: 0,
      disabled: true,
    })
    for (const bad of [{ aliasOf: 'a b' }, { maxAccounts: -1 }, { aliasOf: 'a.example', maxAccounts: 5 }])
      expect(codeOf(() => checkDomainSettings(bad))).toBe('MAIL_E_INVALID')
  })

  it('keep a domain’s accounts within its limits', () => {
    const use = { accounts: 2, accountsWithoutQuota: 0, quotaBytes: 100 }
    const check = (limits: object, more: object = {}) =>
      codeOf(() => checkDomainLimits({ name: 'a.example', ...limits }, { ...use, ...more }))
    expect(check({})).toBeUndefined()
    expect(check({ maxAccounts: 2, quotaBytes: 100 })).toBeUndefined()
    expect(check({ maxAccounts: 1 })).toBe('MAIL_E_OVER_QUOTA')
    expect(check({ quotaBytes: 99 })).toBe('MAIL_E_OVER_QUOTA')
    expect(check({ quotaBytes: 100 }, { accountsWithoutQuota: 1 })).toBe('MAIL_E_OVER_QUOTA')
  })

  it('bound sending limits, and cut time into windows that stand still', () => {
    const limit = { recipients: 0, perSeconds: 60 }
    expect(checkSendingLimit(limit)).toEqual(limit)
    expect(codeOf(() => checkSendingLimit({ recipients: 1, perSeconds: 0.5 }))).toBe('MAIL_E_INVALID')
    expect([0, 59_999, 60_000, 119_999].map((now) => windowStart(limit, now))).toEqual([0, 0, 60_000, 60_000])
  })
})

describe('splitDetail', () => {
  it.each([
    ['jo+lists', '+', 'jo', 'lists'],
    ['jo+a+b', '+', 'jo', 'a+b'],
    ['jo+', '+', 'jo', ''],
    ['jo--Detail', '--', 'jo', 'Detail'],
  ])('splits %s', (localPart, separator, base, detail) => {
    const domain = 'example.org'
    expect(splitDetail({ localPart, domain }, separator)).toEqual({
      address: { localPart: base, domain },
      detail,
    })
  })

  it.each([
    ['jo', '+'],
    ['+jo', '+'],
    ['', '+'],
    ['jo+x', ''],
    ['jo+x', '-'],
  ])('does not split %s at "%s"', (localPart, separator) => {
    expect(splitDetail({ localPart, domain: 'example.org' }, separator)).toBeUndefined()
  })
})

describe('account ids', () => {
  it('are 26 digits that sort by time and never repeat', () => {
    const ids = Array.from({ length: 1000 }, (_, index) => newAccountId(1_800_000_000_000 + index))
    expect(ids.every((id) => /^[0-9a-hjkmnp-tv-z]{26}$/.test(id))).toBe(true)
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(Array.from({ length: 1000 }, () => newAccountId(0))).size).toBe(1000)
  })
})
